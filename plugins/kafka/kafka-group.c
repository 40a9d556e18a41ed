/* SPDX-License-Identifier: Apache-2.0 */
/* This consumer's part of the group: which partitions it holds, and how they come and go. */
#include "kafka-group.h"

#include "kafka-error.h"
#include "kafka-timer.h"

/* The core gives up sooner; this is for a core that has forgotten. */
#define REVOKE_MILLISECONDS 15000
/* A coordinator that does not answer must not hold up the group: what is not committed is read again. */
#define COMMIT_MILLISECONDS 5000

/* Held partitions go in this order: the core is asked, what it has stored is committed, they are given back. */
typedef enum {
  PHASE_STEADY,
  PHASE_REVOKING,
  PHASE_COMMITTING,
} Phase;

struct KafkaGroup {
  AnnotBroker *broker; /* unowned */
  GMainContext *context;
  KafkaHandle *handle;                   /* unowned */
  rd_kafka_topic_partition_list_t *held; /* offset: the last one stored, -1 before */
  rd_kafka_topic_partition_list_t *ends; /* (nullable): as they were told while nothing was fetched */
  Phase phase;
  gboolean lost;
  gboolean paused;
  guint commits; /* the number of the last one before partitions go */
  GSource *timer;
};

KafkaGroup *
kafka_group_new (AnnotBroker *broker, GMainContext *context)
{
  KafkaGroup *self = g_new0 (KafkaGroup, 1);

  self->broker = broker;
  self->context = g_main_context_ref (context);
  self->held = rd_kafka_topic_partition_list_new (0);
  return self;
}

void
kafka_group_free (KafkaGroup *self)
{
  kafka_timer_clear (&self->timer);
  rd_kafka_topic_partition_list_destroy (self->held);
  g_clear_pointer (&self->ends, rd_kafka_topic_partition_list_destroy);
  g_main_context_unref (self->context);
  g_free (self);
}

static void
set_timer (KafkaGroup *self, guint milliseconds, GSourceFunc function)
{
  kafka_timer_set (&self->timer, self->context, "kafka rebalance", milliseconds, function, self);
}

static rd_kafka_t *
client_of (KafkaGroup *self)
{
  return kafka_handle_get_client (self->handle);
}

static void
replace_held (KafkaGroup *self, const rd_kafka_topic_partition_list_t *partitions)
{
  g_clear_pointer (&self->ends, rd_kafka_topic_partition_list_destroy);
  rd_kafka_topic_partition_list_destroy (self->held);
  self->held = partitions ? rd_kafka_topic_partition_list_copy (partitions) : rd_kafka_topic_partition_list_new (0);
  for (int i = 0; i < self->held->cnt; i++)
    self->held->elems[i].offset = -1;
}

/* The statistics have the end as of the last fetch, and the offset as of half a second ago. */
static void
bring_up_to_date (const KafkaGroup *self, AnnotPartition *partition, gint64 stored)
{
  const rd_kafka_topic_partition_t *told
      = self->ends ? rd_kafka_topic_partition_list_find (self->ends, partition->topic, partition->partition) : NULL;

  if (told && told->offset > partition->end) {
    if (partition->lag >= 0 && partition->end >= 0)
      partition->lag += told->offset - partition->end;
    partition->end = told->offset;
  }
  if (stored < 0)
    return;
  partition->offset = stored;
  if (partition->end >= 0)
    partition->lag = MAX (0, partition->end - stored);
}

GPtrArray *
kafka_group_get_assignment (KafkaGroup *self)
{
  const KafkaStatistics *statistics = self->handle ? kafka_handle_get_statistics (self->handle) : NULL;
  GPtrArray *partitions = annot_partitions_new ();

  for (int i = 0; i < self->held->cnt; i++) {
    const rd_kafka_topic_partition_t *held = &self->held->elems[i];
    g_autofree char *key = kafka_partition_key (held->topic, held->partition);
    const AnnotPartition *known = statistics ? g_hash_table_lookup (statistics->partitions, key) : NULL;
    AnnotPartition *partition
        = known ? annot_partition_copy (known) : annot_partition_new (held->topic, held->partition);

    bring_up_to_date (self, partition, held->offset);
    g_ptr_array_add (partitions, partition);
  }
  return partitions;
}

static void
report_failed (KafkaGroup *self, rd_kafka_resp_err_t code, const char *what)
{
  g_autoptr (GError) error = kafka_error_new (code, what, NULL);

  annot_broker_report_failed (self->broker, error);
}

static void
assign (KafkaGroup *self, rd_kafka_topic_partition_list_t *partitions)
{
  rd_kafka_resp_err_t code = rd_kafka_assign (client_of (self), partitions);
  g_autoptr (GPtrArray) assigned = NULL;

  if (code) {
    report_failed (self, code, "partitions were not taken");
    return;
  }
  replace_held (self, partitions);
  kafka_handle_clear_problem (self->handle, TRUE);
  /* The library remembers of a partition that it was paused when it went. */
  if (self->paused)
    rd_kafka_pause_partitions (client_of (self), self->held);
  else
    rd_kafka_resume_partitions (client_of (self), self->held);
  assigned = kafka_group_get_assignment (self);
  annot_broker_report_assigned (self->broker, assigned);
}

static void
give_back (KafkaGroup *self)
{
  rd_kafka_resp_err_t code = rd_kafka_assign (client_of (self), NULL);

  kafka_timer_clear (&self->timer);
  self->phase = PHASE_STEADY;
  replace_held (self, NULL);
  if (code)
    report_failed (self, code, "partitions were not given back");
}

static gboolean
commit_late (gpointer user_data)
{
  KafkaGroup *self = user_data;

  report_failed (self, RD_KAFKA_RESP_ERR__TIMED_OUT, "offsets were not committed before the partitions went");
  give_back (self);
  return G_SOURCE_REMOVE;
}

/* What was stored since the last commit goes along: the next owner begins where this one has ended. */
static void
commit (KafkaGroup *self)
{
  kafka_timer_clear (&self->timer);
  self->phase = PHASE_COMMITTING;
  self->commits++;
  if (self->lost || rd_kafka_assignment_lost (client_of (self))
      || rd_kafka_commit_queue (client_of (self), NULL, kafka_handle_get_queue (self->handle), NULL,
                                GUINT_TO_POINTER (self->commits)))
    give_back (self);
  else
    set_timer (self, COMMIT_MILLISECONDS, commit_late);
}

static void
take_commit (KafkaGroup *self, rd_kafka_event_t *event)
{
  rd_kafka_resp_err_t code = rd_kafka_event_error (event);

  /* Nothing stored, nothing to commit. While a rebalance is under way the next commit takes it along. */
  if (code && code != RD_KAFKA_RESP_ERR__NO_OFFSET && code != RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS)
    report_failed (self, code, "offsets were not committed");
  /* One that was given up may be answered while another waits. */
  if (self->phase == PHASE_COMMITTING && rd_kafka_event_opaque (event) == GUINT_TO_POINTER (self->commits))
    give_back (self);
}

static gboolean
revoke_late (gpointer user_data)
{
  commit (user_data);
  return G_SOURCE_REMOVE;
}

static void
begin_revoke (KafkaGroup *self)
{
  g_autoptr (GPtrArray) revoked = kafka_group_get_assignment (self);

  if (self->held->cnt == 0) {
    give_back (self);
    return;
  }
  self->lost = rd_kafka_assignment_lost (client_of (self)) != 0;
  self->phase = PHASE_REVOKING;
  /* They are somebody else's by now: whoever asks is told so. */
  if (self->lost)
    replace_held (self, NULL);
  set_timer (self, REVOKE_MILLISECONDS, revoke_late);
  annot_broker_report_revoked (self->broker, revoked, self->lost);
}

void
kafka_group_revoke_done (KafkaGroup *self)
{
  if (self->phase == PHASE_REVOKING && self->handle)
    commit (self);
}

void
kafka_group_take_event (KafkaGroup *self, rd_kafka_event_t *event)
{
  if (rd_kafka_event_type (event) == RD_KAFKA_EVENT_OFFSET_COMMIT)
    take_commit (self, event);
  else if (rd_kafka_event_error (event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS)
    assign (self, rd_kafka_event_topic_partition_list (event));
  else
    begin_revoke (self);
}

void
kafka_group_set_handle (KafkaGroup *self, KafkaHandle *handle)
{
  g_autoptr (GPtrArray) gone = kafka_group_get_assignment (self);

  kafka_timer_clear (&self->timer);
  self->handle = handle;
  self->phase = PHASE_STEADY;
  replace_held (self, NULL);
  /* Also when the core knows that they are about to go: now they are lost. */
  if (gone->len > 0)
    annot_broker_report_revoked (self->broker, gone, TRUE);
}

rd_kafka_topic_partition_list_t *
kafka_group_ask_ends (const KafkaGroup *self)
{
  rd_kafka_topic_partition_list_t *asked;

  if (!self->paused || self->held->cnt == 0)
    return NULL;
  asked = rd_kafka_topic_partition_list_copy (self->held);
  for (int i = 0; i < asked->cnt; i++)
    asked->elems[i].offset = RD_KAFKA_OFFSET_END;
  return asked;
}

void
kafka_group_take_ends (KafkaGroup *self, rd_kafka_topic_partition_list_t *ends)
{
  g_clear_pointer (&self->ends, rd_kafka_topic_partition_list_destroy);
  self->ends = ends;
}

void
kafka_group_set_paused (KafkaGroup *self, gboolean paused)
{
  if (self->paused == paused)
    return;
  self->paused = paused;
  if (!self->handle || self->held->cnt == 0)
    return;
  if (paused)
    rd_kafka_pause_partitions (client_of (self), self->held);
  else
    rd_kafka_resume_partitions (client_of (self), self->held);
}

static rd_kafka_topic_partition_t *
find (KafkaGroup *self, const char *topic, int partition)
{
  return rd_kafka_topic_partition_list_find (self->held, topic, partition);
}

gboolean
kafka_group_is_consuming (KafkaGroup *self, const char *topic, int partition)
{
  return self->phase == PHASE_STEADY && find (self, topic, partition);
}

gboolean
kafka_group_is_steady (KafkaGroup *self)
{
  return self->phase == PHASE_STEADY;
}

guint
kafka_group_get_size (KafkaGroup *self)
{
  return (guint) self->held->cnt;
}

gboolean
kafka_group_store (KafkaGroup *self, const char *topic, int partition, gint64 next_offset, GError **error)
{
  rd_kafka_topic_partition_t *held = self->handle ? find (self, topic, partition) : NULL;
  rd_kafka_topic_partition_list_t *stored = NULL;
  rd_kafka_resp_err_t code;

  if (!held) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_STALE, "kafka: %s:%d is not this consumer's", topic, partition);
    return FALSE;
  }
  stored = rd_kafka_topic_partition_list_new (1);
  rd_kafka_topic_partition_list_add (stored, topic, partition)->offset = next_offset;
  code = rd_kafka_offsets_store (client_of (self), stored);
  if (!code)
    code = stored->elems[0].err;
  rd_kafka_topic_partition_list_destroy (stored);
  if (code) {
    g_autofree char *what = g_strdup_printf ("the offset of %s:%d", topic, partition);

    g_propagate_error (error, kafka_error_new (code, what, NULL));
    return FALSE;
  }
  held->offset = next_offset;
  return TRUE;
}
