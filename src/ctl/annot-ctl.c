/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration, store and main context for the commands. */
#include "annot-ctl.h"

#include "annot-ctl-database.h"
#include "backend/annot-state-dir.h"

#include <errno.h>
#include <glib/gstdio.h>

const AnnotCtlCommand *
annot_ctl_find (const AnnotCtlCommand *table, const char *name)
{
  for (const AnnotCtlCommand *command = table; command->group; command++)
    if (g_strcmp0 (command->name, name) == 0)
      return command;
  g_return_val_if_reached (table);
}

gboolean
annot_ctl_parse (const AnnotCtlCommand *command, int *argc, char ***argv, const GOptionEntry *entries,
                 const char *parameters, int min, int max, GError **error)
{
  g_autoptr (GOptionContext) context = NULL;
  g_autoptr (GError) inner = NULL;
  g_autofree char *name = g_strjoin (" ", "annotationctl", command->group, command->name, NULL);

  g_set_prgname (name);
  context = g_option_context_new (parameters);
  g_option_context_set_summary (context, _ (command->summary));
  if (entries)
    g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, argc, argv, &inner)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "%s", inner->message);
    return FALSE;
  }
  if (*argc - 1 < min) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("%s is missing"), parameters);
    return FALSE;
  }
  if (max >= 0 && *argc - 1 > max) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("\"%s\" is one argument too many"), (*argv)[max + 1]);
    return FALSE;
  }
  return TRUE;
}

static gboolean
load_plugins (AnnotCtl *ctl, GError **error)
{
  if (ctl->loader)
    return TRUE;
  ctl->loader = annot_plugin_loader_new (ctl->plugin_dir);
  return annot_plugin_loader_scan (ctl->loader, error);
}

AnnotConfig *
annot_ctl_make_config (AnnotCtl *ctl, const char *file, char **more, GError **error)
{
  g_autofree const AnnotOption **tables = NULL;
  g_auto (GStrv) environment = g_get_environ ();
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) settings = NULL;
  AnnotConfig *config;

  if (!load_plugins (ctl, error))
    return NULL;
  if (ctl->settings)
    g_strv_builder_addv (builder, (const char **) ctl->settings);
  if (more)
    g_strv_builder_addv (builder, (const char **) more);
  settings = g_strv_builder_end (builder);
  tables = annot_plugin_loader_get_tables (ctl->loader);
  config = annot_settings_load (tables, file, ctl->config_dir, environment, settings, error);
  if (!config && error && g_error_matches (*error, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
    (*error)->domain = ANNOT_ERROR;
    (*error)->code = ANNOT_ERROR_CONFIG;
  }
  return config;
}

gboolean
annot_ctl_refuse_url (AnnotCtl *ctl, const char *command, GError **error)
{
  if (!ctl->url)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("%s looks at this machine itself, not with --url"),
               command);
  return FALSE;
}

gboolean
annot_ctl_load_config (AnnotCtl *ctl, GError **error)
{
  if (!ctl->config)
    ctl->config = annot_ctl_make_config (ctl, ctl->config_file, NULL, error);
  return ctl->config != NULL;
}

void
annot_ctl_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **slot = user_data;

  *slot = g_object_ref (result);
}

GAsyncResult *
annot_ctl_wait (GAsyncResult **result)
{
  while (!*result)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

/* Who looks at a database must not change it: older daemons may be at work there. An empty one is made. What goes wrong
 * here goes wrong when it is opened, too. */
static gboolean
refuse_older (AnnotCtl *ctl, GError **error)
{
  g_auto (AnnotCtlDatabase) database = { 0 };
  g_autoptr (AnnotSchema) schema = NULL;

  if (!annot_ctl_database_init (&database, ctl, g_object_ref (ctl->config), error))
    return FALSE;
  schema = annot_ctl_database_inspect (&database, NULL);
  if (!schema || schema->version == 0 || schema->version >= schema->known)
    return TRUE;
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_STALE,
               _ ("%s is of an older annotationd; run \"annotationctl db migrate\", or start the daemon"),
               schema->address);
  return FALSE;
}

/* As the owner of the state folder: what opening makes there must be the service's. */
static gboolean
open_as_owner (AnnotCtl *ctl, AnnotStore *store, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  gboolean opened;

  if (!annot_state_dir_make (ctl->config, error) || !annot_state_dir_become_owner (ctl->config, error))
    return FALSE;
  annot_store_open (store, NULL, annot_ctl_done, &result);
  opened = annot_store_open_finish (store, annot_ctl_wait (&result), error);
  return annot_state_dir_become_root (opened ? error : NULL) && opened;
}

AnnotStore *
annot_ctl_open_store (AnnotCtl *ctl, GError **error)
{
  g_autoptr (GObject) store = NULL;

  if (ctl->store)
    return ctl->store;
  if (!annot_ctl_load_config (ctl, error) || !refuse_older (ctl, error))
    return NULL;
  store = annot_plugin_loader_make (ctl->loader, ANNOT_PLUGIN_STORE, ctl->config, error);
  if (!store || !open_as_owner (ctl, ANNOT_STORE (store), error))
    return NULL;
  ctl->store = ANNOT_STORE (g_steal_pointer (&store));
  return ctl->store;
}

void
annot_ctl_clear (AnnotCtl *ctl)
{
  if (ctl->store) {
    g_autoptr (GAsyncResult) result = NULL;
    g_autoptr (GError) error = NULL;

    annot_store_close (ctl->store, NULL, annot_ctl_done, &result);
    if (!annot_store_close_finish (ctl->store, annot_ctl_wait (&result), &error))
      g_warning ("%s", error->message);
  }
  g_clear_object (&ctl->store);
  g_clear_object (&ctl->config);
  g_clear_object (&ctl->loader);
  g_clear_pointer (&ctl->settings, g_strfreev);
  g_free (ctl->config_file);
  g_free (ctl->config_dir);
  g_free (ctl->plugin_dir);
  g_free (ctl->url);
  g_free (ctl->token_file);
  g_free (ctl->token);
}
