/* SPDX-License-Identifier: Apache-2.0 */
/* Carries all that one store holds into another, empty one. */
#pragma once

#include "annot-ctl.h"

G_BEGIN_DECLS

/**
 * annot_ctl_copy:
 * @from: (nullable): a store plugin of the configuration, or a keyfile; %NULL: the store that the configuration names
 * @to: a store plugin, or a keyfile
 * @settings: (nullable) (array zero-terminated=1): `group.key=value` for @to alone
 *
 * Returns: %FALSE with @error set; the target is then as it was, or marked as not finished, so that the same copy can
 * be repeated
 */
gboolean annot_ctl_copy (AnnotCtl *ctl, const char *from, const char *to, char **settings, GError **error);

G_END_DECLS
