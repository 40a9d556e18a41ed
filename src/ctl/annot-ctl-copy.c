/* SPDX-License-Identifier: Apache-2.0 */
/* Carries all that one store holds into another, empty one. */
#include "annot-ctl-copy.h"

#include "annot-ctl-database.h"
#include "annot-ctl-output.h"

#include <string.h>

/* A database that goes away for a moment is not the end of a copy of hours: a batch is tried so often, first after a
 * second, then after twice as long each time. */
#define TRIES 6

typedef struct {
  AnnotCtlDatabase source;
  AnnotCtlDatabase target;
  guint64 done;
  guint64 expected;
  char *from; /* addresses */
  char *to;
  JsonObject *counts; /* the `end` record */
} Copy;

static void
copy_clear (Copy *copy)
{
  annot_ctl_database_clear (&copy->source);
  annot_ctl_database_clear (&copy->target);
  g_free (copy->from);
  g_free (copy->to);
  g_clear_pointer (&copy->counts, json_object_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Copy, copy_clear)

/* The configuration of one side: place is a keyfile if it looks like a path, else the name of a plugin. */
static gboolean
open_side (AnnotCtl *ctl, const char *place, char **settings, AnnotCtlDatabase *side, GError **error)
{
  gboolean is_file = place && (strchr (place, '/') || g_str_has_suffix (place, ".conf"));
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) all = NULL;
  AnnotConfig *config;

  if (place && !is_file) {
    g_autofree char *plugin = g_strconcat ("store.plugin=", place, NULL);

    g_strv_builder_add (builder, plugin);
  }
  if (settings)
    g_strv_builder_addv (builder, (const char **) settings);
  all = g_strv_builder_end (builder);
  config = annot_ctl_make_config (ctl, is_file ? place : ctl->config_file, all, error);
  return config && annot_ctl_database_init (side, ctl, config, error);
}

static gboolean
refuse_same (const Copy *copy, GError **error)
{
  if (!g_str_equal (copy->source.plugin, copy->target.plugin) || !g_str_equal (copy->from, copy->to))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
               _ ("both sides are the same database, %s; name them with --from, --to and --to-set"), copy->from);
  return FALSE;
}

/* Before anything is written. Sets whether the target has to be made. */
static gboolean
inspect_both (Copy *copy, gboolean *make, GError **error)
{
  g_autoptr (AnnotSchema) source = annot_ctl_database_inspect (&copy->source, error);
  g_autoptr (AnnotSchema) target = source ? annot_ctl_database_inspect (&copy->target, error) : NULL;

  if (!target)
    return FALSE;
  copy->from = g_strdup (source->address);
  copy->to = g_strdup (target->address);
  if (!refuse_same (copy, error) || !annot_ctl_database_check (source, error))
    return FALSE;
  *make = target->version == 0;
  if (source->version > 0)
    return TRUE;
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG, _ ("%s: there is no database to copy"), source->address);
  return FALSE;
}

static JsonObject *
parse_record (GBytes *record, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  gsize size;
  const char *text = g_bytes_get_data (record, &size);

  if (!json_parser_load_from_data (parser, text, (gssize) size, error))
    return NULL;
  return json_object_ref (json_node_get_object (json_parser_get_root (parser)));
}

static gboolean
stop_waiting (gpointer waited)
{
  *(gboolean *) waited = TRUE;
  return G_SOURCE_REMOVE;
}

static void
wait_seconds (guint seconds)
{
  gboolean waited = FALSE;

  g_timeout_add_seconds (seconds, stop_waiting, &waited);
  while (!waited)
    g_main_context_iteration (NULL, TRUE);
}

/* The same batch twice changes nothing, so that one whose answer was lost is simply sent again. */
static gboolean
restore_batch (Copy *copy, GPtrArray *records, GError **error)
{
  for (guint try = 1;; try++) {
    g_autoptr (GError) problem = NULL;

    if (annot_ctl_database_restore (&copy->target, records, &problem))
      return TRUE;
    /* The first batch finds out whether the target can be used at all. */
    if (try == TRIES || copy->done == 0 || !annot_error_is_transient (problem)) {
      g_propagate_error (error, g_steal_pointer (&problem));
      return FALSE;
    }
    g_printerr (_ ("annotationctl: %s; trying again\n"), problem->message);
    wait_seconds (1u << (try - 1));
  }
}

static gboolean
take_first (Copy *copy, GPtrArray *records, GError **error)
{
  g_autoptr (JsonObject) store = parse_record (records->pdata[0], error);

  if (!store)
    return FALSE;
  copy->expected = (guint64) json_object_get_int_member_with_default (store, "records", 0);
  return TRUE;
}

/* The first records show that the source can be read, before the target is touched. */
static gboolean
copy_all (AnnotCtl *ctl, Copy *copy, gboolean make, GError **error)
{
  g_autoptr (GPtrArray) records = annot_ctl_database_dump (&copy->source, error);

  if (!records || !take_first (copy, records, error) || (make && annot_ctl_database_migrate (&copy->target, error) < 0))
    return FALSE;
  while (records->len > 0) {
    g_autoptr (GBytes) last = g_bytes_ref (records->pdata[records->len - 1]);

    if (!restore_batch (copy, records, error))
      return FALSE;
    copy->done += records->len;
    annot_ctl_progress (ctl, _ ("Copying"), copy->done, copy->expected, copy->done == copy->expected);
    g_ptr_array_unref (records);
    records = annot_ctl_database_dump (&copy->source, error);
    if (!records)
      return FALSE;
    if (records->len == 0)
      copy->counts = parse_record (last, error);
  }
  return copy->counts != NULL;
}

static void
print_counts (AnnotCtl *ctl, const Copy *copy)
{
  static const char *const kinds[]
      = { "example", "frame", "annotation", "skip", "outgoing", "account", "token", "session", "secret", "audit" };
  g_autoptr (JsonObject) object = json_object_new ();

  annot_ctl_say (ctl, _ ("Copied:"));
  json_object_set_string_member (object, "from", copy->from);
  json_object_set_string_member (object, "to", copy->to);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    json_object_set_int_member (object, kinds[i], json_object_get_int_member_with_default (copy->counts, kinds[i], 0));
  annot_ctl_print_object (ctl, object);
  annot_ctl_say (ctl, _ ("The copy is whole. Now let every daemon use the new database; one that went on with the old "
                         "one would work on examples that are here, too."));
}

gboolean
annot_ctl_copy (AnnotCtl *ctl, const char *from, const char *to, char **settings, GError **error)
{
  g_auto (Copy) copy = { 0 };
  gboolean make = FALSE;

  if (!open_side (ctl, from, NULL, &copy.source, error) || !open_side (ctl, to, settings, &copy.target, error)
      || !inspect_both (&copy, &make, error))
    return FALSE;
  if (!copy_all (ctl, &copy, make, error)) {
    g_prefix_error (error, _ ("copying from %s to %s: "), copy.source.plugin, copy.target.plugin);
    return FALSE;
  }
  print_counts (ctl, &copy);
  return TRUE;
}
