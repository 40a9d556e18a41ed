/* SPDX-License-Identifier: Apache-2.0 */
/* The folder in which the embedded backends keep what they must not lose. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/* Makes `[service] state-dir` for this user alone, if it is not there. G_FILE_ERROR. */
ANNOT_API gboolean annot_state_dir_make (AnnotConfig *config, GError **error);

G_END_DECLS
