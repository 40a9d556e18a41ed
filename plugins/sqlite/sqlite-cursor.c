/* SPDX-License-Identifier: Apache-2.0 */
/* Where a listing goes on: the last row's place in the order, tied to the query. */
#include "sqlite-cursor.h"

#include <string.h>

/* The bytes of a cursor, in host order: a cursor does not leave the machine's architecture, as the database does not.
 */
typedef struct {
  guint32 version;
  guint32 query;
  gint64 seq;
  double priority;
} Packed;

/* Which rows in which order: everything but where to go on and how much of it to load. */
static guint32
hash_query (const AnnotExampleQuery *query)
{
  g_autofree char *text = g_strdup_printf (
      "%d/%d/%d/%s/%s/%s/%s/%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT, query->order,
      query->any_status, query->any_status ? 0 : (int) query->status, query->camera_id ? query->camera_id : "",
      query->label ? query->label : "", query->text ? query->text : "", query->annotator ? query->annotator : "",
      query->after_seq, query->finished_after, query->finished_before);

  return g_str_hash (text);
}

char *
sqlite_cursor_write (const AnnotExampleQuery *query, const AnnotExample *last)
{
  Packed packed = { .version = 1, .query = hash_query (query), .seq = last->seq, .priority = last->priority };
  char *text = g_base64_encode ((const guchar *) &packed, sizeof packed);

  g_strdelimit (text, "+", '-');
  return g_strdelimit (text, "/", '_');
}

gboolean
sqlite_cursor_read (const AnnotExampleQuery *query, const char *text, SqliteCursor *cursor, GError **error)
{
  g_autofree char *plain = g_strdelimit (g_strdelimit (g_strdup (text), "-", '+'), "_", '/');
  gsize size = 0;
  g_autofree guchar *data = g_base64_decode (plain, &size);
  Packed packed = { 0 };

  if (size == sizeof packed)
    memcpy (&packed, data, sizeof packed);
  if (packed.version != 1 || packed.query != hash_query (query)) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "cursor: must be the next_cursor of the same query");
    return FALSE;
  }
  cursor->seq = packed.seq;
  cursor->priority = packed.priority;
  return TRUE;
}
