/* SPDX-License-Identifier: Apache-2.0 */
/* What a page that comes back has missed. */
#include "annot-notifier-private.h"

/* at: the texts reach to this seq; removals: as of the beginning */
typedef struct {
  char *epoch;
  gint64 at;
  guint removals;
  GPtrArray *texts;
} Replay;

static void
replay_free (Replay *self)
{
  g_free (self->epoch);
  g_ptr_array_unref (self->texts);
  g_free (self);
}

static void
return_resync (GTask *task)
{
  AnnotNotifier *self = g_task_get_source_object (task);
  GPtrArray *texts = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  g_ptr_array_add (texts, annot_notification_position ("resync", self->epoch ? self->epoch : "", self->last, -1));
  g_task_return_pointer (task, texts, (GDestroyNotify) g_ptr_array_unref);
}

static void
return_texts (GTask *task)
{
  Replay *replay = g_task_get_task_data (task);

  g_task_return_pointer (task, g_ptr_array_ref (replay->texts), (GDestroyNotify) g_ptr_array_unref);
}

static void read_on (GTask *task);

static void
on_page (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Replay *replay = g_task_get_task_data (task);
  AnnotNotifier *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotExamplePage) page = annot_store_list_examples_finish (ANNOT_STORE (source), result, &error);

  if (!page) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  for (guint i = 0; i < page->examples->len; i++) {
    const AnnotExample *example = g_ptr_array_index (page->examples, i);

    /* What is newer than what pages here know comes to them by itself. */
    if (example->seq > self->last)
      break;
    if (example->seq != replay->at + 1) {
      return_resync (task);
      return;
    }
    g_ptr_array_add (replay->texts, annot_notification_new_example (self->epoch, example));
    replay->at = example->seq;
  }
  if (page->examples->len < ANNOT_NOTIFIER_PAGE && replay->at < self->last)
    return_resync (task);
  else
    read_on (task);
}

/* Answers once all up to the present moment is there, so that nothing lies between the replay and what follows it. */
static void
read_on (GTask *task)
{
  AnnotNotifier *self = g_task_get_source_object (task);
  Replay *replay = g_task_get_task_data (task);
  AnnotExampleQuery query = {.order = ANNOT_ORDER_OLDEST, .any_status = TRUE, .limit = ANNOT_NOTIFIER_PAGE};

  /* What was read before a removal may tell of what is gone. */
  if (replay->removals != self->removals || g_strcmp0 (replay->epoch, self->epoch) != 0 ||
      replay->at < 0 || replay->at > self->last ||
      self->last - replay->at + (gint64) replay->texts->len > ANNOT_NOTIFIER_MAX_GAP) {
    return_resync (task);
    return;
  }
  if (replay->at == self->last || annot_notification_ring_collect (self->ring, replay->at, replay->texts)) {
    return_texts (task);
    return;
  }
  query.after_seq = replay->at;
  annot_store_list_examples (self->store, &query, g_task_get_cancellable (task), on_page, g_object_ref (task));
}

void
annot_notifier_replay (AnnotNotifier *self, const char *epoch, gint64 seq, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Replay *replay = g_new0 (Replay, 1);

  replay->epoch = g_strdup (epoch);
  replay->at = seq;
  replay->removals = self->removals;
  replay->texts = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_task_set_task_data (task, replay, (GDestroyNotify) replay_free);
  read_on (task);
}

GPtrArray *
annot_notifier_replay_finish (AnnotNotifier *self, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
