/* SPDX-License-Identifier: Apache-2.0 */
/* Examples: what was accepted is valid JSON in all that is made of it, and the same when it is sent once more. */
#include <stdlib.h>
#include <string.h>

#include "model/annot-detection.h"
#include "model/annot-example-json.h"
#include "model/annot-frame.h"
#include "model/annot-json-reader.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static void
check (gboolean holds)
{
  if (!holds)
    abort ();
}

static void
check_example (const AnnotExample *example)
{
  AnnotLimits limits = ANNOT_LIMITS_DEFAULT;
  g_autoptr (GString) json = g_string_new (NULL), original = g_string_new (NULL);
  g_autoptr (GPtrArray) detections = annot_detections_parse (example->detections, FALSE, NULL);
  g_autoptr (AnnotExample) again = NULL;
  guint width, height;

  limits.message_bytes *= 2;
  limits.json_depth += 1;
  check (detections != NULL);
  check (annot_event_id_is_valid (example->event_id));
  check (annot_json_validate (example->payload, strlen (example->payload), limits.json_depth, NULL));
  annot_example_append_json (json, example);
  check (annot_json_validate (json->str, json->len, limits.json_depth, NULL));
  annot_example_append_original (original, example, TRUE);
  again = annot_example_parse (original->str, original->len, &limits, NULL);
  check (again != NULL);
  check (strcmp (again->detections, example->detections) == 0);
  check (strcmp (again->payload, example->payload) == 0);
  check (g_strcmp0 (again->frame_sha256, example->frame_sha256) == 0);
  check (g_strv_equal ((const char *const *) again->labels, (const char *const *) example->labels));
  annot_frame_get_size (example->frame, &width, &height);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  AnnotLimits limits = ANNOT_LIMITS_DEFAULT;
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotExample) example = annot_example_parse ((const char *) data, size, &limits, &error);

  check ((example != NULL) == (error == NULL));
  if (example)
    check_example (example);
  else
    check (g_utf8_validate (error->message, -1, NULL));
  return 0;
}
