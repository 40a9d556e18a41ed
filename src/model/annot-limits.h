/* SPDX-License-Identifier: Apache-2.0 */
/* How large an incoming document may be. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/**
 * AnnotLimits:
 * @message_bytes: a whole message
 * @frame_bytes: a decoded frame
 * @detections: detections of one example
 * @json_depth: nesting of objects and arrays
 */
typedef struct {
  gsize message_bytes;
  gsize frame_bytes;
  guint detections;
  guint json_depth;
} AnnotLimits;

/* 12 MiB, 8 MiB, 2000, 32: the defaults of the [limits] group. */
#define ANNOT_LIMITS_DEFAULT ((AnnotLimits){12 * 1024 * 1024, 8 * 1024 * 1024, 2000, 32})

G_END_DECLS
