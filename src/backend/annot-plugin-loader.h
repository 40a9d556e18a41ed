/* SPDX-License-Identifier: Apache-2.0 */
/* Finds, checks and loads plugins. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

#define ANNOT_TYPE_PLUGIN_LOADER (annot_plugin_loader_get_type ())
ANNOT_API G_DECLARE_FINAL_TYPE (AnnotPluginLoader, annot_plugin_loader, ANNOT, PLUGIN_LOADER, GObject)

/* directory NULL: the compiled-in one. */
ANNOT_API AnnotPluginLoader *annot_plugin_loader_new (const char *directory);
/* Opens every `*.so` of the directory and reads its symbol; connects nowhere. A module that is refused (owner, mode, ABI,
 * symbol) is left out, with the reason in get_refused(). FALSE when the directory cannot be read. */
ANNOT_API gboolean annot_plugin_loader_scan (AnnotPluginLoader *self, GError **error);
/* Returns: (transfer none) (element-type AnnotPlugin): by class, then name */
ANNOT_API GPtrArray *annot_plugin_loader_get_plugins (AnnotPluginLoader *self);
/* Returns: (transfer none) (element-type utf8): one line each: "FILE: reason" */
ANNOT_API GPtrArray *annot_plugin_loader_get_refused (AnnotPluginLoader *self);
/* Returns: (transfer none) (nullable): ANNOT_ERROR_CONFIG names the package that ships it when it is not installed, or the
 * reason why it was refused */
ANNOT_API const AnnotPlugin *annot_plugin_loader_find (AnnotPluginLoader *self, AnnotPluginClass plugin_class,
                                                       const char *name, GError **error);
/* Returns: (transfer container) (array zero-terminated=1): the core's table and every loaded plugin's */
ANNOT_API const AnnotOption **annot_plugin_loader_get_tables (AnnotPluginLoader *self);
/* Makes the backend that `[store] plugin` (or state, broker) names, configured, not opened.
 * Returns: (transfer full) (nullable): an AnnotStore, AnnotState or AnnotBroker */
ANNOT_API GObject *annot_plugin_loader_make (AnnotPluginLoader *self, AnnotPluginClass plugin_class, AnnotConfig *config,
                                             GError **error);
/* Returns: (transfer full): a table of the loaded plugins, with a line of titles */
ANNOT_API char *annot_plugin_loader_print (AnnotPluginLoader *self);

G_END_DECLS
