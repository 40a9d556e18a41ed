/* SPDX-License-Identifier: Apache-2.0 */
/* The messages that go out have exactly the members that trainers know. */
#include "model/annot-labeled-example.h"

#include <string.h>

#include "model/annot-json-reader.h"

static AnnotExample *
make_example (gboolean with_frame)
{
  AnnotExample *example = annot_example_new ();

  example->event_id = g_strdup ("e1");
  example->camera_id = g_strdup ("cam-1");
  example->timestamp = G_GINT64_CONSTANT (1795420800000000);
  example->payload = g_strdup ("{\"event_id\":\"e1\",\"model_version\":\"v\\u0031\",\"reason\":\"low\"}");
  example->detections = g_strdup ("[{\"class_name\":\"cat\"}]");
  if (with_frame) {
    example->frame_type = ANNOT_FRAME_JPEG;
    example->frame_sha256 = g_strdup ("abc");
    example->source_topic = g_strdup ("hard-examples");
    example->source_partition = 1;
    example->source_offset = 9;
  }
  return example;
}

static AnnotAnnotation *
make_annotation (void)
{
  AnnotAnnotation *annotation = annot_annotation_new ();

  annotation->id = g_strdup ("11111111-2222-3333-4444-555555555555");
  annotation->event_id = g_strdup ("e1");
  annotation->revision = 2;
  annotation->annotator = g_strdup ("jane");
  annotation->created_at = G_GINT64_CONSTANT (1795420801500000);
  annotation->corrected_detections = g_strdup ("[]");
  return annotation;
}

#define COMMON                                                                                                         \
  "{\"event_id\":\"e1\",\"camera_id\":\"cam-1\",\"timestamp\":\"2026-11-23T08:00:00Z\","                               \
  "\"original_detections\":[{\"class_name\":\"cat\"}],\"corrected_detections\":[],\"annotator_id\":\"jane\","          \
  "\"annotation_timestamp\":\"2026-11-23T08:00:01.500000Z\",\"quality_score\":null,\"notes\":null,\"schema_version\":" \
  "1,"                                                                                                                 \
  "\"revision\":2,\"lead_time_ms\":null,\"model_version\":\"v\\u0031\","
#define SOURCE "\"source\":{\"topic\":\"hard-examples\",\"partition\":1,\"offset\":9}"

static void
assert_value (const AnnotOutgoing *outgoing, const char *expected)
{
  g_autoptr (GBytes) bytes = annot_outgoing_to_bytes (outgoing);
  gsize length;
  const char *value = g_bytes_get_data (bytes, &length);

  g_test_message ("%.*s", (int) length, value);
  g_assert_cmpmem (value, length, expected, strlen (expected));
  g_assert_true (annot_json_validate (value, length, 32, NULL));
}

static void
test_inline (void)
{
  g_autoptr (AnnotExample) example = make_example (TRUE);
  g_autoptr (AnnotAnnotation) annotation = make_annotation ();
  g_autoptr (AnnotOutgoing) outgoing = annot_labeled_example_new ("labeled-examples", example, annotation, TRUE);

  g_assert_cmpstr (outgoing->id, ==, annotation->id);
  g_assert_cmpstr (outgoing->topic, ==, "labeled-examples");
  g_assert_cmpstr (outgoing->key, ==, "cam-1");
  g_assert_cmpstr (outgoing->event_id, ==, "e1");
  g_assert_true (outgoing->inline_frame);
  assert_value (outgoing, COMMON SOURCE ",\"frame_data\":null}");
  outgoing->frame = g_bytes_new ("\xff\xd8\xff", 3);
  assert_value (outgoing, COMMON SOURCE ",\"frame_data\":\"/9j/\"}");
}

static void
test_reference (void)
{
  g_autoptr (AnnotExample) example = make_example (TRUE);
  g_autoptr (AnnotAnnotation) annotation = make_annotation ();
  g_autoptr (AnnotOutgoing) outgoing = annot_labeled_example_new ("labeled-examples", example, annotation, FALSE);

  g_assert_false (outgoing->inline_frame);
  assert_value (outgoing, COMMON SOURCE ",\"frame_url\":\"/api/v1/examples/e1/frame\",\"frame_sha256\":\"abc\","
                                        "\"frame_data\":null}");
}

static void
test_no_frame (void)
{
  g_autoptr (AnnotExample) example = make_example (FALSE);
  g_autoptr (AnnotAnnotation) annotation = make_annotation ();
  g_autoptr (AnnotOutgoing) outgoing = annot_labeled_example_new ("labeled-examples", example, annotation, TRUE);

  g_assert_false (outgoing->inline_frame);
  assert_value (outgoing, COMMON "\"source\":null,\"frame_data\":null}");
}

static void
test_values (void)
{
  g_autoptr (AnnotExample) example = make_example (FALSE);
  g_autoptr (AnnotAnnotation) annotation = make_annotation ();
  g_autoptr (AnnotOutgoing) outgoing = NULL;

  annotation->quality_score = 0.75;
  annotation->notes = g_strdup ("\"good\"\n");
  annotation->lead_time_ms = 0;
  outgoing = annot_labeled_example_new ("labeled-examples", example, annotation, TRUE);
  g_assert_nonnull (strstr (outgoing->payload, "\"quality_score\":0.75,\"notes\":\"\\\"good\\\"\\n\""));
  g_assert_nonnull (strstr (outgoing->payload, "\"lead_time_ms\":0,"));
}

static void
test_event (void)
{
  g_autoptr (AnnotOutgoing) skip = annot_event_new ("annotation.events", "example_skipped", "e1", "jane", "blurred");
  g_autoptr (AnnotOutgoing) erasure = annot_event_new ("annotation.events", "subject_erased", NULL, "officer", NULL);

  g_assert_true (g_str_has_prefix (skip->payload,
                                   "{\"event_type\":\"example_skipped\",\"example_id\":\"e1\",\"by\":\"jane\","
                                   "\"reason\":\"blurred\",\"timestamp\":\"2"));
  g_assert_cmpstr (skip->event_id, ==, "e1");
  g_assert_true (g_str_has_prefix (erasure->payload, "{\"event_type\":\"subject_erased\",\"example_id\":null,"
                                                     "\"by\":\"officer\",\"reason\":null,"));
  g_assert_null (erasure->event_id);
  g_assert_null (erasure->key);
  assert_value (skip, skip->payload);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/labeled-example/inline", test_inline);
  g_test_add_func ("/labeled-example/reference", test_reference);
  g_test_add_func ("/labeled-example/no-frame", test_no_frame);
  g_test_add_func ("/labeled-example/values", test_values);
  g_test_add_func ("/labeled-example/event", test_event);
  return g_test_run ();
}
