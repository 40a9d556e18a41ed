/* SPDX-License-Identifier: Apache-2.0 */
/* Zip archives as PKWARE's APPNOTE.TXT 6.3 has them; the directory waits in a temporary file until the end. */
#include "annot-zip.h"

#include <string.h>

#include "annot-spool.h"

#define VERSION_PLAIN 20
#define VERSION_ZIP64 45
#define FLAG_UTF8 0x0800
#define METHOD_STORED 0
#define EXTRA_ZIP64 0x0001

struct _AnnotZip {
  AnnotSpool *directory;
  guint64 written;
  guint64 entries;
  guint64 directory_at;
  guint32 dos_time;
  gboolean ending;
  gboolean ended;
};

/* What one byte makes of a remainder, for the four ways of slicing by four. Built at first use, the same for all. */
static const guint32 (*crc_tables (void))[256]
{
  static guint32 tables[4][256];
  static gsize ready = 0;

  if (g_once_init_enter (&ready)) {
    for (guint32 i = 0; i < 256; i++) {
      guint32 crc = i;

      for (int bit = 0; bit < 8; bit++)
        crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
      tables[0][i] = crc;
    }
    for (guint32 i = 0; i < 256; i++)
      for (guint n = 1; n < 4; n++)
        tables[n][i] = tables[n - 1][i] >> 8 ^ tables[0][tables[n - 1][i] & 0xff];
    g_once_init_leave (&ready, 1);
  }
  return (const guint32 (*)[256]) tables;
}

guint32
annot_crc32 (guint32 crc, gconstpointer data, gsize length)
{
  const guint32 (*tables)[256] = crc_tables ();
  const guint8 *at = data;

  crc = ~crc;
  for (; length >= 4; length -= 4, at += 4) {
    crc ^= (guint32) at[0] | (guint32) at[1] << 8 | (guint32) at[2] << 16 | (guint32) at[3] << 24;
    crc = tables[3][crc & 0xff] ^ tables[2][crc >> 8 & 0xff] ^ tables[1][crc >> 16 & 0xff] ^ tables[0][crc >> 24];
  }
  for (; length > 0; length--, at++)
    crc = crc >> 8 ^ tables[0][(crc ^ *at) & 0xff];
  return ~crc;
}

/* Date in the upper half, time in the lower, from 1980 to 2107, in steps of two seconds. */
static guint32
to_dos_time (gint64 time)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (time / G_USEC_PER_SEC);
  int year = date ? g_date_time_get_year (date) : 0;

  if (year < 1980 || year > 2107)
    return 1 << 21 | 1 << 16;
  return (guint32) (year - 1980) << 25 | (guint32) g_date_time_get_month (date) << 21
         | (guint32) g_date_time_get_day_of_month (date) << 16 | (guint32) g_date_time_get_hour (date) << 11
         | (guint32) g_date_time_get_minute (date) << 5 | (guint32) g_date_time_get_second (date) / 2;
}

static void
append (GByteArray *out, guint64 value, guint bytes)
{
  for (guint i = 0; i < bytes; i++) {
    guint8 byte = (guint8) (value >> (8 * i));

    g_byte_array_append (out, &byte, 1);
  }
}

AnnotZip *
annot_zip_new (gint64 time)
{
  AnnotZip *self = g_new0 (AnnotZip, 1);

  self->directory = annot_spool_new ();
  self->dos_time = to_dos_time (time);
  return self;
}

void
annot_zip_free (AnnotZip *self)
{
  annot_spool_free (self->directory);
  g_free (self);
}

/* What the local header and the directory have in common (4.3.7, 4.3.12). */
static void
append_common (AnnotZip *self, GByteArray *out, guint version, guint32 crc, gsize length, gsize name_length,
               guint extra)
{
  append (out, version, 2);
  append (out, FLAG_UTF8, 2);
  append (out, METHOD_STORED, 2);
  append (out, self->dos_time, 4);
  append (out, crc, 4);
  append (out, length, 4);
  append (out, length, 4);
  append (out, name_length, 2);
  append (out, extra, 2);
}

static void
append_directory_entry (AnnotZip *self, const char *name, guint32 crc, gsize length)
{
  g_autoptr (GByteArray) entry = g_byte_array_new ();
  gboolean far = self->written >= G_MAXUINT32;
  guint version = far ? VERSION_ZIP64 : VERSION_PLAIN;

  append (entry, 0x02014b50, 4);
  append (entry, 3 << 8 | version, 2);
  append_common (self, entry, version, crc, length, strlen (name), far ? 12 : 0);
  append (entry, 0, 2 + 2 + 2);
  append (entry, (guint64) 0100644 << 16, 4);
  append (entry, far ? G_MAXUINT32 : self->written, 4);
  g_byte_array_append (entry, (const guint8 *) name, (guint) strlen (name));
  if (far) {
    append (entry, EXTRA_ZIP64, 2);
    append (entry, 8, 2);
    append (entry, self->written, 8);
  }
  annot_spool_append (self->directory, entry->data, entry->len);
}

void
annot_zip_add (AnnotZip *self, const char *name, gconstpointer data, gsize length, GByteArray *out)
{
  guint start = out->len;
  guint32 crc = annot_crc32 (0, data, length);

  g_return_if_fail (length < G_MAXUINT32 && strlen (name) <= G_MAXUINT16);

  append_directory_entry (self, name, crc, length);
  append (out, 0x04034b50, 4);
  append_common (self, out, VERSION_PLAIN, crc, length, strlen (name), 0);
  g_byte_array_append (out, (const guint8 *) name, (guint) strlen (name));
  g_byte_array_append (out, data, (guint) length);
  self->entries++;
  self->written += out->len - start;
}

/* The zip64 end and its locator (4.3.14, 4.3.15). */
static void
append_zip64_end (AnnotZip *self, guint64 end_at, GByteArray *out)
{
  append (out, 0x06064b50, 4);
  append (out, 44, 8);
  append (out, 3 << 8 | VERSION_ZIP64, 2);
  append (out, VERSION_ZIP64, 2);
  append (out, 0, 4 + 4);
  append (out, self->entries, 8);
  append (out, self->entries, 8);
  append (out, end_at - self->directory_at, 8);
  append (out, self->directory_at, 8);
  append (out, 0x07064b50, 4);
  append (out, 0, 4);
  append (out, end_at, 8);
  append (out, 1, 4);
}

/* The end of the directory (4.3.16). */
static void
append_end (AnnotZip *self, GByteArray *out)
{
  guint64 end_at = self->directory_at + annot_spool_get_length (self->directory);
  guint64 length = end_at - self->directory_at;

  if (self->entries >= G_MAXUINT16 || end_at >= G_MAXUINT32)
    append_zip64_end (self, end_at, out);
  append (out, 0x06054b50, 4);
  append (out, 0, 2 + 2);
  append (out, MIN (self->entries, G_MAXUINT16), 2);
  append (out, MIN (self->entries, G_MAXUINT16), 2);
  append (out, MIN (length, G_MAXUINT32), 4);
  append (out, MIN (self->directory_at, G_MAXUINT32), 4);
  append (out, 0, 2);
}

gboolean
annot_zip_end (AnnotZip *self, GByteArray *out)
{
  if (self->ended)
    return FALSE;
  if (!self->ending)
    self->directory_at = self->written;
  self->ending = TRUE;
  if (annot_spool_read (self->directory, out))
    return TRUE;
  self->ended = TRUE;
  if (!annot_spool_get_error (self->directory))
    append_end (self, out);
  return FALSE;
}

const GError *
annot_zip_get_error (AnnotZip *self)
{
  return annot_spool_get_error (self->directory);
}
