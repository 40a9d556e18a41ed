/* SPDX-License-Identifier: Apache-2.0 */
/* A broker under test with a listener that writes everything down. */
#include "annot-test-consumer.h"

#include "annot-test-backend.h"
#include "annot-test-loop.h"

#include <string.h>

static void
on_message (AnnotBroker *broker, AnnotMessage *message, gpointer user_data)
{
  AnnotTestConsumer *self = user_data;

  g_ptr_array_add (self->messages, annot_message_ref (message));
  if (self->messages->len == self->pause_at)
    annot_broker_pause (broker);
}

static void
on_assigned (AnnotBroker *broker, GPtrArray *partitions, gpointer user_data)
{
  AnnotTestConsumer *self = user_data;

  self->assignments++;
  self->partitions += partitions->len;
}

static void
on_revoked (AnnotBroker *broker, GPtrArray *partitions, gboolean lost, gpointer user_data)
{
  AnnotTestConsumer *self = user_data;

  self->partitions -= MIN (self->partitions, partitions->len);
  annot_broker_revoke_done (broker);
}

static void
on_failed (AnnotBroker *broker, const GError *error, gpointer user_data)
{
  ((AnnotTestConsumer *) user_data)->failures++;
}

static const AnnotBrokerListener listener = { on_message, on_assigned, on_revoked, on_failed };

AnnotTestConsumer *
annot_test_consumer_new (const char *plugin, const char *state_dir, const char *const *options)
{
  AnnotTestConsumer *self = g_new0 (AnnotTestConsumer, 1);
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;

  self->messages = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_message_unref);
  self->broker = annot_test_backend_new (ANNOT_PLUGIN_BROKER, plugin, state_dir, options);
  annot_broker_set_listener (self->broker, &listener, self);
  annot_broker_open (self->broker, NULL, annot_test_call_done, &call);
  annot_broker_open_finish (self->broker, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return self;
}

void
annot_test_consumer_close (AnnotTestConsumer *self)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;

  annot_broker_close (self->broker, NULL, annot_test_call_done, &call);
  annot_broker_close_finish (self->broker, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
  self->partitions = 0;
}

void
annot_test_consumer_free (AnnotTestConsumer *self)
{
  annot_test_consumer_close (self);
  g_assert_finalize_object (self->broker);
  g_ptr_array_unref (self->messages);
  g_free (self);
}

void
annot_test_consumer_consume (AnnotTestConsumer *self, const char *topic)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  const char *const topics[] = { topic, NULL };
  g_autoptr (GError) error = NULL;

  annot_broker_consume (self->broker, topics, NULL, annot_test_call_done, &call);
  annot_broker_consume_finish (self->broker, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

typedef struct {
  AnnotTestConsumer *self;
  guint count;
} Expected;

static gboolean
has_messages (gpointer user_data)
{
  const Expected *expected = user_data;

  return expected->self->messages->len >= expected->count;
}

gboolean
annot_test_consumer_wait (AnnotTestConsumer *self, guint count)
{
  Expected expected = { self, count };

  return annot_test_wait_until (has_messages, &expected, ANNOT_TEST_PATIENCE);
}

static gboolean
has_partitions (gpointer user_data)
{
  const Expected *expected = user_data;

  return expected->self->assignments > 0 && expected->self->partitions == expected->count;
}

gboolean
annot_test_consumer_wait_assigned (AnnotTestConsumer *self, guint partitions)
{
  Expected expected = { self, partitions };

  return annot_test_wait_until (has_partitions, &expected, ANNOT_TEST_PATIENCE);
}

char *
annot_test_consumer_text (AnnotTestConsumer *self, guint index)
{
  const AnnotMessage *message = g_ptr_array_index (self->messages, index);
  gsize size = 0;
  const char *data = message->value ? g_bytes_get_data (message->value, &size) : NULL;

  return g_strndup (data ? data : "", size);
}

void
annot_test_consumer_store (AnnotTestConsumer *self, guint index)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  const AnnotMessage *message = g_ptr_array_index (self->messages, index);
  g_autoptr (GError) error = NULL;

  annot_broker_store_offset (self->broker, message->topic, message->partition, message->next_offset, NULL,
                             annot_test_call_done, &call);
  annot_broker_store_offset_finish (self->broker, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

gboolean
annot_test_produce (AnnotBroker *broker, const char *topic, const char *id, const char *value, GError **error)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GBytes) bytes = value ? g_bytes_new (value, strlen (value)) : NULL;
  g_autoptr (GBytes) key = g_bytes_new_static ("key", 3);
  g_autoptr (AnnotMessage) message = annot_message_new (topic, key, bytes);

  if (id)
    annot_message_add_header (message, "id", id);
  annot_broker_produce (broker, message, NULL, annot_test_call_done, &call);
  return annot_broker_produce_finish (broker, annot_test_call_wait (&call), error);
}
