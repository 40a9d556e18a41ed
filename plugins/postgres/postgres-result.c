/* SPDX-License-Identifier: Apache-2.0 */
/* Values and model structures from the rows of a result, in binary form. */
#include "postgres-result.h"

#include <math.h>
#include <string.h>

/* Big-endian, sign-extended. */
static gint64
read_integer (const char *bytes, int length)
{
  guint64 value = length > 0 && (bytes[0] & 0x80) ? G_MAXUINT64 : 0;

  for (int i = 0; i < length; i++)
    value = value << 8 | (guint8) bytes[i];
  return (gint64) value;
}

gint64
postgres_result_integer (const PGresult *result, int row, int column)
{
  return read_integer (PQgetvalue (result, row, column), PQgetlength (result, row, column));
}

double
postgres_result_double (const PGresult *result, int row, int column)
{
  gint64 bits = postgres_result_integer (result, row, column);
  double value;

  if (PQgetisnull (result, row, column))
    return (double) NAN;
  memcpy (&value, &bits, sizeof value);
  return value;
}

char *
postgres_result_text (const PGresult *result, int row, int column)
{
  return PQgetisnull (result, row, column) ? NULL : g_strdup (PQgetvalue (result, row, column));
}

GBytes *
postgres_result_bytes (const PGresult *result, int row, int column)
{
  if (PQgetisnull (result, row, column))
    return NULL;
  return g_bytes_new (PQgetvalue (result, row, column), (gsize) PQgetlength (result, row, column));
}

/* The form is that of array_send(): see PostgresArray. */
GArray *
postgres_result_integers (const PGresult *result, int row, int column)
{
  const char *bytes = PQgetvalue (result, row, column);
  int length = PQgetlength (result, row, column);
  gint64 n = length >= 20 ? read_integer (bytes + 12, 4) : 0;
  GArray *values = g_array_sized_new (FALSE, FALSE, sizeof (gint64), (guint) n);

  for (gint64 i = 0; i < n && 20 + (i + 1) * 12 <= length; i++) {
    gint64 value = read_integer (bytes + 20 + i * 12 + 4, 8);

    g_array_append_val (values, value);
  }
  return values;
}

static void
replace_names (char ***names, const PGresult *result, int row, int column)
{
  g_strfreev (*names);
  *names = annot_names_from_json (PQgetvalue (result, row, column));
}

AnnotExample *
postgres_result_example (const PGresult *result, int row)
{
  AnnotExample *example = annot_example_new ();

  example->seq = postgres_result_integer (result, row, 0);
  example->event_id = postgres_result_text (result, row, 1);
  example->camera_id = postgres_result_text (result, row, 2);
  example->timestamp = postgres_result_integer (result, row, 3);
  example->priority = postgres_result_double (result, row, 4);
  example->status = (AnnotExampleStatus) postgres_result_integer (result, row, 5);
  example->annotator = postgres_result_text (result, row, 6);
  example->skips = (guint) postgres_result_integer (result, row, 7);
  example->revision = (guint) postgres_result_integer (result, row, 8);
  example->finished_at = postgres_result_integer (result, row, 9);
  example->received_at = postgres_result_integer (result, row, 10);
  example->frame_type = (AnnotFrameType) postgres_result_integer (result, row, 11);
  example->frame_sha256 = postgres_result_text (result, row, 12);
  example->source_topic = postgres_result_text (result, row, 13);
  example->source_partition = (int) postgres_result_integer (result, row, 14);
  example->source_offset = postgres_result_integer (result, row, 15);
  replace_names (&example->labels, result, row, 16);
  replace_names (&example->face_hashes, result, row, 17);
  example->detections = postgres_result_text (result, row, 18);
  example->payload = postgres_result_text (result, row, 19);
  return example;
}

AnnotAnnotation *
postgres_result_annotation (const PGresult *result, int row, int column, const char *event_id)
{
  AnnotAnnotation *annotation;

  if (PQgetisnull (result, row, column))
    return NULL;
  annotation = annot_annotation_new ();
  annotation->event_id = g_strdup (event_id);
  annotation->id = postgres_result_text (result, row, column);
  annotation->revision = (guint) postgres_result_integer (result, row, column + 1);
  annotation->annotator = postgres_result_text (result, row, column + 2);
  annotation->created_at = postgres_result_integer (result, row, column + 3);
  annotation->quality_score = postgres_result_double (result, row, column + 4);
  annotation->lead_time_ms = postgres_result_integer (result, row, column + 5);
  annotation->digest = postgres_result_text (result, row, column + 6);
  annotation->notes = postgres_result_text (result, row, column + 7);
  annotation->corrected_detections = postgres_result_text (result, row, column + 8);
  return annotation;
}

AnnotOutgoing *
postgres_result_outgoing (const PGresult *result, int row)
{
  AnnotOutgoing *outgoing = g_new0 (AnnotOutgoing, 1);

  outgoing->id = postgres_result_text (result, row, 0);
  outgoing->topic = postgres_result_text (result, row, 1);
  outgoing->key = postgres_result_text (result, row, 2);
  outgoing->event_id = postgres_result_text (result, row, 3);
  outgoing->inline_frame = postgres_result_integer (result, row, 4) != 0;
  outgoing->created_at = postgres_result_integer (result, row, 5);
  outgoing->attempts = (guint) postgres_result_integer (result, row, 6);
  outgoing->due_at = postgres_result_integer (result, row, 7);
  outgoing->last_error = postgres_result_text (result, row, 8);
  outgoing->payload = postgres_result_text (result, row, 9);
  return outgoing;
}
