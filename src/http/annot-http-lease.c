/* SPDX-License-Identifier: Apache-2.0 */
/* Leases: the next examples, kept, given back. */
#include "annot-answer.h"
#include "annot-router.h"

#include "model/annot-example-json.h"

#define LARGEST_CLAIM 20
#define MOST_TOKENS 1000

static AnnotDesk *
desk_of (AnnotRequest *request)
{
  return annot_pipeline_get_desk (annot_request_get_pipeline (request));
}

static void
append_lease (GString *out, const AnnotLease *lease)
{
  g_autofree char *token = annot_lease_token_to_string (lease->token);

  g_string_append_c (out, '{');
  annot_answer_text (out, "token", token);
  annot_answer_text (out, "event_id", lease->event_id);
  annot_answer_time (out, "expires_at", lease->expires_at);
  g_string_append_c (out, '}');
}

static void
claimed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) leases = annot_desk_claim_finish (ANNOT_DESK (source), result, &error);
  GString *out;
  guint i;

  if (!leases) {
    annot_request_respond_error (request, error);
    return;
  }
  if (leases->len == 0) {
    annot_request_respond (request, 204, NULL, NULL);
    return;
  }
  out = g_string_sized_new (1024 * leases->len);
  g_string_append (out, "{\"examples\":[");
  for (i = 0; i < leases->len; i++) {
    const AnnotLease *lease = g_ptr_array_index (leases, i);

    g_string_append (out, i > 0 ? ",{\"lease\":" : "{\"lease\":");
    append_lease (out, lease);
    annot_answer_raw (out, "example", "");
    annot_example_append_json (out, lease->example);
    g_string_append_c (out, '}');
  }
  g_string_append_c (out, ']');
  annot_answer_send (request, 200, out);
}

/* Without a body: one. */
static void
post_next (AnnotRequest *request)
{
  gint64 count = 1;

  if (g_bytes_get_size (annot_request_get_body (request)) > 0) {
    g_autoptr (JsonObject) body = annot_request_dup_json (request);

    if (!body || !annot_body_get_int (request, body, "count", 1, LARGEST_CLAIM, &count))
      return;
  }
  /* A lease that the store has given to a client that is gone runs out. */
  annot_desk_claim (desk_of (request), annot_request_get_account (request), (guint) count,
                    annot_request_get_cancellable (request), claimed, annot_request_ref (request));
}

/* Returns: (transfer full) (nullable): the array of tokens; NULL: answered */
static GArray *
read_tokens (AnnotRequest *request)
{
  g_autoptr (JsonObject) body = annot_request_dup_json (request);
  g_autoptr (GArray) tokens = g_array_new (FALSE, FALSE, sizeof (AnnotLeaseToken));
  JsonArray *array;
  guint i;

  if (!body)
    return NULL;
  if (!annot_body_has (body, "tokens") || !JSON_NODE_HOLDS_ARRAY (json_object_get_member (body, "tokens"))) {
    annot_answer_refuse (request, "tokens", "must be an array of lease tokens", "type");
    return NULL;
  }
  array = json_object_get_array_member (body, "tokens");
  if (json_array_get_length (array) > MOST_TOKENS) {
    annot_answer_refuse (request, "tokens", "may hold 1000 tokens", "range");
    return NULL;
  }
  for (i = 0; i < json_array_get_length (array); i++) {
    JsonNode *node = json_array_get_element (array, i);
    const char *text = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
    AnnotLeaseToken token;

    if (!text || !annot_lease_token_from_string (text, &token)) {
      g_autofree char *field = g_strdup_printf ("tokens[%u]", i);

      annot_answer_refuse (request, field, "must be a lease token", "format");
      return NULL;
    }
    g_array_append_val (tokens, token);
  }
  return g_steal_pointer (&tokens);
}

/* What was asked for, to tell what is not among the answer. */
typedef struct {
  AnnotRequest *request;
  GArray *tokens;
} Asked;

static void
asked_free (Asked *self)
{
  annot_request_unref (self->request);
  g_array_unref (self->tokens);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Asked, asked_free)

static Asked *
asked_new (AnnotRequest *request, GArray *tokens)
{
  Asked *self = g_new (Asked, 1);

  self->request = annot_request_ref (request);
  self->tokens = tokens;
  return self;
}

static gboolean
has_token (GPtrArray *leases, const AnnotLeaseToken *token)
{
  guint i;

  for (i = 0; i < leases->len; i++) {
    const AnnotLease *lease = g_ptr_array_index (leases, i);

    if (lease->token.seq == token->seq && lease->token.fence == token->fence)
      return TRUE;
  }
  return FALSE;
}

static void
answer_leases (const Asked *self, const char *name, GPtrArray *leases)
{
  GString *out = g_string_new ("{");
  gboolean first = TRUE;
  guint i;

  annot_answer_raw (out, name, "[");
  for (i = 0; i < leases->len; i++) {
    if (i > 0)
      g_string_append_c (out, ',');
    append_lease (out, g_ptr_array_index (leases, i));
  }
  g_string_append_c (out, ']');
  annot_answer_raw (out, "ended", "[");
  for (i = 0; i < self->tokens->len; i++) {
    const AnnotLeaseToken *token = &g_array_index (self->tokens, AnnotLeaseToken, i);
    g_autofree char *text = NULL;

    if (has_token (leases, token))
      continue;
    text = annot_lease_token_to_string (*token);
    g_string_append_printf (out, "%s\"%s\"", first ? "" : ",", text);
    first = FALSE;
  }
  g_string_append_c (out, ']');
  annot_answer_send (self->request, 200, out);
}

static void
renewed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Asked) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) leases = annot_desk_renew_finish (ANNOT_DESK (source), result, &error);

  if (leases)
    answer_leases (self, "renewed", leases);
  else
    annot_request_respond_error (self->request, error);
}

static void
post_renew (AnnotRequest *request)
{
  GArray *tokens = read_tokens (request);

  if (tokens)
    annot_desk_renew (desk_of (request), annot_request_get_account (request), tokens, NULL, renewed,
                      asked_new (request, tokens));
}

static void
released (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Asked) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) leases = annot_desk_release_finish (ANNOT_DESK (source), result, &error);

  if (leases)
    answer_leases (self, "released", leases);
  else
    annot_request_respond_error (self->request, error);
}

static void
post_release (AnnotRequest *request)
{
  GArray *tokens = read_tokens (request);

  if (tokens)
    annot_desk_release (desk_of (request), annot_request_get_account (request), tokens, NULL, released,
                        asked_new (request, tokens));
}

const AnnotRoute annot_lease_routes[] = {
  { "POST", "/api/v1/examples/next", ANNOT_ROLE_ANNOTATOR, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_SMALL, post_next,
    "Lease the next examples by priority" },
  { "POST", "/api/v1/leases/renew", ANNOT_ROLE_ANNOTATOR, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_SMALL, post_renew,
    "Move the deadlines of leases" },
  { "POST", "/api/v1/leases/release", ANNOT_ROLE_ANNOTATOR, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_SMALL, post_release,
    "Give leased examples back" },
  { NULL, NULL, 0, FALSE, ANNOT_RATE_NONE, ANNOT_BODY_NONE, NULL, NULL },
};
