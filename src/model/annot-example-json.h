/* SPDX-License-Identifier: Apache-2.0 */
/* Examples from and to JSON, as in the wire contracts. */
#pragma once

#include <annotationd/annotationd.h>
#include "annot-limits.h"

G_BEGIN_DECLS

/**
 * annot_example_parse:
 * @data: one JSON object
 * @length: bytes
 * @limits: limits
 *
 * Reads a hard example as a producer sends it: checks all, normalises boxes and names, cuts the frame out and decodes it.
 *
 * Returns: (transfer full) (nullable): the example, status pending, source unset; %ANNOT_ERROR_INVALID
 */
ANNOT_API AnnotExample *annot_example_parse (const char *data, gsize length, const AnnotLimits *limits,
                                             GError **error);
/**
 * annot_example_append_json:
 *
 * Appends the example as the API and the WebSocket give it: the payload's members, `detections`, then the store's own:
 * `priority`, `status`, `seq`, `received_at`, `revision`, `skips`, `annotator`, `finished_at`, `has_frame`, `frame_url`,
 * `frame_sha256`, `source`. No frame bytes.
 * A producer's member with one of these names is kept in the store and the export, but not shown here.
 */
ANNOT_API void annot_example_append_json (GString *out, const AnnotExample *example);
/* Appends the example as it came (the payload with `detections`, and with `frame_data` when the frame is loaded and
 * with_frame is TRUE): what a producer would send to have it once more. */
ANNOT_API void annot_example_append_original (GString *out, const AnnotExample *example, gboolean with_frame);
/* Appends `"/api/v1/examples/ID/frame"`, or null when it has no image. */
ANNOT_API void annot_example_append_frame_url (GString *out, const AnnotExample *example);
/* Appends `{topic,partition,offset}`, or null when it did not come from a broker. */
ANNOT_API void annot_example_append_source (GString *out, const AnnotExample *example);
/* TRUE for `[A-Za-z0-9._:-]{1,255}`. */
ANNOT_API gboolean annot_event_id_is_valid (const char *text);

G_END_DECLS
