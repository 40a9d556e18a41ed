/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of broker topics, and those that wait in the outbox. */
#include <annotationd/annotationd.h>

#include <string.h>

G_DEFINE_BOXED_TYPE (AnnotMessage, annot_message, annot_message_ref, annot_message_unref)

static void
header_free (AnnotHeader *header)
{
  g_free (header->name);
  g_clear_pointer (&header->value, g_bytes_unref);
  g_free (header);
}

AnnotMessage *
annot_message_new (const char *topic, GBytes *key, GBytes *value)
{
  AnnotMessage *self = g_atomic_rc_box_new0 (AnnotMessage);

  self->topic = g_strdup (topic);
  self->partition = -1;
  self->offset = -1;
  self->next_offset = -1;
  self->key = key ? g_bytes_ref (key) : NULL;
  self->value = value ? g_bytes_ref (value) : NULL;
  self->headers = g_ptr_array_new_with_free_func ((GDestroyNotify) header_free);
  return self;
}

AnnotMessage *
annot_message_ref (AnnotMessage *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
message_clear (AnnotMessage *self)
{
  g_free (self->topic);
  g_clear_pointer (&self->key, g_bytes_unref);
  g_clear_pointer (&self->value, g_bytes_unref);
  g_ptr_array_unref (self->headers);
}

void
annot_message_unref (AnnotMessage *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify) message_clear);
}

void
annot_message_add_header (AnnotMessage *self, const char *name, const char *value)
{
  g_autoptr (GBytes) bytes = g_bytes_new (value, strlen (value));

  annot_message_add_header_bytes (self, name, bytes);
}

void
annot_message_add_header_bytes (AnnotMessage *self, const char *name, GBytes *value)
{
  AnnotHeader *header = g_new (AnnotHeader, 1);

  header->name = g_strdup (name);
  header->value = value ? g_bytes_ref (value) : NULL;
  g_ptr_array_add (self->headers, header);
}

GBytes *
annot_message_get_header (const AnnotMessage *self, const char *name)
{
  for (guint i = 0; i < self->headers->len; i++) {
    AnnotHeader *header = g_ptr_array_index (self->headers, i);

    if (g_str_equal (header->name, name))
      return header->value;
  }
  return NULL;
}

AnnotOutgoing *
annot_outgoing_new (const char *topic, const char *key, const char *event_id, const char *payload)
{
  AnnotOutgoing *self = g_new0 (AnnotOutgoing, 1);

  self->id = g_uuid_string_random ();
  self->topic = g_strdup (topic);
  self->key = g_strdup (key);
  self->event_id = g_strdup (event_id);
  self->payload = g_strdup (payload);
  return self;
}

void
annot_outgoing_free (AnnotOutgoing *self)
{
  g_free (self->id);
  g_free (self->topic);
  g_free (self->key);
  g_free (self->event_id);
  g_free (self->payload);
  g_free (self->last_error);
  g_clear_pointer (&self->frame, g_bytes_unref);
  g_free (self);
}
