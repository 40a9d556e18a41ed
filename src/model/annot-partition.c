/* SPDX-License-Identifier: Apache-2.0 */
/* Partitions of a topic, as a consumer holds them. */
#include <annotationd/annotationd.h>

AnnotPartition *
annot_partition_new (const char *topic, int partition)
{
  AnnotPartition *self = g_new0 (AnnotPartition, 1);

  self->topic = g_strdup (topic);
  self->partition = partition;
  self->offset = self->end = self->lag = -1;
  return self;
}

AnnotPartition *
annot_partition_copy (const AnnotPartition *self)
{
  AnnotPartition *copy = g_memdup2 (self, sizeof *self);

  copy->topic = g_strdup (self->topic);
  return copy;
}

void
annot_partition_free (AnnotPartition *self)
{
  g_free (self->topic);
  g_free (self);
}

GPtrArray *
annot_partitions_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) annot_partition_free);
}

static gpointer
copy_one (gconstpointer partition, gpointer user_data)
{
  return annot_partition_copy (partition);
}

GPtrArray *
annot_partitions_copy (GPtrArray *partitions)
{
  return g_ptr_array_copy (partitions, copy_one, NULL);
}

gint64
annot_partitions_sum_lag (GPtrArray *partitions)
{
  gint64 sum = 0;

  for (guint i = 0; i < partitions->len; i++) {
    const AnnotPartition *partition = g_ptr_array_index (partitions, i);

    if (partition->lag < 0)
      return -1;
    sum += partition->lag;
  }
  return sum;
}

JsonArray *
annot_partitions_describe (GPtrArray *partitions)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < partitions->len; i++) {
    const AnnotPartition *partition = g_ptr_array_index (partitions, i);
    JsonObject *object = json_object_new ();

    json_object_set_string_member (object, "topic", partition->topic);
    json_object_set_int_member (object, "partition", partition->partition);
    json_object_set_int_member (object, "offset", partition->offset);
    json_object_set_int_member (object, "end", partition->end);
    json_object_set_int_member (object, "lag", partition->lag);
    json_array_add_object_element (array, object);
  }
  return array;
}
