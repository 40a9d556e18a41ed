/* SPDX-License-Identifier: Apache-2.0 */
/* Model structures from and to the columns of rows. */
#include "sqlite-rows.h"

#include <math.h>

static void
replace_names (char ***names, sqlite3_stmt *row, int column)
{
  g_strfreev (*names);
  *names = annot_names_from_json ((const char *) sqlite3_column_text (row, column));
}

/* In the order of {example-columns}. */
AnnotExample *
sqlite_rows_read_example (sqlite3_stmt *row)
{
  AnnotExample *example = annot_example_new ();

  example->seq = sqlite3_column_int64 (row, 0);
  example->event_id = sqlite_column_dup (row, 1);
  example->camera_id = sqlite_column_dup (row, 2);
  example->timestamp = sqlite3_column_int64 (row, 3);
  example->priority = sqlite3_column_double (row, 4);
  example->status = (AnnotExampleStatus) sqlite3_column_int (row, 5);
  example->annotator = sqlite_column_dup (row, 6);
  example->skips = (guint) sqlite3_column_int64 (row, 7);
  example->revision = (guint) sqlite3_column_int64 (row, 8);
  example->finished_at = sqlite3_column_int64 (row, 9);
  example->received_at = sqlite3_column_int64 (row, 10);
  example->frame_type = (AnnotFrameType) sqlite3_column_int (row, 11);
  example->frame_sha256 = sqlite_column_dup (row, 12);
  example->source_topic = sqlite_column_dup (row, 13);
  example->source_partition = sqlite3_column_int (row, 14);
  example->source_offset = sqlite3_column_int64 (row, 15);
  replace_names (&example->labels, row, 16);
  replace_names (&example->face_hashes, row, 17);
  example->detections = sqlite_column_dup (row, 18);
  example->payload = sqlite_column_dup (row, 19);
  return example;
}

GBytes *
sqlite_rows_read_bytes (sqlite3_stmt *row, int column)
{
  const void *data = sqlite3_column_blob (row, column);

  return g_bytes_new (data, (gsize) sqlite3_column_bytes (row, column));
}

gboolean
sqlite_rows_load_frame (SqliteConnection *connection, AnnotExample *example, GError **error)
{
  g_autoptr (SqliteStatement) row = NULL;
  int step;

  if (example->frame_type == ANNOT_FRAME_NONE)
    return TRUE;
  row = sqlite_query (connection, error, "frame-get", "i", example->seq);
  if (!row)
    return FALSE;
  step = sqlite_step (connection, row, error);
  if (step > 0)
    example->frame = sqlite_rows_read_bytes (row, 0);
  return step >= 0;
}

AnnotAnnotation *
sqlite_rows_latest_annotation (SqliteConnection *connection, gint64 seq, const char *event_id, GError **error)
{
  g_autoptr (SqliteStatement) row = sqlite_query (connection, error, "annotation-latest", "i", seq);
  AnnotAnnotation *annotation;

  if (!row || sqlite_step (connection, row, error) <= 0)
    return NULL;
  annotation = annot_annotation_new ();
  annotation->event_id = g_strdup (event_id);
  annotation->id = sqlite_column_dup (row, 0);
  annotation->revision = (guint) sqlite3_column_int64 (row, 1);
  annotation->annotator = sqlite_column_dup (row, 2);
  annotation->created_at = sqlite3_column_int64 (row, 3);
  annotation->quality_score
      = sqlite3_column_type (row, 4) == SQLITE_NULL ? (double) NAN : sqlite3_column_double (row, 4);
  annotation->lead_time_ms = sqlite3_column_int64 (row, 5);
  annotation->digest = sqlite_column_dup (row, 6);
  annotation->notes = sqlite_column_dup (row, 7);
  annotation->corrected_detections = sqlite_column_dup (row, 8);
  return annotation;
}
