/* SPDX-License-Identifier: Apache-2.0 */
/* Consumer groups of a cluster. */
#include "kafka-tool.h"

static void
print_member (const rd_kafka_MemberDescription_t *member, gboolean first)
{
  const rd_kafka_MemberAssignment_t *assignment = rd_kafka_MemberDescription_assignment (member);
  const rd_kafka_topic_partition_list_t *partitions = rd_kafka_MemberAssignment_partitions (assignment);
  const char *instance = rd_kafka_MemberDescription_group_instance_id (member);

  g_print ("%s{\"client_id\":\"%s\",\"member_id\":\"%s\",\"instance_id\":\"%s\",\"host\":\"%s\",\"partitions\":[",
           first ? "" : ",", rd_kafka_MemberDescription_client_id (member),
           rd_kafka_MemberDescription_consumer_id (member), instance ? instance : "",
           rd_kafka_MemberDescription_host (member));
  for (int i = 0; partitions && i < partitions->cnt; i++)
    g_print ("%s\"%s:%d\"", i ? "," : "", partitions->elems[i].topic, partitions->elems[i].partition);
  g_print ("]}");
}

static gboolean
print_group (const rd_kafka_ConsumerGroupDescription_t *group, GError **error)
{
  const rd_kafka_error_t *failed = rd_kafka_ConsumerGroupDescription_error (group);

  if (failed)
    return kafka_tool_fail (error, "%s", rd_kafka_error_string (failed));
  g_print ("{\"state\":\"%s\",\"members\":[",
           rd_kafka_consumer_group_state_name (rd_kafka_ConsumerGroupDescription_state (group)));
  for (size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count (group); i++)
    print_member (rd_kafka_ConsumerGroupDescription_member (group, i), i == 0);
  g_print ("]}\n");
  return TRUE;
}

gboolean
kafka_tool_group (KafkaTool *self, char **arguments, GError **error)
{
  const rd_kafka_ConsumerGroupDescription_t **groups = NULL;
  const char *names[] = { arguments[0] };
  rd_kafka_event_t *event = NULL;
  gboolean good = FALSE;
  size_t count = 0;

  rd_kafka_DescribeConsumerGroups (self->handle, names, 1, NULL, self->queue);
  event = kafka_tool_wait (self, error);
  if (!event)
    return FALSE;
  groups = rd_kafka_DescribeConsumerGroups_result_groups (rd_kafka_event_DescribeConsumerGroups_result (event), &count);
  good = count == 1 ? print_group (groups[0], error) : kafka_tool_fail (error, "no such group");
  rd_kafka_event_destroy (event);
  return good;
}

gboolean
kafka_tool_offsets (KafkaTool *self, char **arguments, GError **error)
{
  rd_kafka_ListConsumerGroupOffsets_t *request = rd_kafka_ListConsumerGroupOffsets_new (arguments[0], NULL);
  const rd_kafka_group_result_t **groups = NULL;
  rd_kafka_event_t *event = NULL;
  size_t count = 0;

  rd_kafka_ListConsumerGroupOffsets (self->handle, &request, 1, NULL, self->queue);
  rd_kafka_ListConsumerGroupOffsets_destroy (request);
  event = kafka_tool_wait (self, error);
  if (!event)
    return FALSE;
  groups = rd_kafka_ListConsumerGroupOffsets_result_groups (rd_kafka_event_ListConsumerGroupOffsets_result (event),
                                                            &count);
  for (size_t i = 0; i < count; i++) {
    const rd_kafka_topic_partition_list_t *partitions = rd_kafka_group_result_partitions (groups[i]);

    for (int j = 0; partitions && j < partitions->cnt; j++)
      g_print ("%s %d %" G_GINT64_FORMAT "\n", partitions->elems[j].topic, partitions->elems[j].partition,
               partitions->elems[j].offset);
  }
  rd_kafka_event_destroy (event);
  return TRUE;
}

static gboolean
check_altered (rd_kafka_event_t *event, GError **error)
{
  size_t count = 0;
  const rd_kafka_group_result_t **groups = rd_kafka_AlterConsumerGroupOffsets_result_groups (
      rd_kafka_event_AlterConsumerGroupOffsets_result (event), &count);

  for (size_t i = 0; i < count; i++) {
    const rd_kafka_topic_partition_list_t *partitions = rd_kafka_group_result_partitions (groups[i]);

    if (rd_kafka_group_result_error (groups[i]))
      return kafka_tool_fail (error, "%s", rd_kafka_error_string (rd_kafka_group_result_error (groups[i])));
    for (int j = 0; partitions && j < partitions->cnt; j++) {
      if (partitions->elems[j].err)
        return kafka_tool_fail (error, "%s", rd_kafka_err2str (partitions->elems[j].err));
    }
  }
  return TRUE;
}

gboolean
kafka_tool_set_offset (KafkaTool *self, char **arguments, GError **error)
{
  rd_kafka_topic_partition_list_t *partitions = NULL;
  rd_kafka_AlterConsumerGroupOffsets_t *request = NULL;
  rd_kafka_event_t *event = NULL;
  gint64 partition = 0;
  gint64 offset = 0;
  gboolean good = FALSE;

  if (!kafka_tool_number (arguments[2], 0, &partition, error) || !kafka_tool_number (arguments[3], 0, &offset, error))
    return FALSE;
  partitions = rd_kafka_topic_partition_list_new (1);
  rd_kafka_topic_partition_list_add (partitions, arguments[1], (int) partition)->offset = offset;
  request = rd_kafka_AlterConsumerGroupOffsets_new (arguments[0], partitions);
  rd_kafka_topic_partition_list_destroy (partitions);
  rd_kafka_AlterConsumerGroupOffsets (self->handle, &request, 1, NULL, self->queue);
  rd_kafka_AlterConsumerGroupOffsets_destroy (request);
  event = kafka_tool_wait (self, error);
  if (!event)
    return FALSE;
  good = check_altered (event, error);
  rd_kafka_event_destroy (event);
  return good;
}
