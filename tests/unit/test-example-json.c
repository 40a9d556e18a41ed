/* SPDX-License-Identifier: Apache-2.0 */
/* Examples: every shape that is accepted, every error with its path, and what comes back out. */
#include "model/annot-example-json.h"

#include <string.h>

#define HEAD "\"event_id\":\"e1\",\"camera_id\":\"cam-1\",\"timestamp\":\"2026-11-23T08:00:00Z\""
#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
/* The signature and header of a PNG of 640 by 480. */
#define PNG "iVBORw0KGgoAAAANSUhEUgAAAoAAAAHgCAIAAAA="

static AnnotExample *
parse (const char *text, GError **error)
{
  AnnotLimits limits = { 4096, 64, 3, 8 };
  gsize length = strlen (text);
  g_autofree char *exact = g_memdup2 (text, length);

  return annot_example_parse (exact, length, &limits, error);
}

static AnnotExample *
parse_good (const char *text)
{
  g_autoptr (GError) error = NULL;
  AnnotExample *example = parse (text, &error);

  g_assert_no_error (error);
  g_assert_nonnull (example);
  return example;
}

static void
test_all_members (void)
{
  g_autoptr (AnnotExample) example = parse_good (
      "{\"x\": {\"a\" : [1, 2]}," HEAD ",\"frame_data\":\"" PNG
      "\", \"detections\": [{\"bbox\": {\"x1\": 10, \"y1\": 2e1, "
      "\"x2\": 110.50, \"y2\": 220}, \"class_name\": \"person\", \"confidence\": 0.41, \"track\": 7}],"
      "\"priority\":0.9,\"metadata\":{\"privacy\":{\"face_hashes\":[\"" HASH "F\",\"" HASH "f\"]}},\"z\":1.0}");

  g_assert_cmpstr (example->event_id, ==, "e1");
  g_assert_cmpstr (example->camera_id, ==, "cam-1");
  g_assert_cmpint (example->timestamp, ==, G_GINT64_CONSTANT (1795420800000000));
  g_assert_cmpfloat (example->priority, ==, 0.9);
  g_assert_cmpint (example->frame_type, ==, ANNOT_FRAME_PNG);
  g_assert_cmpuint (g_bytes_get_size (example->frame), ==, 29);
  g_assert_cmpuint (strlen (example->frame_sha256), ==, 64);
  g_assert_cmpstr (example->detections, ==,
                   "[{\"bbox\":{\"x1\":10,\"y1\":2e1,\"x2\":110.50,\"y2\":220},\"class_name\":\"person\","
                   "\"confidence\":0.41,\"track\":7}]");
  g_assert_cmpstr (example->payload, ==,
                   "{\"x\":{\"a\" : [1, 2]}," HEAD
                   ",\"priority\":0.9,\"metadata\":{\"privacy\":{\"face_hashes\":[\"" HASH "F\",\"" HASH
                   "f\"]}},\"z\":1.0}");
  g_assert_cmpuint (g_strv_length (example->labels), ==, 1);
  g_assert_cmpstr (example->labels[0], ==, "person");
  g_assert_cmpuint (g_strv_length (example->face_hashes), ==, 1);
  g_assert_cmpstr (example->face_hashes[0], ==, HASH "f");
  g_assert_cmpint (example->status, ==, ANNOT_EXAMPLE_PENDING);
}

static void
test_shapes (void)
{
  static const char *const shapes[] = {
    "\"bbox\":{\"x1\":1,\"y1\":2,\"x2\":3,\"y2\":4}",
    "\"bbox\":{\"y2\":4,\"x2\":3,\"y1\":2,\"x1\":1}",
    "\"bbox\":{\"x_min\":1,\"y_min\":2,\"x_max\":3,\"y_max\":4}",
    "\"bbox\":[1,2,3,4]",
    "\"bounding_box\" : [1,2,3,4]",
    "\"b\\u0062ox\" : [1,2,3,4]",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (shapes); i++) {
    g_autofree char *text = g_strdup_printf ("{" HEAD ",\"detections\":[{%s,\"label\":\"car\"}]}", shapes[i]);
    g_autoptr (AnnotExample) example = parse_good (text);

    g_assert_cmpstr (example->detections, ==,
                     "[{\"bbox\":{\"x1\":1,\"y1\":2,\"x2\":3,\"y2\":4},\"class_name\":\"car\"}]");
  }
}

static void
test_kept_members (void)
{
  g_autoptr (AnnotExample) example = parse_good (
      "{" HEAD ",\"detections\":[{\"label\":3,\"class_name\":\"a\",\"bbox\":{\"x1\":0,\"angle\":1.50,\"y1\":0,\"x2\":1,"
      "\"y2\":1}},{\"class_name\":\"b\",\"is_correct\":\"maybe\"},{\"class_name\":\"a\"}]}");

  g_assert_cmpstr (example->detections, ==,
                   "[{\"class_name\":\"a\",\"bbox\":{\"x1\":0,\"y1\":0,\"x2\":1,\"y2\":1,\"angle\":1.50},\"label\":3},"
                   "{\"class_name\":\"b\",\"is_correct\":\"maybe\"},{\"class_name\":\"a\"}]");
  g_assert_cmpuint (g_strv_length (example->labels), ==, 2);
  g_assert_cmpstr (example->labels[0], ==, "a");
  g_assert_cmpstr (example->labels[1], ==, "b");
}

static void
test_priority (void)
{
  static const struct {
    const char *members;
    double priority;
  } cases[] = {
    { "", 0.5 },
    { ",\"detections\":[]", 0.5 },
    { ",\"detections\":null,\"priority\":null", 0.5 },
    { ",\"detections\":[{\"class_name\":\"a\"}]", 0.5 },
    { ",\"detections\":[{\"confidence\":0.75},{\"confidence\":0.25},{\"confidence\":null}]", 0.75 },
    { ",\"detections\":[{\"confidence\":0.25}],\"priority\":7", 7 },
    { ",\"detections\":[{\"confidence\":1}]", 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *text = g_strdup_printf ("{" HEAD "%s}", cases[i].members);
    g_autoptr (AnnotExample) example = parse_good (text);

    g_test_message ("%s", cases[i].members);
    g_assert_cmpfloat (example->priority, ==, cases[i].priority);
  }
}

static void
test_no_frame (void)
{
  static const char *const cases[] = {
    "{" HEAD "}",
    "{" HEAD ",\"frame_data\":null}",
    "{" HEAD ",\"frame_uri\":\"https://example.org/f.jpg\"}",
    "{" HEAD ",\"text\":\"Hello\\n\\u00e4\"}",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (AnnotExample) example = parse_good (cases[i]);

    g_assert_null (example->frame);
    g_assert_null (example->frame_sha256);
    g_assert_cmpint (example->frame_type, ==, ANNOT_FRAME_NONE);
    g_assert_cmpstr (example->detections, ==, "[]");
    g_assert_cmpuint (g_strv_length (example->labels), ==, 0);
  }
}

static void
test_errors (void)
{
  static const struct {
    const char *text;
    const char *message;
  } cases[] = {
    { "", "not valid JSON at byte 0: a value is expected" },
    { "[]", "must be an object" },
    { "{" HEAD "} x", "not valid JSON at byte 73: nothing may follow the value" },
    { "{" HEAD ",\"x\":[[[[[[[[]]]]]]]]}", "not valid JSON at byte 83: nested too deeply" },
    { "{" HEAD ",\"detections\":[{\"bbox\":]}", "not valid JSON at byte 94: a value is expected" },
    { "{\"camera_id\":\"c\",\"timestamp\":\"2026-11-23T08:00:00Z\"}", "event_id: is required" },
    { "{\"event_id\":\"e\",\"timestamp\":\"2026-11-23T08:00:00Z\"}", "camera_id: is required" },
    { "{\"event_id\":\"e\",\"camera_id\":\"c\"}", "timestamp: is required" },
    { "{\"event_id\":7}", "event_id: must be a string" },
    { "{\"event_id\":null}", "event_id: must be a string" },
    { "{\"event_id\":\"\"}", "event_id: must not be empty" },
    { "{\"event_id\":\"a/b\"}", "event_id: must be 1 to 255 of the characters A-Z a-z 0-9 . _ : -" },
    { "{\"camera_id\":\"\\u0000\"}", "camera_id: must not hold the character U+0000" },
    { "{\"timestamp\":\"yesterday\"}", "timestamp: must be an RFC 3339 time like 2026-11-23T08:00:00Z" },
    { "{" HEAD ",\"event_id\":\"e2\"}", "event_id: is given twice" },
    { "{" HEAD ",\"detections\":[],\"detecti\\u006fns\":[]}", "detections: is given twice" },
    { "{" HEAD ",\"frame_data\":7}", "frame_data: must be a string" },
    { "{" HEAD ",\"frame_data\":\"AAAA\"}", "frame_data: must be a JPEG, PNG or WebP image" },
    { "{" HEAD ",\"frame_data\":\"?\"}", "frame_data: must be base64 or a data: URL in base64" },
    { "{" HEAD ",\"frame_data\":\"" PNG "\",\"frame_data\":null}", "frame_data: is given twice" },
    { "{" HEAD
      ",\"frame_data\":\"/9j/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
      "frame_data: must not be larger than 64 bytes" },
    { "{" HEAD ",\"frame_uri\":\"javascript:alert(1)\"}", "frame_uri: must be an http, https, s3 or gs URI" },
    { "{" HEAD ",\"frame_uri\":\"f.jpg\"}", "frame_uri: must be an http, https, s3 or gs URI" },
    { "{" HEAD ",\"text\":[]}", "text: must be a string" },
    { "{" HEAD ",\"priority\":\"high\"}", "priority: must be a number" },
    { "{" HEAD ",\"priority\":1e999}", "priority: must be a finite number" },
    { "{" HEAD ",\"detections\":{}}", "detections: must be an array" },
    { "{" HEAD ",\"detections\":[1]}", "detections[0]: must be an object" },
    { "{" HEAD ",\"detections\":[{},{},{},{}]}", "detections: must not hold more than 3" },
    { "{" HEAD ",\"detections\":[{},{\"bbox\":[1,2,1,4]}]}", "detections[1].bbox[2]: must be greater than bbox[0]" },
    { "{" HEAD ",\"detections\":[{\"bbox\":[1,2,3]}]}", "detections[0].bbox: must be four numbers" },
    { "{" HEAD ",\"detections\":[{\"bbox\":[1,2,3,4,5]}]}", "detections[0].bbox: must be four numbers" },
    { "{" HEAD ",\"detections\":[{\"bbox\":[1,2,null,4]}]}", "detections[0].bbox[2]: must be a number" },
    { "{" HEAD ",\"detections\":[{\"bbox\":[1,2,1e400,4]}]}", "detections[0].bbox[2]: must be a finite number" },
    { "{" HEAD ",\"detections\":[{\"bbox\":7}]}", "detections[0].bbox: must be an object or an array of four numbers" },
    { "{" HEAD ",\"detections\":[{\"bbox\":{\"x1\":5,\"y1\":2,\"x2\":1,\"y2\":4}}]}",
      "detections[0].bbox.x2: must be greater than x1" },
    { "{" HEAD ",\"detections\":[{\"bounding_box\":{\"x_min\":1,\"y_min\":4,\"x_max\":3,\"y_max\":4}}]}",
      "detections[0].bounding_box.y_max: must be greater than y_min" },
    { "{" HEAD ",\"detections\":[{\"bbox\":{\"x1\":5,\"y1\":2,\"x2\":9}}]}", "detections[0].bbox.y2: is required" },
    { "{" HEAD ",\"detections\":[{\"bbox\":{\"x_min\":5,\"y_min\":2,\"x_max\":9}}]}",
      "detections[0].bbox.y_max: is required" },
    { "{" HEAD ",\"detections\":[{\"bbox\":{\"x1\":5,\"x_min\":5}}]}", "detections[0].bbox.x_min: is given twice" },
    { "{" HEAD ",\"detections\":[{\"bbox\":[1,2,3,4],\"bounding_box\":[1,2,3,4]}]}",
      "detections[0].bounding_box: is given twice" },
    { "{" HEAD ",\"detections\":[{\"confidence\":1.01}]}", "detections[0].confidence: must be between 0 and 1" },
    { "{" HEAD ",\"detections\":[{\"confidence\":\"1\"}]}", "detections[0].confidence: must be a number" },
    { "{" HEAD ",\"detections\":[{\"class_name\":1}]}", "detections[0].class_name: must be a string" },
    { "{" HEAD ",\"detections\":[{\"label\":\"\"}]}", "detections[0].label: must not be empty" },
    { "{" HEAD ",\"metadata\":{\"privacy\":{\"face_hashes\":\"x\"}}}",
      "metadata.privacy.face_hashes: must be an array" },
    { "{" HEAD ",\"metadata\":{\"privacy\":{\"face_hashes\":[\"" HASH "0\",\"" HASH "g\"]}}}",
      "metadata.privacy.face_hashes[1]: must be 64 hexadecimal digits" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;

    g_test_message ("%s", cases[i].text);
    g_assert_null (parse (cases[i].text, &error));
    g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID);
    g_assert_cmpstr (error->message, ==, cases[i].message);
    g_assert_null (parse (cases[i].text, NULL));
  }
}

static void
test_too_long (void)
{
  g_autofree char *text = g_strnfill (4097, ' ');
  g_autoptr (GError) error = NULL;

  g_assert_null (parse (text, &error));
  g_assert_cmpstr (error->message, ==, "must not be larger than 4096 bytes");
}

static void
test_append_json (void)
{
  g_autoptr (AnnotExample) example
      = parse_good ("{" HEAD ",\"frame_data\":\"" PNG "\",\"priority\":1,\"status\":\"mine\","
                    "\"seq\":-1,\"note\":\"\\u00e4\"}");
  g_autoptr (GString) out = g_string_new (NULL);

  g_free (example->frame_sha256);
  example->frame_sha256 = g_strdup ("abc");
  example->seq = 7;
  example->received_at = 1;
  example->source_topic = g_strdup ("hard-examples");
  example->source_partition = 2;
  example->source_offset = 3;
  annot_example_append_json (out, example);
  g_assert_cmpstr (out->str, ==,
                   "{" HEAD ",\"note\":\"\\u00e4\",\"detections\":[],\"priority\":1,\"status\":\"pending\",\"seq\":7,"
                   "\"received_at\":\"1970-01-01T00:00:00.000001Z\",\"revision\":0,\"skips\":0,\"annotator\":null,"
                   "\"finished_at\":null,\"has_frame\":true,\"frame_url\":\"/api/v1/examples/e1/frame\","
                   "\"frame_sha256\":\"abc\",\"source\":{\"topic\":\"hard-examples\",\"partition\":2,\"offset\":3}}");
}

/* What was given back as the original is the same example once more. */
static void
test_append_original (void)
{
  g_autoptr (AnnotExample) example
      = parse_good ("{" HEAD ",\"frame_data\":\"" PNG "\",\"status\":\"mine\",\"detections\":[{\"bbox\":[1,2,3,4]}]}");
  g_autoptr (AnnotExample) again = NULL;
  g_autoptr (GString) with = g_string_new (NULL), without = g_string_new (NULL);

  annot_example_append_original (with, example, TRUE);
  annot_example_append_original (without, example, FALSE);
  g_assert_cmpstr (without->str, ==,
                   "{" HEAD ",\"status\":\"mine\",\"detections\":[{\"bbox\":{\"x1\":1,\"y1\":2,\"x2\":3,\"y2\":4}}]}");
  again = parse_good (with->str);
  g_assert_cmpstr (again->payload, ==, example->payload);
  g_assert_cmpstr (again->detections, ==, example->detections);
  g_assert_cmpstr (again->frame_sha256, ==, example->frame_sha256);
}

static void
test_event_id (void)
{
  g_autofree char *longest = g_strnfill (255, 'x'), *too_long = g_strnfill (256, 'x');

  g_assert_true (annot_event_id_is_valid ("b5c0.A_:-9"));
  g_assert_true (annot_event_id_is_valid (longest));
  g_assert_false (annot_event_id_is_valid (too_long));
  g_assert_false (annot_event_id_is_valid (""));
  g_assert_false (annot_event_id_is_valid ("a b"));
  g_assert_false (annot_event_id_is_valid ("\xc3\xa4"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/example-json/all-members", test_all_members);
  g_test_add_func ("/example-json/shapes", test_shapes);
  g_test_add_func ("/example-json/kept-members", test_kept_members);
  g_test_add_func ("/example-json/priority", test_priority);
  g_test_add_func ("/example-json/no-frame", test_no_frame);
  g_test_add_func ("/example-json/errors", test_errors);
  g_test_add_func ("/example-json/too-long", test_too_long);
  g_test_add_func ("/example-json/append-json", test_append_json);
  g_test_add_func ("/example-json/append-original", test_append_original);
  g_test_add_func ("/example-json/event-id", test_event_id);
  return g_test_run ();
}
