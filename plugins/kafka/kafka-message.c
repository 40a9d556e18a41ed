/* SPDX-License-Identifier: Apache-2.0 */
/* Messages between librdkafka and the core. */
#include "kafka-message.h"

#include "kafka-error.h"

static void
copy_headers (AnnotMessage *copy, const rd_kafka_message_t *message)
{
  rd_kafka_headers_t *headers = NULL;
  const char *name = NULL;
  const void *value = NULL;
  gsize size = 0;

  if (rd_kafka_message_headers (message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return;
  for (gsize i = 0; rd_kafka_header_get_all (headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
    g_autoptr (GBytes) bytes = value ? g_bytes_new (value, size) : NULL;

    annot_message_add_header_bytes (copy, name, bytes);
  }
}

AnnotMessage *
kafka_message_new (const rd_kafka_message_t *message)
{
  g_autoptr (GBytes) key = message->key ? g_bytes_new (message->key, message->key_len) : NULL;
  g_autoptr (GBytes) value = message->payload ? g_bytes_new (message->payload, message->len) : NULL;
  AnnotMessage *copy = annot_message_new (rd_kafka_topic_name (message->rkt), key, value);
  rd_kafka_timestamp_type_t kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  gint64 milliseconds = rd_kafka_message_timestamp (message, &kind);

  copy->partition = message->partition;
  copy->offset = message->offset;
  copy->next_offset = message->offset + 1;
  if (kind != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && milliseconds > 0)
    copy->timestamp = milliseconds * 1000;
  copy_headers (copy, message);
  return copy;
}

static rd_kafka_headers_t *
make_headers (const AnnotMessage *message)
{
  rd_kafka_headers_t *headers = rd_kafka_headers_new (message->headers->len);

  for (guint i = 0; i < message->headers->len; i++) {
    const AnnotHeader *header = g_ptr_array_index (message->headers, i);
    gsize size = 0;
    const void *data = header->value ? g_bytes_get_data (header->value, &size) : NULL;

    /* As with keys and values: an empty text is not a null. */
    rd_kafka_header_add (headers, header->name, -1, header->value && !data ? "" : data, (gssize) size);
  }
  return headers;
}

gboolean
kafka_message_produce (rd_kafka_t *producer, AnnotMessage *message, gpointer opaque, GError **error)
{
  rd_kafka_headers_t *headers = make_headers (message);
  gsize key_size = 0;
  gsize size = 0;
  const void *key = message->key ? g_bytes_get_data (message->key, &key_size) : NULL;
  const void *value = message->value ? g_bytes_get_data (message->value, &size) : NULL;
  rd_kafka_resp_err_t code;

  /* An empty text is not a null. */
  if (message->key && !key)
    key = "";
  if (message->value && !value)
    value = "";
  code = rd_kafka_producev (producer, RD_KAFKA_V_TOPIC (message->topic),
                            RD_KAFKA_V_PARTITION (message->partition < 0 ? RD_KAFKA_PARTITION_UA : message->partition),
                            RD_KAFKA_V_KEY (key, key_size), RD_KAFKA_V_VALUE ((void *) value, size),
                            RD_KAFKA_V_TIMESTAMP (message->timestamp / 1000), RD_KAFKA_V_HEADERS (headers),
                            RD_KAFKA_V_MSGFLAGS (RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE (opaque), RD_KAFKA_V_END);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
    return TRUE;
  rd_kafka_headers_destroy (headers);
  g_propagate_error (error, kafka_error_new (code, message->topic, NULL));
  return FALSE;
}
