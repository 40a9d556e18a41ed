/* SPDX-License-Identifier: Apache-2.0 */
/* A store for administration: configured and not opened, called as the user who owns its files. */
#include "annot-ctl-database.h"

#include "backend/annot-state-dir.h"

gboolean
annot_ctl_database_init (AnnotCtlDatabase *self, AnnotCtl *ctl, AnnotConfig *config, GError **error)
{
  g_autoptr (GObject) store = annot_plugin_loader_make (ctl->loader, ANNOT_PLUGIN_STORE, config, error);

  if (!store) {
    g_object_unref (config);
    return FALSE;
  }
  self->config = config;
  self->store = ANNOT_STORE (g_steal_pointer (&store));
  self->plugin = annot_config_get_string (config, "store", "plugin");
  return TRUE;
}

/* What a method makes, a file and its log, must be the service's; but nothing is made for the mere sake of a look. */
static gboolean
begin (AnnotCtlDatabase *self, GError **error)
{
  return annot_state_dir_become_owner (self->config, error);
}

static GAsyncResult *
wait_and_return (GAsyncResult **result)
{
  annot_ctl_wait (result);
  /* What was done is done, with whichever rights the rest goes on. */
  annot_state_dir_become_root (NULL);
  return *result;
}

void
annot_ctl_database_clear (AnnotCtlDatabase *self)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  if (self->store) {
    annot_store_close (self->store, NULL, annot_ctl_done, &result);
    if (!annot_store_close_finish (self->store, annot_ctl_wait (&result), &error))
      g_warning ("%s", error->message);
  }
  g_clear_object (&self->store);
  g_clear_object (&self->config);
}

AnnotSchema *
annot_ctl_database_inspect (AnnotCtlDatabase *self, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  if (!begin (self, error))
    return NULL;
  annot_store_inspect (self->store, NULL, annot_ctl_done, &result);
  return annot_store_inspect_finish (self->store, wait_and_return (&result), error);
}

int
annot_ctl_database_migrate (AnnotCtlDatabase *self, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  if (!begin (self, error))
    return -1;
  annot_store_migrate (self->store, NULL, annot_ctl_done, &result);
  return annot_store_migrate_finish (self->store, wait_and_return (&result), error);
}

GPtrArray *
annot_ctl_database_dump (AnnotCtlDatabase *self, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  if (!begin (self, error))
    return NULL;
  annot_store_dump (self->store, NULL, annot_ctl_done, &result);
  return annot_store_dump_finish (self->store, wait_and_return (&result), error);
}

gboolean
annot_ctl_database_restore (AnnotCtlDatabase *self, GPtrArray *records, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  if (!begin (self, error))
    return FALSE;
  annot_store_restore (self->store, records, NULL, annot_ctl_done, &result);
  return annot_store_restore_finish (self->store, wait_and_return (&result), error);
}

gboolean
annot_ctl_database_check (const AnnotSchema *schema, GError **error)
{
  if (schema->unfinished)
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG,
                 _ ("%s holds a copy that was not finished; run \"annotationctl db copy\" again, or use another "
                    "database"),
                 schema->address);
  else if (schema->version > schema->known)
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG,
                 _ ("%s was migrated by a newer annotationd (schema %" G_GINT64_FORMAT ", this one knows "
                    "%" G_GINT64_FORMAT "); install that version"),
                 schema->address, schema->version, schema->known);
  return !schema->unfinished && schema->version <= schema->known;
}
