/* SPDX-License-Identifier: Apache-2.0 */
/* Publishing to all instances; when the state is away, to the pages of this one. */
#include "annot-notifier-private.h"

/* A state that hangs must not hold up the broker's offsets: after this the pages here are told directly. */
#define DEADLINE_MILLISECONDS 2000

typedef void (*Receive) (AnnotNotifier *self, GBytes *text);

/* One message under way to the state. */
typedef struct {
  AnnotNotifier *notifier;
  GBytes *text;
  Receive receive;
  GTask *task;
} Publication;

/* Several that are announced together. */
typedef struct {
  guint waiting;
  guint deadline;
  gboolean answered;
  GPtrArray *texts;
} Announcement;

static void
announcement_free (Announcement *self)
{
  g_ptr_array_unref (self->texts);
  g_free (self);
}

static void
announcement_settle (GTask *task)
{
  Announcement *self = g_task_get_task_data (task);

  if (self->answered)
    return;
  self->answered = TRUE;
  g_clear_handle_id (&self->deadline, g_source_remove);
  g_task_return_boolean (task, TRUE);
}

static void
publication_free (Publication *self)
{
  g_clear_object (&self->notifier);
  g_clear_object (&self->task);
  g_bytes_unref (self->text);
  g_free (self);
}

static void
on_published (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Publication *publication = user_data;
  g_autoptr (GError) error = NULL;

  if (!annot_state_publish_finish (ANNOT_STATE (source), result, &error)) {
    annot_notifier_report (publication->notifier, "only the pages of this instance were told at once", error);
    /* A new example is found by its seq; an event is found by nothing. */
    if (publication->receive == annot_notifier_receive_event)
      publication->notifier->owing = TRUE;
    publication->receive (publication->notifier, publication->text);
  }
  if (publication->task) {
    Announcement *announcement = g_task_get_task_data (publication->task);

    if (--announcement->waiting == 0)
      announcement_settle (publication->task);
  }
  publication_free (publication);
}

static void
publish (AnnotNotifier *self, const char *channel, GBytes *text, Receive receive, GTask *task)
{
  Publication *publication = g_new0 (Publication, 1);

  publication->notifier = g_object_ref (self);
  publication->text = g_bytes_ref (text);
  publication->receive = receive;
  publication->task = task ? g_object_ref (task) : NULL;
  annot_state_publish (self->state, channel, text, NULL, on_published, publication);
}

static gboolean
on_deadline (gpointer user_data)
{
  g_autoptr (GTask) task = g_object_ref (user_data);
  AnnotNotifier *self = g_task_get_source_object (task);
  Announcement *announcement = g_task_get_task_data (task);

  announcement->deadline = 0;
  for (guint i = 0; i < announcement->texts->len; i++)
    annot_notifier_receive_example (self, g_ptr_array_index (announcement->texts, i));
  announcement_settle (task);
  return G_SOURCE_REMOVE;
}

void
annot_notifier_announce_examples (AnnotNotifier *self, GPtrArray *examples, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Announcement *announcement = g_new0 (Announcement, 1);

  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, announcement, (GDestroyNotify) announcement_free);
  announcement->texts = g_ptr_array_new_full (examples->len, (GDestroyNotify) g_bytes_unref);
  /* Before the start there is no epoch to tell, and nobody to tell it to. */
  if (!self->epoch || examples->len == 0) {
    announcement_settle (task);
    return;
  }
  announcement->deadline =
      g_timeout_add_full (G_PRIORITY_DEFAULT, DEADLINE_MILLISECONDS, on_deadline, g_object_ref (task), g_object_unref);
  announcement->waiting = examples->len;
  for (guint i = 0; i < examples->len; i++)
    g_ptr_array_add (announcement->texts,
                     annot_notification_new_example (self->epoch, g_ptr_array_index (examples, i)));
  for (guint i = 0; i < announcement->texts->len; i++)
    publish (self, ANNOT_CHANNEL_NEW_EXAMPLE, g_ptr_array_index (announcement->texts, i),
             annot_notifier_receive_example, task);
}

gboolean
annot_notifier_announce_examples_finish (AnnotNotifier *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
announce_event (AnnotNotifier *self, const char *kind, const char *event_id, const char *account)
{
  g_autoptr (GBytes) text = annot_notification_event (kind, event_id, account);

  if (self->epoch)
    publish (self, ANNOT_CHANNEL_EVENTS, text, annot_notifier_receive_event, NULL);
}

void
annot_notifier_announce (AnnotNotifier *self, const char *kind, const char *event_id)
{
  announce_event (self, kind, event_id, NULL);
}

void
annot_notifier_announce_expired (AnnotNotifier *self, const char *account, const char *event_id)
{
  announce_event (self, "lease_expired", event_id, account);
}

void
annot_notifier_announce_resync (AnnotNotifier *self)
{
  announce_event (self, "resync", NULL, NULL);
}

static void
on_debt_told (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotNotifier) self = user_data;

  self->settling = FALSE;
  /* While it is away the pages here know all the same. */
  if (!annot_state_publish_finish (ANNOT_STATE (source), result, NULL))
    self->owing = TRUE;
}

void
annot_notifier_settle_debt (AnnotNotifier *self)
{
  g_autoptr (GBytes) text = NULL;

  if (!self->owing || self->settling)
    return;
  self->owing = FALSE;
  self->settling = TRUE;
  text = annot_notification_event ("resync", NULL, NULL);
  annot_state_publish (self->state, ANNOT_CHANNEL_EVENTS, text, self->cancellable, on_debt_told, g_object_ref (self));
}
