/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes kept in an unlinked temporary file until they can be written. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _AnnotSpool AnnotSpool;

/* The file is made by the first append. */
AnnotSpool *annot_spool_new (void);
void annot_spool_free (AnnotSpool *self);
/* Keeps the first error; later calls do nothing then. */
void annot_spool_append (AnnotSpool *self, gconstpointer data, gsize length);
guint64 annot_spool_get_length (AnnotSpool *self);
/* Moves the next piece to out. Returns: TRUE while there is more */
gboolean annot_spool_read (AnnotSpool *self, GByteArray *out);
/* Returns: (transfer none) (nullable) */
const GError *annot_spool_get_error (AnnotSpool *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotSpool, annot_spool_free)

G_END_DECLS
