/* SPDX-License-Identifier: Apache-2.0 */
/* What a person says of an example: its correction, or that it is skipped. */
#include "annot-answer.h"
#include "annot-router.h"

#include "model/annot-correction.h"
#include "model/annot-example-json.h"
#include "model/annot-json-reader.h"

#define LONGEST_REASON 1000

static AnnotDesk *
desk_of (AnnotRequest *request)
{
  return annot_pipeline_get_desk (annot_request_get_pipeline (request));
}

static const AnnotLimits *
limits_of (AnnotRequest *request)
{
  return annot_ingest_get_limits (annot_pipeline_get_ingest (annot_request_get_pipeline (request)));
}

/* A conflict with its reason: the page keeps the draft and says why. */
static void
respond_failed (AnnotRequest *request, const GError *error)
{
  if (g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_STALE)
      || g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_FINISHED)) {
    const AnnotFieldError errors[]
        = { { "lease", error->message, annot_error_name ((AnnotError) error->code) }, { NULL, NULL, NULL } };

    annot_request_respond_problem (request, 409, error->message, errors);
  } else {
    annot_request_respond_error (request, error);
  }
}

static gboolean
check_event_id (AnnotRequest *request)
{
  if (annot_event_id_is_valid (annot_request_get_param (request, "id")))
    return TRUE;
  annot_request_respond_problem (request, 404, "there is no such example", NULL);
  return FALSE;
}

/* The same for the first submit and for its repetitions, to the byte. */
static void
submitted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotSubmitResult) answer = annot_desk_submit_finish (ANNOT_DESK (source), result, &error);
  GString *out;

  if (!answer) {
    respond_failed (request, error);
    return;
  }
  out = g_string_new ("{");
  annot_answer_text (out, "status", "success");
  annot_answer_text (out, "example_id", answer->annotation->event_id);
  annot_answer_text (out, "message", "the annotation is stored");
  annot_answer_text (out, "annotation_id", answer->annotation->id);
  annot_answer_int (out, "revision", answer->annotation->revision);
  annot_answer_text (out, "annotator_id", answer->annotation->annotator);
  annot_answer_time (out, "annotation_timestamp", answer->annotation->created_at);
  annot_answer_send (request, 200, out);
}

/* Returns: (transfer full) (nullable): NULL: answered */
static AnnotCorrection *
read_correction (AnnotRequest *request)
{
  g_autoptr (GError) error = NULL;
  AnnotCorrection *correction = NULL;

  if (annot_body_is_json (request)) {
    gsize length;
    const char *data = g_bytes_get_data (annot_request_get_body (request), &length);
    g_autoptr (GError) syntax = NULL;

    correction = annot_correction_parse (data ? data : "", length, limits_of (request), &error);
    if (!correction && !annot_json_validate (data ? data : "", length, limits_of (request)->json_depth, &syntax)) {
      annot_request_respond_problem (request, 400, syntax->message, NULL);
      return NULL;
    }
  } else {
    g_autoptr (GHashTable) form = annot_request_dup_form (request);

    if (!form)
      return NULL;
    correction = annot_correction_from_form (form, limits_of (request), &error);
  }
  if (!correction)
    annot_request_respond_error (request, error);
  return correction;
}

/* What the body claims must be what is so anyway. */
static gboolean
check_claims (AnnotRequest *request, const AnnotCorrection *correction)
{
  if (correction->event_id && !g_str_equal (correction->event_id, annot_request_get_param (request, "id"))) {
    annot_answer_refuse (request, "example_id", "must be the id in the path", "mismatch");
    return FALSE;
  }
  if (correction->annotator_id && !g_str_equal (correction->annotator_id, annot_request_get_account (request))) {
    annot_answer_refuse (request, "annotator_id", "must be the account that is signed in, or be left out", "mismatch");
    return FALSE;
  }
  return TRUE;
}

static void
post_label (AnnotRequest *request)
{
  g_autoptr (AnnotCorrection) correction = NULL;

  if (!check_event_id (request))
    return;
  correction = read_correction (request);
  if (!correction || !check_claims (request, correction))
    return;
  /* Not cancelled with the request: a person's work is written even if the page has gone. */
  annot_desk_submit (desk_of (request), annot_request_get_param (request, "id"), annot_request_get_account (request),
                     correction, NULL, submitted, annot_request_ref (request));
}

static void
skipped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  int status = annot_desk_skip_finish (ANNOT_DESK (source), result, &error);
  GString *out;

  if (status < 0) {
    respond_failed (request, error);
    return;
  }
  out = g_string_new ("{");
  annot_answer_text (out, "status", "success");
  annot_answer_text (out, "example_id", annot_request_get_param (request, "id"));
  annot_answer_text (out, "message",
                     status == ANNOT_EXAMPLE_SKIPPED ? "nobody will be asked again" : "others will be asked");
  annot_answer_text (out, "example_status", annot_example_status_to_string ((AnnotExampleStatus) status));
  annot_answer_send (request, 200, out);
}

/* The lease as text, or as the object that `next` answered. FALSE: answered. */
static gboolean
read_lease (AnnotRequest *request, JsonObject *body, gboolean *has_lease, AnnotLeaseToken *token)
{
  JsonNode *node = annot_body_has (body, "lease") ? json_object_get_member (body, "lease") : NULL;
  const char *text = NULL;

  if (!node)
    return TRUE;
  if (JSON_NODE_HOLDS_OBJECT (node) && annot_body_has (json_node_get_object (node), "token"))
    node = json_object_get_member (json_node_get_object (node), "token");
  if (JSON_NODE_HOLDS_VALUE (node))
    text = json_node_get_string (node);
  if (!text || !annot_lease_token_from_string (text, token)) {
    annot_answer_refuse (request, "lease", "must be a lease token", "format");
    return FALSE;
  }
  *has_lease = TRUE;
  return TRUE;
}

static void
post_skip (AnnotRequest *request)
{
  g_autoptr (JsonObject) body = NULL;
  const char *reason = NULL;
  gboolean has_lease = FALSE;
  AnnotLeaseToken token;

  if (!check_event_id (request))
    return;
  if (g_bytes_get_size (annot_request_get_body (request)) > 0) {
    body = annot_request_dup_json (request);
    if (!body || !annot_body_get_text (request, body, "reason", FALSE, &reason)
        || !read_lease (request, body, &has_lease, &token))
      return;
  }
  if (reason && g_utf8_strlen (reason, -1) > LONGEST_REASON) {
    annot_answer_refuse (request, "reason", "may have 1000 characters", "range");
    return;
  }
  annot_desk_skip (desk_of (request), annot_request_get_param (request, "id"), annot_request_get_account (request),
                   has_lease ? &token : NULL, reason ? reason : "", NULL, skipped, annot_request_ref (request));
}

const AnnotRoute annot_label_routes[] = {
  { "POST", "/api/v1/examples/{id}/label", ANNOT_ROLE_ANNOTATOR, FALSE, ANNOT_RATE_LABEL, ANNOT_BODY_REQUEST,
    post_label, "Submit the correction of an example" },
  { "POST", "/api/v1/examples/{id}/skip", ANNOT_ROLE_ANNOTATOR, FALSE, ANNOT_RATE_LABEL, ANNOT_BODY_SMALL, post_skip,
    "Give an example to others, with a reason" },
  { NULL, NULL, 0, FALSE, ANNOT_RATE_NONE, ANNOT_BODY_NONE, NULL, NULL },
};
