/* SPDX-License-Identifier: Apache-2.0 */
/* A message of a broker topic, as consumed or to be produced. */
#pragma once

#if !defined(ANNOTATIOND_INSIDE) && !defined(ANNOTATIOND_COMPILATION)
#error "Include <annotationd/annotationd.h>"
#endif

#include <glib-object.h>

#include <annotationd/annot-macros.h>

G_BEGIN_DECLS

/* One header: name and value (NULL is a null value, which is not an empty one). Order and repetition are kept. */
typedef struct {
  char *name;
  GBytes *value;
} AnnotHeader;

/**
 * AnnotMessage:
 * @topic: topic
 * @partition: partition, -1 when the producer may choose
 * @offset: offset in the partition, -1 for one that is to be produced. A broker's own unit: only its order counts
 * @next_offset: the offset to store once this message is done (Kafka: @offset + 1)
 * @timestamp: microseconds since 1970 UTC, 0 when unknown
 * @key: (nullable): key
 * @value: (nullable): value; %NULL is a null value (a tombstone)
 * @headers: (element-type AnnotHeader): headers, never %NULL
 *
 * Reference-counted, immutable once handed on. Fields may be read directly.
 */
typedef struct {
  char *topic;
  int partition;
  gint64 offset;
  gint64 next_offset;
  gint64 timestamp;
  GBytes *key;
  GBytes *value;
  GPtrArray *headers;
} AnnotMessage;

#define ANNOT_TYPE_MESSAGE (annot_message_get_type ())
ANNOT_API GType annot_message_get_type (void);
/* Makes a message to produce: partition -1, offset -1, no headers. Takes references on key and value. */
ANNOT_API AnnotMessage *annot_message_new (const char *topic, GBytes *key, GBytes *value);
ANNOT_API AnnotMessage *annot_message_ref (AnnotMessage *self);
ANNOT_API void annot_message_unref (AnnotMessage *self);
/* Appends a header with a text value. Only before the message is shared. */
ANNOT_API void annot_message_add_header (AnnotMessage *self, const char *name, const char *value);
ANNOT_API void annot_message_add_header_bytes (AnnotMessage *self, const char *name, GBytes *value);
/* Returns: (transfer none) (nullable): the first header of that name */
ANNOT_API GBytes *annot_message_get_header (const AnnotMessage *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotMessage, annot_message_unref)

G_END_DECLS
