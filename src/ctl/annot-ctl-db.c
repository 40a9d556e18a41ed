/* SPDX-License-Identifier: Apache-2.0 */
/* annotationctl db: where the database stands, bringing it up to date, copying it into another. */
#include "annot-ctl-copy.h"
#include "annot-ctl-database.h"
#include "annot-ctl-output.h"

static gboolean
open_database (AnnotCtl *ctl, AnnotCtlDatabase *database, GError **error)
{
  AnnotConfig *config = annot_ctl_make_config (ctl, ctl->config_file, NULL, error);

  return config && annot_ctl_database_init (database, ctl, config, error);
}

static JsonArray *
list_names (char **names)
{
  JsonArray *array = json_array_new ();

  for (; *names; names++)
    json_array_add_string_element (array, *names);
  return array;
}

static void
print_status (AnnotCtl *ctl, const char *plugin, const AnnotSchema *schema)
{
  g_autoptr (JsonObject) object = json_object_new ();

  json_object_set_string_member (object, "plugin", plugin);
  json_object_set_string_member (object, "database", schema->address);
  json_object_set_int_member (object, "version", schema->version);
  json_object_set_int_member (object, "known", schema->known);
  json_object_set_array_member (object, "pending", list_names (schema->pending));
  json_object_set_boolean_member (object, "unfinished_copy", schema->unfinished);
  annot_ctl_print_object (ctl, object);
}

/* The exit code tells a script whether there is something to do. */
static gboolean
run_status (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  g_auto (AnnotCtlDatabase) database = { 0 };
  g_autoptr (AnnotSchema) schema = NULL;
  guint pending;

  if (!annot_ctl_parse (annot_ctl_find (annot_ctl_db_commands, "status"), &argc, &argv, NULL, NULL, 0, 0, error)
      || !annot_ctl_refuse_url (ctl, "db", error) || !open_database (ctl, &database, error))
    return FALSE;
  schema = annot_ctl_database_inspect (&database, error);
  if (!schema)
    return FALSE;
  print_status (ctl, database.plugin, schema);
  if (!annot_ctl_database_check (schema, error))
    return FALSE;
  pending = g_strv_length (schema->pending);
  if (pending == 0)
    return TRUE;
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_STALE,
               ngettext ("%u migration is pending; run \"annotationctl db migrate\"",
                         "%u migrations are pending; run \"annotationctl db migrate\"", pending),
               pending);
  return FALSE;
}

static void
print_migrated (AnnotCtl *ctl, const AnnotSchema *before, int applied)
{
  g_autoptr (JsonObject) object = json_object_new ();

  if (ctl->json) {
    json_object_set_string_member (object, "database", before->address);
    json_object_set_int_member (object, "version", before->known);
    json_object_set_array_member (object, "applied", list_names (applied > 0 ? before->pending : (char *[]){ NULL }));
    annot_ctl_print_object (ctl, object);
    return;
  }
  for (char **name = before->pending; applied > 0 && *name; name++)
    annot_ctl_say (ctl, _ ("applied %s"), *name);
  annot_ctl_say (ctl, _ ("%s is up to date (schema %" G_GINT64_FORMAT ")."), before->address, before->known);
}

static gboolean
run_migrate (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  g_auto (AnnotCtlDatabase) database = { 0 };
  g_autoptr (AnnotSchema) before = NULL;
  int applied;

  if (!annot_ctl_parse (annot_ctl_find (annot_ctl_db_commands, "migrate"), &argc, &argv, NULL, NULL, 0, 0, error)
      || !annot_ctl_refuse_url (ctl, "db", error) || !open_database (ctl, &database, error))
    return FALSE;
  before = annot_ctl_database_inspect (&database, error);
  if (!before || !annot_ctl_database_check (before, error))
    return FALSE;
  applied = annot_ctl_database_migrate (&database, error);
  if (applied < 0)
    return FALSE;
  print_migrated (ctl, before, applied);
  return TRUE;
}

static gboolean
run_copy (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  g_autofree char *from = NULL;
  g_autofree char *to = NULL;
  g_auto (GStrv) settings = NULL;
  const GOptionEntry entries[] = {
    { "from", 0, 0, G_OPTION_ARG_FILENAME, &from,
      N_ ("Where from: a store plugin, or a keyfile (default: what the configuration names)"), N_ ("PLUGIN|FILE") },
    { "to", 0, 0, G_OPTION_ARG_FILENAME, &to, N_ ("Where to: a store plugin, or a keyfile"), N_ ("PLUGIN|FILE") },
    { "to-set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &settings, N_ ("Set one option of where it goes"),
      N_ ("GROUP.KEY=VALUE") },
    G_OPTION_ENTRY_NULL,
  };

  if (!annot_ctl_parse (annot_ctl_find (annot_ctl_db_commands, "copy"), &argc, &argv, entries, NULL, 0, 0, error)
      || !annot_ctl_refuse_url (ctl, "db", error))
    return FALSE;
  if (!to) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("--to is missing"));
    return FALSE;
  }
  return annot_ctl_copy (ctl, from, to, settings, error);
}

const AnnotCtlCommand annot_ctl_db_commands[] = {
  { "db", "status", N_ ("Say where the database stands"), run_status },
  { "db", "migrate", N_ ("Bring the database up to date"), run_migrate },
  { "db", "copy", N_ ("Copy everything into another database"), run_copy },
  { NULL, NULL, NULL, NULL },
};
