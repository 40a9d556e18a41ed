/* SPDX-License-Identifier: Apache-2.0 */
/* annotationctl import: hard examples from files, into the store or over HTTP. */
#include "annot-ctl-http.h"
#include "annot-ctl-output.h"
#include "annot-ctl-source.h"

#include "model/annot-example-json.h"

#include <string.h>

#define BATCH 200
#define BATCH_BYTES (8 * 1024 * 1024)

typedef struct {
  AnnotCtl *ctl;
  AnnotLimits limits;
  guint64 total;
  guint64 seen;
  guint64 created;
  guint64 known;
  guint64 refused;
  GPtrArray *examples; /* the batch, for the store */
  GString *lines;      /* the batch, for HTTP */
  GPtrArray *places;   /* where each of the batch stood */
} Import;

static void
refuse (Import *import, const char *where, const char *message)
{
  import->refused++;
  g_printerr ("%s%s: %s\n", import->ctl->json ? "" : "\r", where, message);
}

static gboolean
flush_to_store (Import *import, GError **error)
{
  AnnotStore *store = annot_ctl_open_store (import->ctl, error);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GArray) answers = NULL;

  if (!store)
    return FALSE;
  annot_store_put_examples (store, import->examples, NULL, annot_ctl_done, &result);
  answers = annot_store_put_examples_finish (store, annot_ctl_wait (&result), error);
  if (!answers)
    return FALSE;
  for (guint i = 0; i < answers->len; i++) {
    if (g_array_index (answers, AnnotPutResult, i).known)
      import->known++;
    else
      import->created++;
  }
  g_ptr_array_set_size (import->examples, 0);
  return TRUE;
}

/* "field: message" of an item's first error. */
static char *
item_problem (JsonObject *item)
{
  JsonNode *errors = json_object_get_member (item, "errors");
  JsonObject *first;
  const char *field;

  if (!errors || !JSON_NODE_HOLDS_ARRAY (errors) || json_array_get_length (json_node_get_array (errors)) == 0)
    return g_strdup (_ ("refused by the server"));
  first = json_array_get_object_element (json_node_get_array (errors), 0);
  field = json_object_get_string_member_with_default (first, "field", NULL);
  return g_strdup_printf ("%s%s%s", field ? field : "", field ? ": " : "",
                          json_object_get_string_member_with_default (first, "message", ""));
}

/* The answer has one item for each line, in order. */
static void
count_items (Import *import, JsonArray *items)
{
  for (guint i = 0; i < json_array_get_length (items) && i < import->places->len; i++) {
    JsonObject *item = json_array_get_object_element (items, i);
    const char *status = json_object_get_string_member_with_default (item, "status", "");

    if (g_str_equal (status, "created"))
      import->created++;
    else if (g_str_equal (status, "known"))
      import->known++;
    else {
      g_autofree char *problem = item_problem (item);

      refuse (import, g_ptr_array_index (import->places, i), problem);
    }
  }
}

static gboolean
flush_over_http (Import *import, GError **error)
{
  g_autoptr (GBytes) body = g_bytes_new (import->lines->str, import->lines->len);
  g_autoptr (GError) inner = NULL;
  g_autoptr (JsonNode) answer = NULL;
  g_autoptr (JsonArray) items = NULL;

  answer = annot_ctl_call (import->ctl, "POST", "/api/v1/examples", "application/x-ndjson", body, &inner);
  if (!answer && g_error_matches (inner, ANNOT_ERROR, ANNOT_ERROR_INVALID)) {
    /* None of them could be taken. */
    for (guint i = 0; i < import->places->len; i++)
      refuse (import, g_ptr_array_index (import->places, i), inner->message);
    return TRUE;
  }
  if (!answer) {
    g_propagate_error (error, g_steal_pointer (&inner));
    return FALSE;
  }
  items = annot_ctl_get_rows (answer, "items");
  if (json_array_get_length (items) != import->places->len) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_PERMANENT, _ ("%s answered %u items for %u examples"),
                 import->ctl->url, json_array_get_length (items), import->places->len);
    return FALSE;
  }
  count_items (import, items);
  return TRUE;
}

static gboolean
flush (Import *import, GError **error)
{
  gboolean done;

  if (import->places->len == 0)
    return TRUE;
  done = import->ctl->url ? flush_over_http (import, error) : flush_to_store (import, error);
  g_ptr_array_set_size (import->places, 0);
  g_string_truncate (import->lines, 0);
  return done;
}

static gboolean
take_document (const char *where, const char *text, gsize length, gpointer user_data, GError **error)
{
  Import *import = user_data;
  g_autoptr (GError) inner = NULL;
  g_autoptr (AnnotExample) example = annot_example_parse (text, length, &import->limits, &inner);

  import->seen++;
  annot_ctl_progress (import->ctl, _ ("Importing"), import->seen, import->total, FALSE);
  if (!example) {
    refuse (import, where, inner->message);
    return TRUE;
  }
  if (import->ctl->url && import->lines->len > 0 && import->lines->len + length > BATCH_BYTES && !flush (import, error))
    return FALSE;
  g_ptr_array_add (import->places, g_strdup (where));
  if (import->ctl->url) {
    g_string_append_len (import->lines, text, (gssize) length);
    g_string_append_c (import->lines, '\n');
  } else {
    g_ptr_array_add (import->examples, g_steal_pointer (&example));
  }
  return import->places->len < BATCH ? TRUE : flush (import, error);
}

static void
report (Import *import)
{
  g_autoptr (JsonObject) object = json_object_new ();

  if (!import->ctl->json) {
    annot_ctl_say (import->ctl,
                   _ ("%" G_GUINT64_FORMAT " new, %" G_GUINT64_FORMAT " known, %" G_GUINT64_FORMAT " refused"),
                   import->created, import->known, import->refused);
    return;
  }
  json_object_set_int_member (object, "created", (gint64) import->created);
  json_object_set_int_member (object, "known", (gint64) import->known);
  json_object_set_int_member (object, "refused", (gint64) import->refused);
  annot_ctl_print_object (import->ctl, object);
}

static void
read_limits (Import *import)
{
  AnnotConfig *config = import->ctl->config;

  import->limits = ANNOT_LIMITS_DEFAULT;
  if (!config)
    return;
  import->limits.message_bytes = (gsize) annot_config_get_integer (config, "limits", "message-bytes");
  import->limits.frame_bytes = (gsize) annot_config_get_integer (config, "limits", "frame-bytes");
  import->limits.detections = (guint) annot_config_get_integer (config, "limits", "detections");
  import->limits.json_depth = (guint) annot_config_get_integer (config, "limits", "json-depth");
}

static gboolean
import_all (Import *import, char **names, GError **error)
{
  gboolean done = TRUE;

  for (char **name = names; *name; name++)
    import->total += annot_ctl_source_count (*name);
  for (char **name = names; *name && done; name++)
    done = annot_ctl_source_read (*name, import->limits.message_bytes, take_document, import, error);
  done = done && flush (import, error);
  annot_ctl_progress (import->ctl, _ ("Importing"), import->seen, import->total, TRUE);
  report (import);
  if (done && import->refused > 0) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, _ ("%" G_GUINT64_FORMAT " examples were refused"),
                 import->refused);
    done = FALSE;
  }
  return done;
}

static gboolean
run_import (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  Import import = { .ctl = ctl };
  gboolean done;

  if (!annot_ctl_parse (annot_ctl_import_commands, &argc, &argv, NULL, _ ("FILE…"), 1, -1, error))
    return FALSE;
  if (!ctl->url && !annot_ctl_open_store (ctl, error))
    return FALSE;
  read_limits (&import);
  import.examples = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);
  import.places = g_ptr_array_new_with_free_func (g_free);
  import.lines = g_string_new (NULL);
  done = import_all (&import, argv + 1, error);
  g_ptr_array_unref (import.examples);
  g_ptr_array_unref (import.places);
  g_string_free (import.lines, TRUE);
  return done;
}

const AnnotCtlCommand annot_ctl_import_commands[] = {
  { "import", NULL, N_ ("Bring in examples: JSON Lines files, - for standard input, or folders of images"),
    run_import },
  { NULL, NULL, NULL, NULL },
};
