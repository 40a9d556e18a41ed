/* SPDX-License-Identifier: Apache-2.0 */
/* The folder in which the embedded backends keep what they must not lose. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/* Makes `[service] state-dir` for this user alone, if it is not there. G_FILE_ERROR. */
ANNOT_API gboolean annot_state_dir_make (AnnotConfig *config, GError **error);
/* Run by root on a state folder of another user (the service's): goes on as that user, so that the service can open what
 * is made there. Nothing else. G_FILE_ERROR. */
ANNOT_API gboolean annot_state_dir_become_owner (AnnotConfig *config, GError **error);
/* Ends that: files elsewhere are root's to read and write again. G_FILE_ERROR. */
ANNOT_API gboolean annot_state_dir_become_root (GError **error);

G_END_DECLS
