/* SPDX-License-Identifier: Apache-2.0 */
/* Where a listing goes on: the last row's place in the order, tied to the query. */
#include <annotationd/annotationd.h>

#include <string.h>

#define CURSOR_VERSION 1

/* The bytes of a cursor, little-endian: instances on machines of several kinds may share a store. */
typedef struct {
  guint32 version;
  guint32 query;
  guint64 seq;
  guint64 priority;
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
annot_list_cursor_write (const AnnotExampleQuery *query, const AnnotExample *last)
{
  guint64 priority;
  Packed packed;
  char *text;

  memcpy (&priority, &last->priority, sizeof priority);
  packed.version = GUINT32_TO_LE (CURSOR_VERSION);
  packed.query = GUINT32_TO_LE (hash_query (query));
  packed.seq = GUINT64_TO_LE ((guint64) last->seq);
  packed.priority = GUINT64_TO_LE (priority);
  text = g_base64_encode ((const guchar *) &packed, sizeof packed);
  g_strdelimit (text, "+", '-');
  return g_strdelimit (text, "/", '_');
}

gboolean
annot_list_cursor_read (const AnnotExampleQuery *query, const char *text, AnnotListCursor *cursor, GError **error)
{
  g_autofree char *plain = g_strdelimit (g_strdelimit (g_strdup (text), "-", '+'), "_", '/');
  gsize size = 0;
  g_autofree guchar *data = g_base64_decode (plain, &size);
  Packed packed = { 0 };
  guint64 priority;

  if (size == sizeof packed)
    memcpy (&packed, data, sizeof packed);
  if (GUINT32_FROM_LE (packed.version) != CURSOR_VERSION || GUINT32_FROM_LE (packed.query) != hash_query (query)) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "cursor: must be the next_cursor of the same query");
    return FALSE;
  }
  priority = GUINT64_FROM_LE (packed.priority);
  memcpy (&cursor->priority, &priority, sizeof priority);
  cursor->seq = (gint64) GUINT64_FROM_LE (packed.seq);
  return TRUE;
}
