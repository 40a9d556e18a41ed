/* SPDX-License-Identifier: Apache-2.0 */
/* The messages that go out: labelled examples and events. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

#define ANNOT_LABELED_SCHEMA_VERSION 1

/* Returns: (transfer full): the outgoing message for an annotation of an example (id = the annotation's, key = camera_id);
 * inline_frame: the relay is to add frame_data, else frame_url and frame_sha256 stand in it */
ANNOT_API AnnotOutgoing *annot_labeled_example_new (const char *topic, const AnnotExample *example,
                                                    const AnnotAnnotation *annotation, gboolean inline_frame);
/* Appends the members of a labelled example but frame_data, frame_url and frame_sha256, to an object that has begun;
 * annotation may be NULL: its members are null then. */
ANNOT_API void annot_labeled_example_append (GString *out, const AnnotExample *example,
                                             const AnnotAnnotation *annotation);
/* Returns: (transfer full): `{event_type, example_id, by, reason, timestamp}`; event_id and reason may be NULL */
ANNOT_API AnnotOutgoing *annot_event_new (const char *topic, const char *event_type, const char *event_id,
                                          const char *by, const char *reason);
/* Returns: (transfer full): the message's value: the payload, with frame_data when a frame is inlined. `frame_data` is
 * always present in a labelled example, null when there is no inline frame */
ANNOT_API GBytes *annot_outgoing_to_bytes (const AnnotOutgoing *outgoing);

G_END_DECLS
