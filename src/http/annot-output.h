/* SPDX-License-Identifier: Apache-2.0 */
/* What waits to be written to a connection. */
#pragma once

#include "annot-channel.h"

G_BEGIN_DECLS

/* All zero is empty. */
typedef struct {
  GQueue parts; /* of GBytes */
  gsize offset; /* of the first part, written already */
} AnnotOutput;

void annot_output_clear (AnnotOutput *self);
gboolean annot_output_is_empty (const AnnotOutput *self);
/* bytes (transfer full) */
void annot_output_push (AnnotOutput *self, GBytes *bytes);
/* Writes some of it. Returns: as annot_channel_writev() */
gssize annot_output_write (AnnotOutput *self, AnnotChannel *channel);
/* Writes an answer at once when nothing waits before it, and keeps what does not fit: the usual one takes no queue, but one
 * system call. head (transfer full), body (nullable). Returns: bytes written, -1 when the connection is broken */
gssize annot_output_write_now (AnnotOutput *self, AnnotChannel *channel, GString *head, GBytes *body);

G_END_DECLS
