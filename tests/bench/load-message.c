/* SPDX-License-Identifier: Apache-2.0 */
/* What the load programs send, and how they tell times. */
#include "load-message.h"

#include <stdlib.h>
#include <string.h>

#define FILLING_BYTES 560

guint8 *
load_message_frame (gsize bytes)
{
  static const guint8 jpeg[] = { 0xff, 0xd8, 0xff, 0xe0 };
  guint8 *data = g_malloc (bytes);

  for (gsize i = 0; i < bytes; i++)
    data[i] = (guint8) g_random_int ();
  memcpy (data, jpeg, MIN (bytes, sizeof jpeg));
  return data;
}

GString *
load_message_new (guint number, const char *frame)
{
  g_autofree char *id = g_uuid_string_random ();
  g_autofree char *filling = g_strnfill (FILLING_BYTES, 'x');
  GString *text = g_string_sized_new (1100 + (frame ? strlen (frame) : 0));

  g_string_append_printf (text,
                          "{\"event_id\":\"%s\",\"camera_id\":\"cam-%u\",\"timestamp\":\"2026-11-23T08:00:00Z\","
                          "\"detections\":[{\"bbox\":{\"x1\":10,\"y1\":20,\"x2\":110,\"y2\":220},"
                          "\"class_name\":\"person\",\"confidence\":0.%03u},{\"bbox\":{\"x1\":210,\"y1\":40,\"x2\":300,"
                          "\"y2\":180},\"class_name\":\"bicycle\",\"confidence\":0.62}],\"confidence_scores\":"
                          "{\"person\":0.41,\"bicycle\":0.62},\"reason\":\"Low confidence detections: %s\","
                          "\"model_version\":\"v12\",\"anonymized\":true,",
                          id, number % LOAD_CAMERAS, 100 + number * 7919 % 400, filling);
  if (frame) {
    g_string_append (text, "\"frame_data\":\"");
    g_string_append (text, frame);
    g_string_append (text, "\",");
  }
  g_string_append_printf (text, "\"metadata\":{\"sent_us\":%" G_GINT64_FORMAT "}}", g_get_monotonic_time ());
  return text;
}

static int
compare_times (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a;
  gint64 y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

void
load_print_times (GArray *times)
{
  guint last = MAX (times->len, 1) - 1;

  g_array_sort (times, compare_times);
  if (times->len == 0)
    g_print ("0 0\n");
  else
    g_print ("%" G_GINT64_FORMAT " %" G_GINT64_FORMAT "\n", g_array_index (times, gint64, last / 2),
             g_array_index (times, gint64, last * 99 / 100));
}

guint
load_number (const char *text)
{
  guint64 value;

  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT, &value, NULL)) {
    g_printerr ("%s: \"%s\" must be a whole number\n", g_get_prgname (), text);
    exit (64);
  }
  return (guint) value;
}
