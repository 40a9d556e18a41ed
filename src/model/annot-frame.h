/* SPDX-License-Identifier: Apache-2.0 */
/* Image frames: decoded from base64, known by their bytes. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/* The type by the first bytes; ANNOT_FRAME_NONE for anything but JPEG, PNG and WebP. */
ANNOT_API AnnotFrameType annot_frame_sniff (const guint8 *data, gsize length);
/* Width and height in pixels from the image's header; FALSE when it cannot be told. */
ANNOT_API gboolean annot_frame_get_size (GBytes *frame, guint *width, guint *height);
/* Decodes base64 (standard alphabet, padding optional at the end) or a base64 data: URL, straight from the message's
 * bytes. Returns: (transfer full) (nullable): the image; error INVALID */
ANNOT_API GBytes *annot_frame_decode (const char *text, gsize length, gsize max_bytes, AnnotFrameType *type,
                                      GError **error);
/* Returns: (transfer full): the image's SHA-256 in hexadecimal digits */
ANNOT_API char *annot_frame_digest (GBytes *frame);

G_END_DECLS
