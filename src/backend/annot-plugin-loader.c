/* SPDX-License-Identifier: Apache-2.0 */
/* Finds, checks and loads plugins. A module runs code the moment it is opened, so its file is checked before. */
#include "annot-plugin-loader.h"
#include "annot-settings-private.h"

#include <errno.h>
#include <gmodule.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct _AnnotPluginLoader {
  GObject parent_instance;

  char *directory;
  GPtrArray *plugins;  /* const AnnotPlugin */
  GPtrArray *refused;  /* "FILE: reason" */
  GHashTable *reasons; /* module name to reason */
};

G_DEFINE_FINAL_TYPE (AnnotPluginLoader, annot_plugin_loader, G_TYPE_OBJECT)

static void
annot_plugin_loader_finalize (GObject *object)
{
  AnnotPluginLoader *self = ANNOT_PLUGIN_LOADER (object);

  g_free (self->directory);
  g_ptr_array_unref (self->plugins);
  g_ptr_array_unref (self->refused);
  g_hash_table_unref (self->reasons);
  G_OBJECT_CLASS (annot_plugin_loader_parent_class)->finalize (object);
}

static void
annot_plugin_loader_class_init (AnnotPluginLoaderClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = annot_plugin_loader_finalize;
}

static void
annot_plugin_loader_init (AnnotPluginLoader *self)
{
  self->plugins = g_ptr_array_new ();
  self->refused = g_ptr_array_new_with_free_func (g_free);
  self->reasons = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

/**
 * annot_plugin_loader_new:
 * @directory: (nullable): where the modules are; %NULL: the compiled-in folder
 *
 * Returns: (transfer full): a loader that has looked at nothing yet
 */
AnnotPluginLoader *
annot_plugin_loader_new (const char *directory)
{
  AnnotPluginLoader *self = g_object_new (ANNOT_TYPE_PLUGIN_LOADER, NULL);

  self->directory = g_strdup (directory ? directory : ANNOT_PLUGIN_DIR);
  return self;
}

/* Whoever can write the file decides what this process does.
 * Returns: (transfer full) (nullable): why it may not be trusted */
static char *
distrust (const struct stat *status)
{
  if (status->st_uid != 0 && status->st_uid != geteuid ())
    return g_strdup_printf ("owned by user %u; it has to be root's or the running user's (chown root)",
                            (guint) status->st_uid);
  if (status->st_mode & (S_IWGRP | S_IWOTH))
    return g_strdup ("writable by its group or by everyone (chmod go-w)");
  return NULL;
}

static char *
check_file (const char *path)
{
  struct stat status;

  if (stat (path, &status) != 0)
    return g_strdup (g_strerror (errno));
  if (!S_ISREG (status.st_mode))
    return g_strdup ("not a regular file");
  return distrust (&status);
}

/* ABI and size come before everything else: the rest may not be there. */
static char *
check_plugin (const AnnotPlugin *plugin, const char *name)
{
  GType parents[] = {ANNOT_TYPE_STORE, ANNOT_TYPE_STATE, ANNOT_TYPE_BROKER};

  if (plugin->abi != ANNOT_PLUGIN_ABI)
    return g_strdup_printf ("made for plugin interface %u, this is %u; install the version that belongs to annotationd "
                            VERSION,
                            plugin->abi, ANNOT_PLUGIN_ABI);
  if (plugin->size != sizeof (AnnotPlugin))
    return g_strdup_printf ("its description has %u bytes instead of %u; rebuild it against this annotationd",
                            plugin->size, (guint) sizeof (AnnotPlugin));
  if ((guint) plugin->plugin_class >= G_N_ELEMENTS (parents) || !plugin->name || !plugin->version ||
      !plugin->description || !plugin->options || !plugin->get_type)
    return g_strdup ("its description is not complete");
  if (!g_str_equal (plugin->name, name))
    return g_strdup_printf ("says it is \"%s\"; file and plugin have to have the same name", plugin->name);
  if (!g_type_is_a (plugin->get_type (), parents[plugin->plugin_class]))
    return g_strdup_printf ("its type is not a %s", annot_plugin_class_to_string (plugin->plugin_class));
  return NULL;
}

static char *
load_module (AnnotPluginLoader *self, const char *path, const char *name)
{
  g_autofree char *reason = check_file (path);
  GModule *module;
  gpointer symbol = NULL;

  if (reason)
    return g_steal_pointer (&reason);
  module = g_module_open (path, G_MODULE_BIND_LOCAL);
  if (!module)
    return g_strdup_printf ("cannot be loaded: %s", g_module_error ());
  /* Its types cannot be taken back once they are registered, and its constructors have run already. */
  g_module_make_resident (module);
  if (!g_module_symbol (module, ANNOT_PLUGIN_SYMBOL, &symbol) || !symbol)
    reason = g_strdup ("not an annotationd plugin: it has no symbol " ANNOT_PLUGIN_SYMBOL);
  else
    reason = check_plugin (symbol, name);
  if (!reason)
    g_ptr_array_add (self->plugins, symbol);
  return g_steal_pointer (&reason);
}

static int
compare_plugins (gconstpointer a, gconstpointer b)
{
  const AnnotPlugin *first = *(const AnnotPlugin *const *) a;
  const AnnotPlugin *second = *(const AnnotPlugin *const *) b;

  if (first->plugin_class != second->plugin_class)
    return first->plugin_class < second->plugin_class ? -1 : 1;
  return strcmp (first->name, second->name);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static GPtrArray *
list_modules (AnnotPluginLoader *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GDir) directory = g_dir_open (self->directory, 0, &local);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *reason = NULL;
  struct stat status;
  const char *name;

  if (!directory) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG, "%s; give --plugin-dir or install the plugins",
                 local->message);
    return NULL;
  }
  reason = stat (self->directory, &status) == 0 ? distrust (&status) : g_strdup (g_strerror (errno));
  if (reason) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG, "%s: the plugin folder is %s", self->directory, reason);
    return NULL;
  }
  while ((name = g_dir_read_name (directory))) {
    if (g_str_has_suffix (name, ".so") && name[0] != '.')
      g_ptr_array_add (names, g_strndup (name, strlen (name) - strlen (".so")));
  }
  g_ptr_array_sort (names, compare_names);
  return g_steal_pointer (&names);
}

gboolean
annot_plugin_loader_scan (AnnotPluginLoader *self, GError **error)
{
  g_autoptr (GPtrArray) names = list_modules (self, error);

  if (!names)
    return FALSE;
  for (guint i = 0; i < names->len; i++) {
    const char *name = names->pdata[i];
    g_autofree char *file = g_strconcat (name, ".so", NULL);
    g_autofree char *path = g_build_filename (self->directory, file, NULL);
    g_autofree char *reason = load_module (self, path, name);

    if (!reason)
      continue;
    g_ptr_array_add (self->refused, g_strdup_printf ("%s: %s", path, reason));
    g_hash_table_insert (self->reasons, g_strdup (name), g_strdup_printf ("%s: %s", path, reason));
  }
  g_ptr_array_sort (self->plugins, compare_plugins);
  return TRUE;
}

GPtrArray *
annot_plugin_loader_get_plugins (AnnotPluginLoader *self)
{
  return self->plugins;
}

GPtrArray *
annot_plugin_loader_get_refused (AnnotPluginLoader *self)
{
  return self->refused;
}

static char *
explain_absence (AnnotPluginLoader *self, AnnotPluginClass plugin_class, const char *name)
{
  const char *reason = g_hash_table_lookup (self->reasons, name);
  g_autofree char *missing = annot_missing_plugin (name);
  g_autoptr (GString) installed = g_string_new (NULL);

  if (reason)
    return g_strdup_printf ("the plugin is refused: %s", reason);
  for (guint i = 0; i < self->plugins->len; i++) {
    const AnnotPlugin *plugin = self->plugins->pdata[i];

    if (plugin->plugin_class == plugin_class)
      g_string_append_printf (installed, "%s%s", installed->len ? ", " : "", plugin->name);
    if (g_str_equal (plugin->name, name))
      return g_strdup_printf ("%s is a %s plugin, not a %s", name, annot_plugin_class_to_string (plugin->plugin_class),
                              annot_plugin_class_to_string (plugin_class));
  }
  if (missing)
    return g_strdup_printf ("%s (installed in %s: %s)", missing, self->directory,
                            installed->len ? installed->str : "none");
  return g_strdup_printf ("there is no plugin of the name %s in %s (installed: %s)", name, self->directory,
                          installed->len ? installed->str : "none");
}

const AnnotPlugin *
annot_plugin_loader_find (AnnotPluginLoader *self, AnnotPluginClass plugin_class, const char *name, GError **error)
{
  g_autofree char *absence = NULL;

  for (guint i = 0; i < self->plugins->len; i++) {
    const AnnotPlugin *plugin = self->plugins->pdata[i];

    if (plugin->plugin_class == plugin_class && g_str_equal (plugin->name, name))
      return plugin;
  }
  absence = explain_absence (self, plugin_class, name);
  g_set_error_literal (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG, absence);
  return NULL;
}

const AnnotOption **
annot_plugin_loader_get_tables (AnnotPluginLoader *self)
{
  const AnnotOption **tables = g_new0 (const AnnotOption *, self->plugins->len + 2);

  tables[0] = annot_core_options ();
  for (guint i = 0; i < self->plugins->len; i++)
    tables[i + 1] = ((const AnnotPlugin *) self->plugins->pdata[i])->options;
  return tables;
}

static gboolean
configure (AnnotPluginClass plugin_class, GObject *backend, AnnotConfig *config, GError **error)
{
  switch (plugin_class) {
  case ANNOT_PLUGIN_STORE:
    return annot_store_configure (ANNOT_STORE (backend), config, error);
  case ANNOT_PLUGIN_STATE:
    return annot_state_configure (ANNOT_STATE (backend), config, error);
  case ANNOT_PLUGIN_BROKER:
    return annot_broker_configure (ANNOT_BROKER (backend), config, error);
  }
  g_return_val_if_reached (FALSE);
}

GObject *
annot_plugin_loader_make (AnnotPluginLoader *self, AnnotPluginClass plugin_class, AnnotConfig *config, GError **error)
{
  const char *group = annot_plugin_class_to_string (plugin_class);
  const char *name = annot_config_get_string (config, group, "plugin");
  g_autoptr (GError) local = NULL;
  const AnnotPlugin *plugin = annot_plugin_loader_find (self, plugin_class, name, &local);
  g_autoptr (GObject) backend = NULL;

  if (!plugin) {
    g_propagate_error (error, annot_config_error (config, group, "plugin", "%s", local->message));
    return NULL;
  }
  backend = g_object_new (plugin->get_type (), NULL);
  if (!configure (plugin_class, backend, config, error))
    return NULL;
  return g_steal_pointer (&backend);
}
