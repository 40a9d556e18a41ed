/* SPDX-License-Identifier: Apache-2.0 */
/* Where log messages go: the journal with its fields, or lines on stderr. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AnnotLog:
 * @level: the least important level that is written
 * @journal: stderr is the journal
 * @colour: stderr is a terminal
 */
typedef struct {
  GLogLevelFlags level;
  gboolean journal;
  gboolean colour;
} AnnotLog;

/* Makes self the destination of g_log; it has to outlive the process's last message. Once a process. */
void annot_log_install (AnnotLog *self);
/* name: a value of `[service] log-level`. */
void annot_log_set_level (AnnotLog *self, const char *name);

G_END_DECLS
