/* SPDX-License-Identifier: Apache-2.0 */
/* What annotators submit, in all accepted forms. */
#include "model/annot-correction.h"

#include <math.h>
#include <string.h>

static AnnotCorrection *
parse (const char *text, GError **error)
{
  AnnotLimits limits = ANNOT_LIMITS_DEFAULT;
  gsize length = strlen (text);
  g_autofree char *exact = g_memdup2 (text, length);

  return annot_correction_parse (exact, length, &limits, error);
}

static AnnotCorrection *
parse_good (const char *text)
{
  g_autoptr (GError) error = NULL;
  AnnotCorrection *correction = parse (text, &error);

  g_assert_no_error (error);
  return correction;
}

static void
test_full (void)
{
  g_autoptr (AnnotCorrection) correction = parse_good (
      "{\"corrected_detections\":[{\"bbox\":[1,2,3,4],\"class_name\":\"cat\",\"confidence\":0.4,\"corrected_class\":"
      "\"dog\","
      "\"is_correct\":false},{\"bbox\":{\"x1\":1,\"y1\":2,\"x2\":3,\"y2\":4},\"class_name\":\"car\",\"track\":7},"
      "{\"bbox\":[5,5,6,6],\"class_name\":\"ghost\",\"is_correct\":false}],\"quality_score\":0.9,\"notes\":"
      "\"n\\u00e4\","
      "\"lease\":\"12.3\",\"annotator_id\":\"jane\",\"example_id\":\"e1\",\"unknown\":[]}");

  g_assert_cmpstr (
      correction->corrected_detections, ==,
      "[{\"bbox\":{\"x1\":1,\"y1\":2,\"x2\":3,\"y2\":4},\"class_name\":\"cat\",\"confidence\":0.4,"
      "\"corrected_class\":\"dog\",\"is_correct\":false},"
      "{\"bbox\":{\"x1\":1,\"y1\":2,\"x2\":3,\"y2\":4},\"class_name\":\"car\",\"track\":7,\"confidence\":null,"
      "\"corrected_class\":null,\"is_correct\":true},"
      "{\"bbox\":{\"x1\":5,\"y1\":5,\"x2\":6,\"y2\":6},\"class_name\":\"ghost\",\"confidence\":null,"
      "\"corrected_class\":null,\"is_correct\":false}]");
  g_assert_cmpuint (g_strv_length (correction->labels), ==, 2);
  g_assert_cmpstr (correction->labels[0], ==, "car");
  g_assert_cmpstr (correction->labels[1], ==, "dog");
  g_assert_cmpfloat (correction->quality_score, ==, 0.9);
  g_assert_cmpstr (correction->notes, ==, "n\xc3\xa4");
  g_assert_cmpstr (correction->annotator_id, ==, "jane");
  g_assert_cmpstr (correction->event_id, ==, "e1");
  g_assert_true (correction->has_lease);
  g_assert_cmpint (correction->lease.seq, ==, 12);
  g_assert_cmpint (correction->lease.fence, ==, 3);
  g_assert_cmpuint (strlen (correction->digest), ==, 64);
}

static void
test_short (void)
{
  g_autoptr (AnnotCorrection) correction = parse_good (
      "{\"example_id\":\"e1\",\"bbox\":{\"x_min\":1,\"y_min\":2,\"x_max\":3,\"y_max\":4},\"label\":\"dog\"}");

  g_assert_cmpstr (correction->corrected_detections, ==,
                   "[{\"bbox\":{\"x1\":1,\"y1\":2,\"x2\":3,\"y2\":4},\"class_name\":\"dog\",\"confidence\":null,"
                   "\"corrected_class\":\"dog\",\"is_correct\":true}]");
  g_assert_cmpstr (correction->labels[0], ==, "dog");
  g_assert_true (isnan (correction->quality_score));
  g_assert_null (correction->notes);
  g_assert_false (correction->has_lease);
}

static void
test_verdicts (void)
{
  static const struct {
    const char *members;
    const char *is_correct;
    const char *label;
  } cases[] = {
    { "\"class_name\":\"a\"", "true", "a" },
    { "\"class_name\":\"a\",\"corrected_class\":\"b\"", "false", "b" },
    { "\"corrected_class\":\"a\",\"class_name\":\"a\"", "true", "a" },
    { "\"class_name\":\"a\",\"corrected_class\":null", "true", "a" },
    { "\"class_name\":\"a\",\"is_correct\":false", "false", NULL },
    { "\"class_name\":\"a\",\"is_correct\":false,\"corrected_class\":\"b\"", "false", "b" },
    { "\"label\":\"a\",\"is_correct\":null", "true", "a" },
    { "\"corrected_class\":\"b\"", "false", "b" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *text = g_strdup_printf ("{\"corrected_detections\":[{%s,\"bbox\":null}]}", cases[i].members);
    g_autofree char *end = g_strdup_printf ("\"is_correct\":%s}]", cases[i].is_correct);
    g_autoptr (AnnotCorrection) correction = parse_good (text);

    g_test_message ("%s gives %s", text, correction->corrected_detections);
    g_assert_true (g_str_has_suffix (correction->corrected_detections, end));
    g_assert_nonnull (strstr (correction->corrected_detections, "\"bbox\":null"));
    g_assert_cmpstr (correction->labels[0], ==, cases[i].label);
  }
}

static void
test_digest (void)
{
  static const char *const different[] = {
    "{\"corrected_detections\":[]}",
    "{\"corrected_detections\":[{\"class_name\":\"a\"}]}",
    "{\"corrected_detections\":[],\"notes\":\"x\"}",
    "{\"corrected_detections\":[],\"notes\":\"\"}",
    "{\"corrected_detections\":[],\"quality_score\":0}",
  };
  g_autoptr (GHashTable) digests = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (AnnotCorrection) one = parse_good ("{\"corrected_detections\":[],\"lease\":\"1.1\"}");
  g_autoptr (AnnotCorrection) two = parse_good ("{\"lease\":{\"token\":\"1.2\"},\"corrected_detections\" : [ ]}");

  g_assert_cmpstr (one->digest, ==, two->digest);
  g_assert_cmpint (two->lease.fence, ==, 2);
  for (gsize i = 0; i < G_N_ELEMENTS (different); i++) {
    g_autoptr (AnnotCorrection) correction = parse_good (different[i]);

    g_hash_table_add (digests, g_strdup (correction->digest));
  }
  g_assert_cmpuint (g_hash_table_size (digests), ==, G_N_ELEMENTS (different));
}

static void
test_errors (void)
{
  static const struct {
    const char *text;
    const char *message;
  } cases[] = {
    { "", "not valid JSON at byte 0: a value is expected" },
    { "7", "must be an object" },
    { "{}", "corrected_detections: is required" },
    { "{\"corrected_detections\":null}", "corrected_detections: is required" },
    { "{\"corrected_detections\":[],\"label\":\"x\"}", "corrected_detections: must not stand beside bbox and label" },
    { "{\"bbox\":[1,2,3,4]}", "label: is required" },
    { "{\"label\":\"x\"}", "bbox: is required" },
    { "{\"label\":\"x\",\"bbox\":[3,2,1,4]}", "bbox[2]: must be greater than bbox[0]" },
    { "{\"corrected_detections\":[{},{\"bbox\":{\"x1\":1,\"y1\":1,\"x2\":0,\"y2\":2}}]}",
      "corrected_detections[1].bbox.x2: must be greater than x1" },
    { "{\"corrected_detections\":[{\"is_correct\":1}]}", "corrected_detections[0].is_correct: must be true or false" },
    { "{\"corrected_detections\":[{\"corrected_class\":1}]}",
      "corrected_detections[0].corrected_class: must be a string" },
    { "{\"corrected_detections\":[],\"quality_score\":1.5}", "quality_score: must be between 0 and 1" },
    { "{\"corrected_detections\":[],\"quality_score\":\"1\"}", "quality_score: must be a number" },
    { "{\"corrected_detections\":[],\"notes\":1}", "notes: must be a string" },
    { "{\"corrected_detections\":[],\"notes\":\"\\u0000\"}", "notes: must not hold the character U+0000" },
    { "{\"corrected_detections\":[],\"lease\":\"x\"}", "lease: must be a lease token" },
    { "{\"corrected_detections\":[],\"lease\":{}}", "lease.token: is required" },
    { "{\"corrected_detections\":[],\"lease\":7}", "lease: must be an object" },
    { "{\"corrected_detections\":[],\"corrected_detections\":[]}", "corrected_detections: is given twice" },
    { "{\"corrected_detections\":[],\"event_id\":\"a\",\"example_id\":\"b\"}",
      "example_id: must be the same as the other id of the example" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;

    g_test_message ("%s", cases[i].text);
    g_assert_null (parse (cases[i].text, &error));
    g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID);
    g_assert_cmpstr (error->message, ==, cases[i].message);
  }
}

/* Characters, not bytes. */
static void
test_notes_length (void)
{
  g_autoptr (GString) notes = g_string_new (NULL);
  g_autofree char *longest = NULL, *too_long = NULL;
  g_autoptr (AnnotCorrection) correction = NULL;

  for (guint i = 0; i < 4096; i++)
    g_string_append (notes, "\xc3\xa4");
  longest = g_strdup_printf ("{\"corrected_detections\":[],\"notes\":\"%s\"}", notes->str);
  too_long = g_strdup_printf ("{\"corrected_detections\":[],\"notes\":\"%s.\"}", notes->str);
  correction = parse_good (longest);
  g_assert_cmpstr (correction->notes, ==, notes->str);
  g_assert_null (parse (too_long, NULL));
}

static AnnotCorrection *
from_form (const char *first_name, const char *first, const char *second_name, const char *second, GError **error)
{
  g_autoptr (GHashTable) form = g_hash_table_new (g_str_hash, g_str_equal);
  AnnotLimits limits = ANNOT_LIMITS_DEFAULT;

  g_hash_table_insert (form, (gpointer) "lease", (gpointer) "4.5");
  g_hash_table_insert (form, (gpointer) "quality_score", (gpointer) "");
  g_hash_table_insert (form, (gpointer) first_name, (gpointer) first);
  g_hash_table_insert (form, (gpointer) second_name, (gpointer) second);
  return annot_correction_from_form (form, &limits, error);
}

static void
test_form (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotCorrection) small = from_form ("bbox", "[1,2,3,4]", "label", "\"quoted\"", &error);
  g_autoptr (AnnotCorrection) full = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (small->labels[0], ==, "\"quoted\"");
  g_assert_cmpint (small->lease.seq, ==, 4);
  g_assert_true (isnan (small->quality_score));

  full = from_form ("corrected_detections", "[{\"label\":\"a\"}]", "quality_score", "0.5", &error);
  g_assert_no_error (error);
  g_assert_cmpfloat (full->quality_score, ==, 0.5);
  g_assert_cmpstr (full->labels[0], ==, "a");

  g_assert_null (from_form ("corrected_detections", "[]},\"x\":{", "notes", "", &error));
  g_assert_cmpstr (error->message, ==, "corrected_detections: not valid JSON at byte 2: nothing may follow the value");
  g_clear_error (&error);
  g_assert_null (from_form ("corrected_detections", "[]", "notes", "\xff", &error));
  g_assert_cmpstr (error->message, ==, "notes: must be UTF-8");
  g_clear_error (&error);
  g_assert_null (from_form ("corrected_detections", "[]", "quality_score", "2", &error));
  g_assert_cmpstr (error->message, ==, "quality_score: must be between 0 and 1");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/correction/full", test_full);
  g_test_add_func ("/correction/short", test_short);
  g_test_add_func ("/correction/verdicts", test_verdicts);
  g_test_add_func ("/correction/digest", test_digest);
  g_test_add_func ("/correction/errors", test_errors);
  g_test_add_func ("/correction/notes-length", test_notes_length);
  g_test_add_func ("/correction/form", test_form);
  return g_test_run ();
}
