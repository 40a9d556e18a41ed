/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a message that can never be stored. */
#include "annot-dead-letter.h"

AnnotMessage *
annot_dead_letter_new (const char *topic, const AnnotMessage *message, const char *stage, const char *reason)
{
  AnnotMessage *letter = annot_message_new (topic, message->key, message->value);
  g_autofree char *partition = g_strdup_printf ("%d", message->partition);
  g_autofree char *offset = g_strdup_printf ("%" G_GINT64_FORMAT, message->offset);

  letter->timestamp = message->timestamp;
  for (guint i = 0; i < message->headers->len; i++) {
    const AnnotHeader *header = g_ptr_array_index (message->headers, i);

    annot_message_add_header_bytes (letter, header->name, header->value);
  }
  annot_message_add_header (letter, "__connect.errors.topic", message->topic);
  annot_message_add_header (letter, "__connect.errors.partition", partition);
  annot_message_add_header (letter, "__connect.errors.offset", offset);
  annot_message_add_header (letter, "__connect.errors.stage", stage);
  annot_message_add_header (letter, "__connect.errors.exception.message", reason);
  return letter;
}
