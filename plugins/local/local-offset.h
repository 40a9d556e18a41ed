/* SPDX-License-Identifier: Apache-2.0 */
/* The durable offset of a group in a topic: a small keyfile that is replaced as a whole. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Most finished files to remember: more rotations than anybody keeps. */
#define LOCAL_FINISHED_BOUND 64

/**
 * LocalOffset:
 * @offset: logical: bytes of all files that the group has been through, and of this one up to here. Only grows
 * @position: byte in the file
 * @device, @inode: the file
 * @fingerprint: local_fingerprint() of the file at @position
 * @finished: (element-type utf8): local_file_mark() of files that are wholly done, oldest first
 */
typedef struct {
  gint64 offset;
  gint64 position;
  guint64 device;
  guint64 inode;
  char *fingerprint;
  GPtrArray *finished;
} LocalOffset;

/* Returns: (transfer full) (nullable): %NULL without error: none was stored yet */
LocalOffset *local_offset_load (const char *path, GError **error);
/* Durable when it returns TRUE; the former offset stays whole when it fails. */
gboolean local_offset_save (const LocalOffset *self, const char *path, GError **error);
void local_offset_free (LocalOffset *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LocalOffset, local_offset_free)

G_END_DECLS
