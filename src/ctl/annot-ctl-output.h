/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for people, JSON for scripts, a progress bar on a terminal. */
#pragma once

#include "annot-ctl.h"

G_BEGIN_DECLS

/* One column of a table: the member it shows and its heading. Numbers stand to the right. */
typedef struct {
  const char *member;
  const char *heading; /* N_() */
} AnnotCtlColumn;

/* Prints an array of objects: as it is with --json, else as a table (columns ends with an empty entry). Control
 * characters are shown as `?`, so that stored text cannot steer the terminal. */
void annot_ctl_print_rows (AnnotCtl *ctl, JsonArray *rows, const AnnotCtlColumn *columns);
/* Prints an object: as it is with --json, else one `name: value` a line. */
void annot_ctl_print_object (AnnotCtl *ctl, JsonObject *object);
/* Writes all of it. */
gboolean annot_ctl_write (int descriptor, const guint8 *data, gsize length, GError **error);
/* A sentence for people; nothing with --json. */
void annot_ctl_say (AnnotCtl *ctl, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* Shows how far it is, on a terminal only, at most ten times a second. total 0: unknown. done: ends the line. */
void annot_ctl_progress (AnnotCtl *ctl, const char *what, guint64 now, guint64 total, gboolean done);
/* Asks on the terminal. Returns: TRUE for yes */
gboolean annot_ctl_confirm (AnnotCtl *ctl, const char *question);
/* A new password: from standard input's first line, or asked twice without echo on the terminal. FALSE and usage error
 * when there is neither. Returns: (transfer full) (nullable): free with annot_secret_free() */
char *annot_ctl_read_password (gboolean from_stdin, GError **error);

G_END_DECLS
