/* SPDX-License-Identifier: Apache-2.0 */
/* annotationctl retry: messages that could not be published yet. */
#include "annot-ctl-http.h"
#include "annot-ctl-output.h"

#include "model/annot-time.h"

static const AnnotCtlColumn columns[] = {
  { "id", N_ ("ID") },
  { "event_id", N_ ("EVENT") },
  { "topic", N_ ("TOPIC") },
  { "attempts", N_ ("FAILED") },
  { "due_at", N_ ("DUE") },
  { "last_error", N_ ("WHY") },
  { NULL, NULL },
};

static void
set_text (JsonObject *row, const char *name, const char *text)
{
  if (text)
    json_object_set_string_member (row, name, text);
  else
    json_object_set_null_member (row, name);
}

static JsonArray *
list_on_store (AnnotCtl *ctl, GError **error)
{
  AnnotStore *store = annot_ctl_open_store (ctl, error);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GPtrArray) outgoing = NULL;
  JsonArray *rows;

  if (!store)
    return NULL;
  annot_store_list_outgoing (store, TRUE, 1000, NULL, annot_ctl_done, &result);
  outgoing = annot_store_list_outgoing_finish (store, annot_ctl_wait (&result), error);
  if (!outgoing)
    return NULL;
  rows = json_array_new ();
  for (guint i = 0; i < outgoing->len; i++) {
    const AnnotOutgoing *message = g_ptr_array_index (outgoing, i);
    JsonObject *row = json_object_new ();
    g_autofree char *due = message->due_at > 0 ? annot_time_format (message->due_at) : NULL;
    g_autofree char *created = annot_time_format (message->created_at);

    json_object_set_string_member (row, "id", message->id);
    set_text (row, "event_id", message->event_id);
    json_object_set_string_member (row, "topic", message->topic);
    json_object_set_int_member (row, "attempts", message->attempts);
    json_object_set_string_member (row, "created_at", created);
    set_text (row, "due_at", due);
    set_text (row, "last_error", message->last_error);
    json_array_add_object_element (rows, row);
  }
  return rows;
}

static gboolean
run_list (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  g_autoptr (JsonArray) rows = NULL;

  if (!annot_ctl_parse (annot_ctl_find (annot_ctl_retry_commands, "list"), &argc, &argv, NULL, NULL, 0, 0, error))
    return FALSE;
  if (ctl->url) {
    g_autoptr (JsonNode) answer = annot_ctl_call (ctl, "GET", "/api/v1/retry", NULL, NULL, error);

    rows = answer ? annot_ctl_get_rows (answer, "retries") : NULL;
  } else {
    rows = list_on_store (ctl, error);
  }
  if (!rows)
    return FALSE;
  annot_ctl_print_rows (ctl, rows, columns);
  return TRUE;
}

static gboolean
call_on (AnnotCtl *ctl, const char *method, const char *id, const char *suffix, GError **error)
{
  g_autofree char *escaped = g_uri_escape_string (id, NULL, FALSE);
  g_autofree char *path = g_strconcat ("/api/v1/retry/", escaped, suffix, NULL);
  g_autoptr (JsonNode) answer = annot_ctl_call (ctl, method, path, NULL, NULL, error);

  return answer != NULL;
}

static gboolean
run_now (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  if (!annot_ctl_parse (annot_ctl_find (annot_ctl_retry_commands, "now"), &argc, &argv, NULL, _ ("ID"), 1, 1, error))
    return FALSE;
  if (ctl->url) {
    if (!call_on (ctl, "POST", argv[1], "/now", error))
      return FALSE;
  } else {
    AnnotStore *store = annot_ctl_open_store (ctl, error);
    g_autoptr (GAsyncResult) result = NULL;

    if (!store)
      return FALSE;
    annot_store_postpone_outgoing (store, argv[1], 0, NULL, NULL, annot_ctl_done, &result);
    if (!annot_store_postpone_outgoing_finish (store, annot_ctl_wait (&result), error))
      return FALSE;
  }
  annot_ctl_say (ctl, _ ("Message %s is due now."), argv[1]);
  return TRUE;
}

static gboolean
run_drop (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  gboolean yes = FALSE;
  const GOptionEntry entries[] = {
    { "yes", 'y', 0, G_OPTION_ARG_NONE, &yes, N_ ("Do not ask"), NULL },
    G_OPTION_ENTRY_NULL,
  };

  if (!annot_ctl_parse (annot_ctl_find (annot_ctl_retry_commands, "drop"), &argc, &argv, entries, _ ("ID"), 1, 1,
                        error))
    return FALSE;
  if (!yes && !annot_ctl_confirm (ctl, _ ("This message will never reach the topic. Drop it?"))) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("not dropped; --yes does it without asking"));
    return FALSE;
  }
  if (ctl->url) {
    if (!call_on (ctl, "DELETE", argv[1], NULL, error))
      return FALSE;
  } else {
    AnnotStore *store = annot_ctl_open_store (ctl, error);
    g_autoptr (GAsyncResult) result = NULL;

    if (!store)
      return FALSE;
    annot_store_drop_outgoing (store, argv[1], NULL, annot_ctl_done, &result);
    if (!annot_store_drop_outgoing_finish (store, annot_ctl_wait (&result), error))
      return FALSE;
  }
  annot_ctl_say (ctl, _ ("Message %s is dropped."), argv[1]);
  return TRUE;
}

const AnnotCtlCommand annot_ctl_retry_commands[] = {
  { "retry", "list", N_ ("List messages whose publishing has failed"), run_list },
  { "retry", "now", N_ ("Try one again at once"), run_now },
  { "retry", "drop", N_ ("Give one up"), run_drop },
  { NULL, NULL, NULL, NULL },
};
