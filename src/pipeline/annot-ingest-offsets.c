/* SPDX-License-Identifier: Apache-2.0 */
/* Storing offsets, and handing partitions over to others. */
#include "annot-ingest-private.h"

#define RETRY_MILLISECONDS 1000
/* A store that is away must not hold up the whole group: after this the partitions go, and their new owner reads again what
 * was not stored. */
#define REVOKE_MILLISECONDS 8000

typedef struct {
  AnnotIngest *ingest;
  char *topic;
  int partition;
  gint64 offset;
} Storing;

static gboolean
on_retry_timer (gpointer user_data)
{
  g_autoptr (AnnotIngest) self = g_object_ref (user_data);

  self->offset_timer = 0;
  annot_ingest_settle (self);
  return G_SOURCE_REMOVE;
}

static gboolean
is_ours (AnnotIngest *self, const char *topic, int number)
{
  g_autoptr (GPtrArray) partitions = annot_broker_get_assignment (self->broker);

  for (guint i = 0; partitions && i < partitions->len; i++) {
    const AnnotPartition *partition = g_ptr_array_index (partitions, i);

    if (partition->partition == number && g_strcmp0 (partition->topic, topic) == 0)
      return TRUE;
  }
  return FALSE;
}

static void
on_stored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Storing *storing = user_data;
  g_autofree char *topic = storing->topic;
  g_autoptr (AnnotIngest) self = storing->ingest;
  g_autoptr (GError) error = NULL;
  gboolean ok = annot_broker_store_offset_finish (ANNOT_BROKER (source), result, &error);

  if (ok)
    ANNOT_FAULT_POINT ("after_offset_store");
  self->offsets_storing--;
  annot_offset_tracker_stored (self->tracker, topic, storing->partition, storing->offset, ok);
  if (!ok && !self->aborted && self->broker) {
    annot_log_limited (&self->offset_limit, 30, G_LOG_LEVEL_WARNING, "intake: the offset of %s:%d was not stored: %s",
                       topic, storing->partition, error->message);
    /* A message that was delivered late, after its partition had gone: trying again would never end. */
    if (!is_ours (self, topic, storing->partition))
      annot_offset_tracker_drop (self->tracker, topic, storing->partition);
    else if (!self->offset_timer)
      self->offset_timer = g_timeout_add (RETRY_MILLISECONDS, on_retry_timer, self);
  }
  annot_ingest_settle (self);
}

void
annot_ingest_store_offsets (AnnotIngest *self)
{
  char *topic;
  int partition;
  gint64 offset;

  if (self->offset_timer || self->aborted || !self->broker)
    return;
  while (annot_offset_tracker_next (self->tracker, &topic, &partition, &offset)) {
    Storing *storing = g_new0 (Storing, 1);

    storing->ingest = g_object_ref (self);
    storing->topic = topic;
    storing->partition = partition;
    storing->offset = offset;
    self->offsets_storing++;
    ANNOT_FAULT_POINT ("before_offset_store");
    annot_broker_store_offset (self->broker, topic, partition, offset, NULL, on_stored, storing);
  }
}

static void
end_revoke (AnnotIngest *self)
{
  g_autoptr (GPtrArray) partitions = g_steal_pointer (&self->revoking);

  g_clear_handle_id (&self->revoke_timer, g_source_remove);
  for (guint i = 0; i < partitions->len; i++) {
    const AnnotPartition *partition = g_ptr_array_index (partitions, i);

    annot_offset_tracker_drop (self->tracker, partition->topic, partition->partition);
  }
  annot_broker_revoke_done (self->broker);
}

static gboolean
on_revoke_timer (gpointer user_data)
{
  g_autoptr (AnnotIngest) self = g_object_ref (user_data);

  self->revoke_timer = 0;
  g_warning ("intake: partitions go before all of them was durable; their next owner reads it again");
  end_revoke (self);
  return G_SOURCE_REMOVE;
}

void
annot_ingest_check_revoked (AnnotIngest *self)
{
  if (!self->revoking)
    return;
  /* After a drain that was cut short there is nothing left to wait for. */
  for (guint i = 0; i < self->revoking->len && !self->aborted; i++) {
    const AnnotPartition *partition = g_ptr_array_index (self->revoking, i);

    if (!annot_offset_tracker_is_idle (self->tracker, partition->topic, partition->partition))
      return;
  }
  end_revoke (self);
}

void
annot_ingest_revoke (AnnotIngest *self, GPtrArray *partitions, gboolean lost)
{
  if (!self->revoking)
    self->revoking = annot_partitions_new ();
  for (guint i = 0; i < partitions->len; i++) {
    const AnnotPartition *partition = g_ptr_array_index (partitions, i);

    if (lost)
      annot_offset_tracker_drop (self->tracker, partition->topic, partition->partition);
    g_ptr_array_add (self->revoking, annot_partition_new (partition->topic, partition->partition));
  }
  if (!self->revoke_timer)
    self->revoke_timer = g_timeout_add (REVOKE_MILLISECONDS, on_revoke_timer, self);
  annot_ingest_flush (self);
  annot_ingest_settle (self);
}
