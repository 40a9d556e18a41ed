/* SPDX-License-Identifier: Apache-2.0 */
/* The scanner against json-glib, in one run, on an example of 1 KB: a ratio means the same on every machine. */
#include <json-glib/json-glib.h>

#include "model/annot-example-json.h"
#include "model/annot-json-reader.h"

#define ROUNDS 3000
#define REPEATS 5
/* What the scanner and the whole reading of an example must be faster by. */
#define SCAN_TARGET 10.0
#define EXAMPLE_TARGET 3.0

static void
scan (const char *text, gsize length)
{
  g_assert_true (annot_json_validate (text, length, 32, NULL));
}

static void
read_example (const char *text, gsize length)
{
  AnnotLimits limits = ANNOT_LIMITS_DEFAULT;
  g_autoptr (AnnotExample) example = annot_example_parse (text, length, &limits, NULL);

  g_assert_nonnull (example);
}

static void
parse_tree (const char *text, gsize length)
{
  g_autoptr (JsonParser) parser = json_parser_new ();

  g_assert_true (json_parser_load_from_data (parser, text, (gssize) length, NULL));
}

/* Microseconds a document, the best of some repeats. */
static double
measure (void (*work) (const char *, gsize), const char *text, gsize length)
{
  double best = G_MAXDOUBLE;

  for (guint repeat = 0; repeat < REPEATS; repeat++) {
    gint64 start = g_get_monotonic_time ();

    for (guint i = 0; i < ROUNDS; i++)
      work (text, length);
    best = MIN (best, (double) (g_get_monotonic_time () - start) / ROUNDS);
  }
  return best;
}

static GString *
make_example (void)
{
  GString *text = g_string_new ("{\"event_id\":\"b5c0a1de-0000-4000-8000-000000000000\",\"camera_id\":\"cam-001\","
                                "\"timestamp\":\"2026-11-23T08:00:00Z\",\"detections\":[");

  for (guint i = 0; i < 6; i++)
    g_string_append_printf (text,
                            "%s{\"bbox\": {\"x1\": %u.5, \"y1\": 20.25, \"x2\": 910, \"y2\": 220}, "
                            "\"class_name\": \"person\", \"confidence\": 0.4%u}",
                            i ? ", " : "", 10 + i, i);
  g_string_append (text,
                   "],\"confidence_scores\":{\"person\":0.41},\"reason\":\"Low confidence detections: ['person']\","
                   "\"anonymized\":true,\"model_version\":\"v12\",\"metadata\":{\"privacy\":{\"face_hashes\":[]}}}");
  return text;
}

int
main (void)
{
  g_autoptr (GString) text = make_example ();
  double tree = measure (parse_tree, text->str, text->len);
  double scanned = measure (scan, text->str, text->len);
  double example = measure (read_example, text->str, text->len);

  g_print ("%u bytes: json-glib %.2f us, scanner %.2f us (%.1f times as fast), whole example %.2f us (%.1f times)\n",
           (guint) text->len, tree, scanned, tree / scanned, example, tree / example);
  return tree / scanned >= SCAN_TARGET && tree / example >= EXAMPLE_TARGET ? 0 : 1;
}
