/* SPDX-License-Identifier: Apache-2.0 */
/* Writes zip archives as a stream: entries are stored, not compressed. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _AnnotZip AnnotZip;

/* time: of all entries, microseconds since 1970 UTC */
AnnotZip *annot_zip_new (gint64 time);
void annot_zip_free (AnnotZip *self);
/* Appends an entry, below 4 GiB, to out. name: UTF-8 with slashes, not twice */
void annot_zip_add (AnnotZip *self, const char *name, gconstpointer data, gsize length, GByteArray *out);
/* Appends a piece of the directory. Returns: TRUE while there is more */
gboolean annot_zip_end (AnnotZip *self, GByteArray *out);
/* Returns: (transfer none) (nullable): why the directory could not be kept */
const GError *annot_zip_get_error (AnnotZip *self);
/* The CRC-32 of zip (ISO-HDLC); crc is 0 or that of the bytes before. */
guint32 annot_crc32 (guint32 crc, gconstpointer data, gsize length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotZip, annot_zip_free)

G_END_DECLS
