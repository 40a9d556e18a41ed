/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that can never be stored, on their way to the dead-letter topic. */
#include "annot-backoff.h"
#include "annot-dead-letter.h"
#include "annot-ingest-private.h"

#define RETRY_BASE_MILLISECONDS 500
#define RETRY_CAP_MILLISECONDS 30000
#define RETRY_JITTER 0.3

typedef struct {
  AnnotIngest *ingest;
  AnnotIngestUnit *unit;
  AnnotMessage *message;
  guint attempts;
  guint timer;
} Letter;

static void send_letter (Letter *self);

static void
letter_end (Letter *self)
{
  g_autoptr (AnnotIngest) ingest = self->ingest;

  g_hash_table_remove (ingest->letters, self);
  annot_ingest_retire (ingest, self->unit);
  annot_message_unref (self->message);
  g_free (self);
  annot_ingest_settle (ingest);
}

static gboolean
on_retry_timer (gpointer user_data)
{
  Letter *self = user_data;

  self->timer = 0;
  send_letter (self);
  return G_SOURCE_REMOVE;
}

static void
on_produced (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Letter *self = user_data;
  AnnotIngest *ingest = self->ingest;
  g_autoptr (GError) error = NULL;

  if (annot_broker_produce_finish (ANNOT_BROKER (source), result, &error)) {
    ingest->counters.dead_lettered++;
    annot_offset_tracker_finish (ingest->tracker, g_steal_pointer (&self->unit->entry));
    letter_end (self);
    return;
  }
  if (ingest->aborted || !ingest->broker) {
    letter_end (self);
    return;
  }
  annot_log_limited (&ingest->letter_failure_limit, 30, G_LOG_LEVEL_WARNING,
                     "intake: topic %s did not take a rejected message: %s; the offset stays before it until it does",
                     ingest->dead_letter_topic, error->message);
  self->timer = g_timeout_add ((guint) annot_backoff_delay (++self->attempts, RETRY_BASE_MILLISECONDS,
                                                            RETRY_CAP_MILLISECONDS, RETRY_JITTER),
                               on_retry_timer, self);
}

static void
send_letter (Letter *self)
{
  annot_broker_produce (self->ingest->broker, self->message, self->ingest->cancellable, on_produced, self);
}

void
annot_ingest_reject (AnnotIngest *self, AnnotIngestUnit *unit, const char *stage, const char *reason)
{
  Letter *letter = g_new0 (Letter, 1);

  annot_log_limited (&self->letter_limit, 1, G_LOG_LEVEL_WARNING,
                     "intake: %s:%d:%" G_GINT64_FORMAT " goes to %s: %s", unit->message->topic,
                     unit->message->partition, unit->message->offset, self->dead_letter_topic, reason);
  letter->ingest = g_object_ref (self);
  letter->unit = unit;
  letter->message = annot_dead_letter_new (self->dead_letter_topic, unit->message, stage, reason);
  g_hash_table_add (self->letters, letter);
  send_letter (letter);
}

/* Those that wait for their next try are given up; those under way end with their answer. */
void
annot_ingest_letters_stop (AnnotIngest *self)
{
  g_autoptr (GList) letters = g_hash_table_get_keys (self->letters);

  self->aborted = TRUE;
  for (GList *link = letters; link; link = link->next) {
    Letter *letter = link->data;

    if (letter->timer) {
      g_clear_handle_id (&letter->timer, g_source_remove);
      letter_end (letter);
    }
  }
}
