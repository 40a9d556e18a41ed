/* SPDX-License-Identifier: Apache-2.0 */
/* Hard examples as a producer makes them: about 1 KB, or with a frame. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Each camera is a key, so that all partitions are used. */
#define LOAD_CAMERAS 50

/**
 * load_message_frame:
 * @bytes: how many
 *
 * Returns: (transfer full): what begins as a JPEG and does not compress
 */
guint8 *load_message_frame (gsize bytes);

/**
 * load_message_new:
 * @number: counts the messages; the camera follows from it
 * @frame: (nullable): base64
 *
 * Its `metadata.sent_us` is the monotonic clock in microseconds. Ids are in no order.
 *
 * Returns: (transfer full): the JSON text
 */
GString *load_message_new (guint number, const char *frame);

/* Prints "p50 p99" in microseconds. Sorts @times (element-type gint64). */
void load_print_times (GArray *times);

/* A count of the command line; ends the program when it is not one. */
guint load_number (const char *text);

G_END_DECLS
