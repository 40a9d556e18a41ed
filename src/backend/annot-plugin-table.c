/* SPDX-License-Identifier: Apache-2.0 */
/* The classes of plugins, and the table of those that are installed, for people. */
#include "annot-plugin-loader.h"

/**
 * annot_plugin_class_to_string:
 * @plugin_class: a class
 *
 * Returns: (transfer none): "store", "state" or "broker"
 */
const char *
annot_plugin_class_to_string (AnnotPluginClass plugin_class)
{
  switch (plugin_class) {
  case ANNOT_PLUGIN_STORE:
    return "store";
  case ANNOT_PLUGIN_STATE:
    return "state";
  case ANNOT_PLUGIN_BROKER:
    return "broker";
  }
  g_return_val_if_reached (NULL);
}

char *
annot_plugin_loader_print (AnnotPluginLoader *self)
{
  g_autoptr (GString) out = g_string_new (NULL);
  GPtrArray *plugins = annot_plugin_loader_get_plugins (self);

  g_string_append_printf (out, "%-7s %-12s %-10s %s\n", "CLASS", "NAME", "VERSION", "DESCRIPTION");
  for (guint i = 0; i < plugins->len; i++) {
    const AnnotPlugin *plugin = plugins->pdata[i];

    g_string_append_printf (out, "%-7s %-12s %-10s %s\n", annot_plugin_class_to_string (plugin->plugin_class),
                            plugin->name, plugin->version, plugin->description);
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}
