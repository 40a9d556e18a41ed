/* SPDX-License-Identifier: Apache-2.0 */
/* The table of installed plugins, for people. */
#include "annot-plugin-loader.h"

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
