/* SPDX-License-Identifier: Apache-2.0 */
/* Detections as the store keeps them are read back. */
#include "model/annot-detection.h"

#include <math.h>

static void
test_parse (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) detections = annot_detections_parse (
      "[{\"bbox\":{\"x1\":-1,\"y1\":2,\"x2\":3.5,\"y2\":4,\"angle\":5},\"class_name\":\"\\u00e4\",\"confidence\":0.25,"
      "\"corrected_class\":\"b\",\"is_correct\":false},{\"bbox\":null,\"class_name\":\"c\",\"confidence\":null},"
      "{\"class_name\":\"d\",\"is_correct\":false,\"bbox\":{\"x1\":0,\"y1\":0,\"x2\":1,\"y2\":1}}]",
      TRUE, &error);
  const AnnotDetection *first, *second, *third;

  g_assert_no_error (error);
  g_assert_cmpuint (detections->len, ==, 3);
  first = detections->pdata[0];
  second = detections->pdata[1];
  third = detections->pdata[2];
  g_assert_cmpfloat (first->x1, ==, -1);
  g_assert_cmpfloat (first->x2, ==, 3.5);
  g_assert_cmpstr (first->class_name, ==, "\xc3\xa4");
  g_assert_cmpfloat (first->confidence, ==, 0.25);
  g_assert_false (first->is_correct);
  g_assert_true (annot_detection_has_box (first));
  g_assert_false (annot_detection_is_normalised (first));
  g_assert_cmpstr (annot_detection_get_label (first), ==, "b");

  g_assert_true (second->is_correct);
  g_assert_true (isnan (second->confidence));
  g_assert_false (annot_detection_has_box (second));
  g_assert_cmpstr (annot_detection_get_label (second), ==, "c");

  g_assert_true (annot_detection_is_normalised (third));
  g_assert_null (annot_detection_get_label (third));
}

/* A producer's own members of these names are nothing to this program. */
static void
test_foreign_members (void)
{
  g_autoptr (GPtrArray) detections = annot_detections_parse (
      "[{\"class_name\":\"a\",\"corrected_class\":{\"x\":[1]},\"is_correct\":\"maybe\"}]", FALSE, NULL);
  const AnnotDetection *detection;

  g_assert_nonnull (detections);
  detection = detections->pdata[0];
  g_assert_null (detection->corrected_class);
  g_assert_true (detection->is_correct);
  g_assert_cmpstr (annot_detection_get_label (detection), ==, "a");
}

static void
test_wrong (void)
{
  static const char *const cases[]
      = { "", "{}", "[", "[1]", "[{]", "[{\"bbox\":1}]", "[{\"class_name\":1}]",
          "[{\"corrected_class\":1}]", "[{}] x" };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;

    g_assert_null (annot_detections_parse (cases[i], TRUE, &error));
    g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/detection/parse", test_parse);
  g_test_add_func ("/detection/foreign-members", test_foreign_members);
  g_test_add_func ("/detection/wrong", test_wrong);
  return g_test_run ();
}
