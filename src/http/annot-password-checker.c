/* SPDX-License-Identifier: Apache-2.0 */
/* Checks and hashes passwords in threads, few at a time: the work is costly on purpose. */
#include "annot-password-checker.h"

#include "model/annot-password.h"

struct _AnnotPasswordChecker {
  GObject parent_instance;
  guint concurrency;
  guint running;
  GQueue waiting; /* of GTask */
};

G_DEFINE_FINAL_TYPE (AnnotPasswordChecker, annot_password_checker, G_TYPE_OBJECT)

typedef struct {
  char *password;
  char *hash;
  gboolean is_check;
} Job;

static void
job_free (Job *job)
{
  annot_secret_free (job->password);
  annot_secret_free (job->hash);
  g_free (job);
}

static void
annot_password_checker_init (AnnotPasswordChecker *self)
{
  g_queue_init (&self->waiting);
}

/* Waiting tasks hold a reference on the checker, so none is left here. */
static void
annot_password_checker_class_init (AnnotPasswordCheckerClass *klass)
{
  (void) klass;
}

AnnotPasswordChecker *
annot_password_checker_new (guint concurrency)
{
  AnnotPasswordChecker *self = g_object_new (ANNOT_TYPE_PASSWORD_CHECKER, NULL);

  self->concurrency = MAX (concurrency, 1);
  return self;
}

static void
work (GTask *task, gpointer source, gpointer task_data, GCancellable *cancellable)
{
  const Job *job = task_data;
  g_autoptr (GError) error = NULL;

  (void) source;
  (void) cancellable;
  if (job->is_check) {
    g_task_return_boolean (task, annot_password_verify (job->password, job->hash));
  } else {
    char *hash = annot_password_hash (job->password, &error);

    if (hash)
      g_task_return_pointer (task, hash, (GDestroyNotify) annot_secret_free);
    else
      g_task_return_error (task, g_steal_pointer (&error));
  }
}

static void start_next (AnnotPasswordChecker *self);

static void
worked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) outer = user_data;
  AnnotPasswordChecker *self = ANNOT_PASSWORD_CHECKER (source);
  const Job *job = g_task_get_task_data (outer);
  g_autoptr (GError) error = NULL;

  self->running--;
  start_next (self);
  if (job->is_check) {
    g_task_return_boolean (outer, g_task_propagate_boolean (G_TASK (result), NULL));
  } else {
    char *hash = g_task_propagate_pointer (G_TASK (result), &error);

    if (hash)
      g_task_return_pointer (outer, hash, (GDestroyNotify) annot_secret_free);
    else
      g_task_return_error (outer, g_steal_pointer (&error));
  }
}

static void
start_next (AnnotPasswordChecker *self)
{
  while (self->running < self->concurrency) {
    g_autoptr (GTask) outer = g_queue_pop_head (&self->waiting);
    g_autoptr (GTask) inner = NULL;
    const Job *job;

    if (!outer)
      return;
    if (g_task_return_error_if_cancelled (outer))
      continue;
    job = g_task_get_task_data (outer);
    inner = g_task_new (self, NULL, worked, g_object_ref (outer));
    g_task_set_task_data (inner, (gpointer) job, NULL); /* lives with the outer task */
    self->running++;
    g_task_run_in_thread (inner, work);
  }
}

static void
queue (AnnotPasswordChecker *self, Job *job, gpointer tag, GCancellable *cancellable, GAsyncReadyCallback callback,
       gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, job, (GDestroyNotify) job_free);
  if (self->waiting.length >= ANNOT_PASSWORD_QUEUE) {
    g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY, "too many sign-ins at once: try again soon");
    return;
  }
  g_queue_push_tail (&self->waiting, g_steal_pointer (&task));
  start_next (self);
}

void
annot_password_checker_verify (AnnotPasswordChecker *self, const char *password, const char *hash,
                               GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  Job *job = g_new0 (Job, 1);

  job->password = g_strdup (password);
  job->hash = g_strdup (hash);
  job->is_check = TRUE;
  queue (self, job, annot_password_checker_verify, cancellable, callback, user_data);
}

gboolean
annot_password_checker_verify_finish (AnnotPasswordChecker *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
annot_password_checker_hash (AnnotPasswordChecker *self, const char *password, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  Job *job = g_new0 (Job, 1);

  job->password = g_strdup (password);
  queue (self, job, annot_password_checker_hash, cancellable, callback, user_data);
}

char *
annot_password_checker_hash_finish (AnnotPasswordChecker *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
