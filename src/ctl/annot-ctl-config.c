/* SPDX-License-Identifier: Apache-2.0 */
/* annotationctl config and plugins: what the daemon would run with. */
#include "annot-ctl-output.h"

static gboolean
run_check (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  static const AnnotPluginClass classes[] = { ANNOT_PLUGIN_STORE, ANNOT_PLUGIN_STATE, ANNOT_PLUGIN_BROKER };

  if (!annot_ctl_parse (annot_ctl_find (annot_ctl_config_commands, "check"), &argc, &argv, NULL, NULL, 0, 0, error)
      || !annot_ctl_refuse_url (ctl, "config", error) || !annot_ctl_load_config (ctl, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (classes); i++) {
    g_autoptr (GObject) backend = annot_plugin_loader_make (ctl->loader, classes[i], ctl->config, error);

    if (!backend)
      return FALSE;
  }
  if (!annot_settings_check_files (ctl->config, error))
    return FALSE;
  annot_ctl_say (ctl, _ ("The configuration is good."));
  return TRUE;
}

static gboolean
run_print (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  g_autofree char *text = NULL;

  if (!annot_ctl_parse (annot_ctl_find (annot_ctl_config_commands, "print"), &argc, &argv, NULL, NULL, 0, 0, error)
      || !annot_ctl_refuse_url (ctl, "config", error) || !annot_ctl_load_config (ctl, error))
    return FALSE;
  text = annot_settings_print (ctl->config);
  g_print ("%s", text);
  return TRUE;
}

static gboolean
run_plugins (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  static const AnnotCtlColumn columns[] = {
    { "class", N_ ("CLASS") },
    { "name", N_ ("NAME") },
    { "version", N_ ("VERSION") },
    { "description", N_ ("DESCRIPTION") },
    { NULL, NULL },
  };
  g_autoptr (AnnotPluginLoader) loader = NULL;
  g_autoptr (JsonArray) rows = json_array_new ();
  GPtrArray *found;

  if (!annot_ctl_parse (annot_ctl_find (annot_ctl_config_commands, NULL), &argc, &argv, NULL, NULL, 0, 0, error))
    return FALSE;
  loader = annot_plugin_loader_new (ctl->plugin_dir);
  if (!annot_plugin_loader_scan (loader, error))
    return FALSE;
  found = annot_plugin_loader_get_plugins (loader);
  for (guint i = 0; i < found->len; i++) {
    const AnnotPlugin *plugin = g_ptr_array_index (found, i);
    JsonObject *row = json_object_new ();

    json_object_set_string_member (row, "class", annot_plugin_class_to_string (plugin->plugin_class));
    json_object_set_string_member (row, "name", plugin->name);
    json_object_set_string_member (row, "version", plugin->version);
    json_object_set_string_member (row, "description", plugin->description);
    json_array_add_object_element (rows, row);
  }
  annot_ctl_print_rows (ctl, rows, columns);
  found = annot_plugin_loader_get_refused (loader);
  for (guint i = 0; i < found->len; i++)
    g_printerr (_ ("refused: %s\n"), (const char *) g_ptr_array_index (found, i));
  return TRUE;
}

const AnnotCtlCommand annot_ctl_config_commands[] = {
  { "config", "check", N_ ("Check the configuration, connecting nowhere"), run_check },
  { "config", "print", N_ ("Print it with every default, secrets masked"), run_print },
  { "plugins", NULL, N_ ("List the installed backends"), run_plugins },
  { NULL, NULL, NULL, NULL },
};
