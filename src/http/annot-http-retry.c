/* SPDX-License-Identifier: Apache-2.0 */
/* The retry schedule: messages that could not be published yet. */
#include "annot-answer.h"
#include "annot-router.h"

#define LARGEST_PAGE 1000

static AnnotStore *
store_of (AnnotRequest *request)
{
  return annot_pipeline_get_store (annot_request_get_pipeline (request));
}

static AnnotState *
state_of (AnnotRequest *request)
{
  return annot_pipeline_get_state (annot_request_get_pipeline (request));
}

static void
append_retry (GString *out, const AnnotOutgoing *outgoing)
{
  g_string_append_c (out, '{');
  annot_answer_text (out, "id", outgoing->id);
  annot_answer_text (out, "event_id", outgoing->event_id);
  annot_answer_text (out, "topic", outgoing->topic);
  annot_answer_int (out, "attempts", outgoing->attempts);
  annot_answer_time (out, "created_at", outgoing->created_at);
  annot_answer_time (out, "due_at", outgoing->due_at);
  annot_answer_text (out, "last_error", outgoing->last_error);
  g_string_append_c (out, '}');
}

static void
listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list = annot_store_list_outgoing_finish (ANNOT_STORE (source), result, &error);
  GString *out;
  guint i;

  if (!list) {
    annot_request_respond_error (request, error);
    return;
  }
  out = g_string_new ("{\"retries\":[");
  for (i = 0; i < list->len; i++) {
    if (i > 0)
      g_string_append_c (out, ',');
    append_retry (out, g_ptr_array_index (list, i));
  }
  g_string_append_c (out, ']');
  annot_answer_int (out, "count", list->len);
  annot_answer_send (request, 200, out);
}

static void
list_retries (AnnotRequest *request)
{
  const char *all = annot_request_get_query (request, "all");
  gint64 size;

  if (annot_request_get_query_int (request, "size", 1, LARGEST_PAGE, 100, &size))
    annot_store_list_outgoing (store_of (request), g_strcmp0 (all, "true") != 0, (guint) size,
                               annot_request_get_cancellable (request), listed, annot_request_ref (request));
}

static void
hastened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  const char *id = annot_request_get_param (request, "id");
  GString *out;

  if (!annot_store_postpone_outgoing_finish (ANNOT_STORE (source), result, &error)) {
    annot_request_respond_error (request, error);
    return;
  }
  annot_state_add_retry (state_of (request), id, g_get_real_time (), NULL, NULL, NULL);
  annot_relay_wake (annot_pipeline_get_relay (annot_request_get_pipeline (request)));
  out = annot_answer_begin_success ("the message is tried again now");
  annot_answer_text (out, "id", id);
  annot_answer_send (request, 202, out);
}

static void
retry_now (AnnotRequest *request)
{
  annot_store_postpone_outgoing (store_of (request), annot_request_get_param (request, "id"), 0, NULL, NULL, hastened,
                                 annot_request_ref (request));
}

static void
dropped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  const char *id = annot_request_get_param (request, "id");
  GString *out;

  if (!annot_store_drop_outgoing_finish (ANNOT_STORE (source), result, &error)) {
    annot_request_respond_error (request, error);
    return;
  }
  annot_state_confirm_retry (state_of (request), id, NULL, NULL, NULL);
  g_message ("Message %s was given up by %s", id, annot_request_get_account (request));
  out = annot_answer_begin_success ("the message was given up");
  annot_answer_text (out, "deleted_id", id);
  annot_answer_send (request, 200, out);
}

static void
drop_retry (AnnotRequest *request)
{
  annot_store_drop_outgoing (store_of (request), annot_request_get_param (request, "id"), NULL, dropped,
                             annot_request_ref (request));
}

const AnnotRoute annot_retry_routes[] = {
  { "GET", "/api/v1/retry", ANNOT_ROLE_ADMIN, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_NONE, list_retries,
    "List the messages that wait to be published again" },
  { "POST", "/api/v1/retry/{id}/now", ANNOT_ROLE_ADMIN, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_SMALL, retry_now,
    "Publish a message again at once" },
  { "DELETE", "/api/v1/retry/{id}", ANNOT_ROLE_ADMIN, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_SMALL, drop_retry,
    "Give a message up" },
  { NULL, NULL, 0, FALSE, ANNOT_RATE_NONE, ANNOT_BODY_NONE, NULL, NULL },
};
