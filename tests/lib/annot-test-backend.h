/* SPDX-License-Identifier: Apache-2.0 */
/* Makes backends for tests, by the real loader and from a real configuration. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/**
 * annot_test_backend_new:
 * @plugin_class: class
 * @name: plugin
 * @state_dir: `[service] state-dir`, which a test makes and removes
 * @options: (array zero-terminated=1) (nullable): `group.key=value`
 *
 * Takes the module from $ANNOT_TEST_PLUGIN_DIR and the configuration from @options and the environment (so that the
 * address of a server can be given as ANNOTATIOND_<GROUP>_<KEY>). Fails the test when that does not work.
 *
 * Returns: (transfer full): the backend, configured and not opened
 */
gpointer annot_test_backend_new (AnnotPluginClass plugin_class, const char *name, const char *state_dir,
                                 const char *const *options);
/* Returns: (transfer full): the same configuration alone */
AnnotConfig *annot_test_config_new (const char *state_dir, const char *const *options);
/* Whether the module is there; a suite for a plugin that was not built is skipped. */
gboolean annot_test_backend_is_built (AnnotPluginClass plugin_class, const char *name);

G_END_DECLS
