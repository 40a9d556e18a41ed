/* SPDX-License-Identifier: Apache-2.0 */
/* The names of the plugin classes. */
#include <annotationd/annotationd.h>

const char *
annot_plugin_class_to_string (AnnotPluginClass plugin_class)
{
  static const char *const names[] = {
      [ANNOT_PLUGIN_STORE] = "store",
      [ANNOT_PLUGIN_STATE] = "state",
      [ANNOT_PLUGIN_BROKER] = "broker",
  };

  return (guint) plugin_class < G_N_ELEMENTS (names) ? names[plugin_class] : NULL;
}
