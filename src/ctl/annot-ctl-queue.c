/* SPDX-License-Identifier: Apache-2.0 */
/* annotationctl queue: examples, as they would be handed out. */
#include "annot-ctl-http.h"
#include "annot-ctl-output.h"

#include "model/annot-example-json.h"

#define PAGE 100

static const AnnotCtlColumn columns[] = {
  { "event_id", N_ ("EVENT") },
  { "camera_id", N_ ("CAMERA") },
  { "priority", N_ ("PRIORITY") },
  { "status", N_ ("STATUS") },
  { "annotator", N_ ("ANNOTATOR") },
  { "received_at", N_ ("RECEIVED") },
  { NULL, NULL },
};

static JsonArray *
list_on_store (AnnotCtl *ctl, AnnotExampleStatus status, int limit, GError **error)
{
  AnnotStore *store = annot_ctl_open_store (ctl, error);
  AnnotExampleQuery query = { .order = ANNOT_ORDER_PRIORITY, .status = status, .limit = (guint) limit };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (AnnotExamplePage) page = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GString) text = g_string_new ("[");

  if (!store)
    return NULL;
  annot_store_list_examples (store, &query, NULL, annot_ctl_done, &result);
  page = annot_store_list_examples_finish (store, annot_ctl_wait (&result), error);
  if (!page)
    return NULL;
  for (guint i = 0; i < page->examples->len; i++) {
    if (i > 0)
      g_string_append_c (text, ',');
    annot_example_append_json (text, g_ptr_array_index (page->examples, i));
  }
  g_string_append_c (text, ']');
  if (!json_parser_load_from_data (parser, text->str, (gssize) text->len, error))
    return NULL;
  return json_array_ref (json_node_get_array (json_parser_get_root (parser)));
}

/* Page after page: the server has a limit of its own. */
static JsonArray *
list_over_http (AnnotCtl *ctl, AnnotExampleStatus status, guint limit, GError **error)
{
  g_autoptr (JsonArray) rows = json_array_new ();
  g_autofree char *cursor = NULL;

  do {
    guint size = MIN (limit - json_array_get_length (rows), PAGE);
    g_autofree char *path = g_strdup_printf ("/api/v1/examples?order=priority&status=%s&size=%u%s%s",
                                             annot_example_status_to_string (status), size, cursor ? "&cursor=" : "",
                                             cursor ? cursor : "");
    g_autoptr (JsonNode) answer = annot_ctl_call (ctl, "GET", path, NULL, NULL, error);
    g_autoptr (JsonArray) page = answer ? annot_ctl_get_rows (answer, "examples") : NULL;
    const char *next = NULL;

    if (!page)
      return NULL;
    for (guint i = 0; i < json_array_get_length (page); i++)
      json_array_add_element (rows, json_array_dup_element (page, i));
    if (JSON_NODE_HOLDS_OBJECT (answer) && json_array_get_length (page) > 0)
      next = json_object_get_string_member_with_default (json_node_get_object (answer), "next_cursor", NULL);
    g_free (cursor);
    cursor = next ? g_uri_escape_string (next, NULL, FALSE) : NULL;
  } while (cursor && json_array_get_length (rows) < limit);
  return g_steal_pointer (&rows);
}

static gboolean
run_queue (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  g_autofree char *status_name = NULL;
  AnnotExampleStatus status = ANNOT_EXAMPLE_PENDING;
  int limit = 20;
  g_autoptr (JsonArray) rows = NULL;
  const GOptionEntry entries[] = {
    { "status", 's', 0, G_OPTION_ARG_STRING, &status_name, N_ ("pending (default), leased, completed or skipped"),
      N_ ("STATUS") },
    { "limit", 'n', 0, G_OPTION_ARG_INT, &limit, N_ ("At most so many (20)"), N_ ("N") },
    G_OPTION_ENTRY_NULL,
  };

  if (!annot_ctl_parse (annot_ctl_queue_commands, &argc, &argv, entries, NULL, 0, 0, error))
    return FALSE;
  if (status_name && !annot_example_status_from_string (status_name, &status)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                 _ ("--status %s: must be pending, leased, completed or skipped"), status_name);
    return FALSE;
  }
  if (limit < 1 || limit > 1000) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("--limit must be between 1 and 1000"));
    return FALSE;
  }
  rows = ctl->url ? list_over_http (ctl, status, (guint) limit, error) : list_on_store (ctl, status, limit, error);
  if (!rows)
    return FALSE;
  annot_ctl_print_rows (ctl, rows, columns);
  return TRUE;
}

const AnnotCtlCommand annot_ctl_queue_commands[] = {
  { "queue", NULL, N_ ("List examples, highest priority first"), run_queue },
  { NULL, NULL, NULL, NULL },
};
