/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A broker whose calls fail, wait or hang as a script says, before a real one. The events revoke and revoke-lost take
 * the partitions away, assign gives them back as after a rebalance: what was not stored is delivered again. For that a
 * second real broker consumes, and is closed and opened.
 */
#include "fake-backend.h"

#define FAKE_TYPE_BROKER (fake_broker_get_type ())
G_DECLARE_FINAL_TYPE (FakeBroker, fake_broker, FAKE, BROKER, AnnotBroker)

struct _FakeBroker {
  AnnotBroker parent_instance;
  FakeBackend *backend;
  AnnotBroker *consumer; /* the real one that consumes; the backend's own produces */
  char **topics;
  gboolean paused;
  gboolean revoking;
};

G_DEFINE_FINAL_TYPE (FakeBroker, fake_broker, ANNOT_TYPE_BROKER)

static FakeBackend *
backend_of (AnnotBroker *broker)
{
  return FAKE_BROKER (broker)->backend;
}

#define BOOLEAN FAKE_BOOLEAN, NULL
#define METHOD_0(...) FAKE_METHOD_0 (AnnotBroker, broker, __VA_ARGS__)
#define METHOD_1(...) FAKE_METHOD_1 (AnnotBroker, broker, __VA_ARGS__)
#define METHOD_3(...) FAKE_METHOD_3 (AnnotBroker, broker, __VA_ARGS__)

METHOD_0 (open, BOOLEAN)
METHOD_0 (close, BOOLEAN)
METHOD_1 (produce, BOOLEAN, AnnotMessage *)
METHOD_0 (flush, BOOLEAN)

static void
on_message (AnnotBroker *real, AnnotMessage *message, gpointer user_data)
{
  FakeBroker *self = user_data;
  g_auto (FakeVerdict) verdict = { 0 };

  fake_script_next (fake_backend_get_script (self->backend), "deliver", &verdict);
  if (!verdict.caught)
    annot_broker_deliver (ANNOT_BROKER (self), message);
}

static void
on_assigned (AnnotBroker *real, GPtrArray *partitions, gpointer user_data)
{
  annot_broker_report_assigned (user_data, partitions);
}

static void
on_revoked (AnnotBroker *real, GPtrArray *partitions, gboolean lost, gpointer user_data)
{
  annot_broker_report_revoked (user_data, partitions, lost);
}

static void
on_failed (AnnotBroker *real, const GError *error, gpointer user_data)
{
  annot_broker_report_failed (user_data, error);
}

static const AnnotBrokerListener listener = { on_message, on_assigned, on_revoked, on_failed };

static void
consumer_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (FakeBroker) self = user_data;
  g_autoptr (GError) error = NULL;

  if (!annot_broker_open_finish (ANNOT_BROKER (source), result, &error)) {
    annot_broker_report_failed (ANNOT_BROKER (self), error);
    return;
  }
  if (self->paused)
    annot_broker_pause (self->consumer);
  annot_broker_consume (self->consumer, (const char *const *) self->topics, NULL, NULL, NULL);
}

/* Makes a new member of the group. */
static void
join (FakeBroker *self)
{
  annot_broker_open (self->consumer, NULL, consumer_opened, g_object_ref (self));
}

static void
leave (FakeBroker *self)
{
  annot_broker_close (self->consumer, NULL, NULL, NULL);
}

static void
take_away (FakeBroker *self, gboolean lost)
{
  g_autoptr (GPtrArray) partitions = annot_broker_get_assignment (self->consumer);

  /* What comes until the core is done belongs to nobody. */
  annot_broker_pause (self->consumer);
  self->revoking = !lost;
  annot_broker_report_revoked (ANNOT_BROKER (self), partitions, lost);
  if (lost)
    leave (self);
}

static void
on_event (const char *event, gpointer user_data)
{
  FakeBroker *self = user_data;
  g_autoptr (GError) error = g_error_new (ANNOT_ERROR, ANNOT_ERROR_TEMPORARY, "by the script");

  if (g_str_equal (event, "failed"))
    annot_broker_report_failed (ANNOT_BROKER (self), error);
  else if (g_str_equal (event, "revoke") || g_str_equal (event, "revoke-lost"))
    take_away (self, g_str_equal (event, "revoke-lost"));
  else if (g_str_equal (event, "assign"))
    join (self);
}

static void
fake_broker_revoke_done (AnnotBroker *broker)
{
  FakeBroker *self = FAKE_BROKER (broker);

  if (self->revoking)
    leave (self);
  else
    annot_broker_revoke_done (self->consumer);
  self->revoking = FALSE;
}

static void
consume_forward (FakeCall *call)
{
  annot_broker_consume (call->real, *(const char *const *const *) call->arguments, call->cancellable, fake_call_done,
                        call);
}

static void
opened_to_consume (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  FakeBroker *self = FAKE_BROKER (g_task_get_source_object (task));
  const char *const *topics = (const char *const *) self->topics;
  g_autoptr (GError) error = NULL;

  if (!annot_broker_open_finish (ANNOT_BROKER (source), result, &error)) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  if (self->paused)
    annot_broker_pause (self->consumer);
  fake_call_start (self->backend, self->consumer, "consume", g_steal_pointer (&task), FAKE_BOOLEAN, NULL,
                   consume_forward, &topics, sizeof topics);
}

static void
fake_broker_consume (AnnotBroker *broker, const char *const *topics, GTask *task)
{
  FakeBroker *self = FAKE_BROKER (broker);

  g_strfreev (self->topics);
  self->topics = g_strdupv ((char **) topics);
  annot_broker_open (self->consumer, NULL, opened_to_consume, task);
}

typedef struct {
  const char *topic;
  int partition;
  gint64 next_offset;
} StoreOffset;

static void
store_offset_forward (FakeCall *call)
{
  const StoreOffset *x = call->arguments;

  annot_broker_store_offset (call->real, x->topic, x->partition, x->next_offset, call->cancellable, fake_call_done,
                             call);
}

static void
fake_broker_store_offset (AnnotBroker *broker, const char *topic, int partition, gint64 next_offset, GTask *task)
{
  FakeBroker *self = FAKE_BROKER (broker);
  StoreOffset x = { topic, partition, next_offset };

  fake_call_start (self->backend, self->consumer, "store_offset", task, FAKE_BOOLEAN, NULL, store_offset_forward, &x,
                   sizeof x);
}

static void
health_forward (FakeCall *call)
{
  annot_broker_health (call->real, call->cancellable, fake_call_done, call);
}

/* Of the one that consumes, once there is one: it knows the assignment. */
static void
fake_broker_health (AnnotBroker *broker, GTask *task)
{
  FakeBroker *self = FAKE_BROKER (broker);

  fake_call_start (self->backend, self->topics ? self->consumer : NULL, "health", task, FAKE_POINTER,
                   (GDestroyNotify) annot_health_free, health_forward, "", 1);
}

static void
fake_broker_pause (AnnotBroker *broker)
{
  FAKE_BROKER (broker)->paused = TRUE;
  annot_broker_pause (FAKE_BROKER (broker)->consumer);
}

static void
fake_broker_resume (AnnotBroker *broker)
{
  FAKE_BROKER (broker)->paused = FALSE;
  annot_broker_resume (FAKE_BROKER (broker)->consumer);
}

static GPtrArray *
fake_broker_get_assignment (AnnotBroker *broker)
{
  return annot_broker_get_assignment (FAKE_BROKER (broker)->consumer);
}

static JsonObject *
fake_broker_get_metrics (AnnotBroker *broker)
{
  return annot_broker_get_metrics (FAKE_BROKER (broker)->consumer);
}

static gboolean
fake_broker_configure (AnnotBroker *broker, AnnotConfig *config, GError **error)
{
  FakeBroker *self = FAKE_BROKER (broker);

  self->backend = fake_backend_new (ANNOT_PLUGIN_BROKER, "fakebroker", config, on_event, self, error);
  if (!self->backend)
    return FALSE;
  self->consumer = g_object_new (G_OBJECT_TYPE (fake_backend_get_real (self->backend)), NULL);
  annot_broker_set_listener (self->consumer, &listener, self);
  return annot_broker_configure (self->consumer, config, error);
}

static void
consumer_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  fake_broker_close (g_task_get_source_object (task), g_object_ref (task));
}

static void
fake_broker_close_all (AnnotBroker *broker, GTask *task)
{
  fake_backend_release (backend_of (broker));
  annot_broker_close (FAKE_BROKER (broker)->consumer, NULL, consumer_closed, task);
}

static void
fake_broker_finalize (GObject *object)
{
  FakeBroker *self = FAKE_BROKER (object);

  g_clear_object (&self->consumer);
  g_clear_pointer (&self->backend, fake_backend_free);
  g_strfreev (self->topics);
  G_OBJECT_CLASS (fake_broker_parent_class)->finalize (object);
}

static void
fake_broker_class_init (FakeBrokerClass *klass)
{
  AnnotBrokerClass *broker_class = ANNOT_BROKER_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = fake_broker_finalize;
  broker_class->configure = fake_broker_configure;
  broker_class->open = fake_broker_open;
  broker_class->close = fake_broker_close_all;
  broker_class->health = fake_broker_health;
  broker_class->consume = fake_broker_consume;
  broker_class->store_offset = fake_broker_store_offset;
  broker_class->pause = fake_broker_pause;
  broker_class->resume = fake_broker_resume;
  broker_class->revoke_done = fake_broker_revoke_done;
  broker_class->get_assignment = fake_broker_get_assignment;
  broker_class->get_metrics = fake_broker_get_metrics;
  broker_class->produce = fake_broker_produce;
  broker_class->flush = fake_broker_flush;
}

static void
fake_broker_init (FakeBroker *self)
{
}

static const AnnotOption options[] = {
  { .group = "fakebroker",
    .key = "backend",
    .type = ANNOT_OPTION_STRING,
    .fallback = "local",
    .summary = "real broker" },
  { .group = "fakebroker", .key = "plugin-dir", .type = ANNOT_OPTION_PATH, .summary = "where its module is" },
  { .group = "fakebroker", .key = "script", .type = ANNOT_OPTION_PATH, .summary = "file of the rules" },
  { .group = NULL },
};

ANNOT_PLUGIN_DEFINE (ANNOT_PLUGIN_BROKER, "fakebroker", PACKAGE_VERSION, "a broker that fails as a script says",
                     options, fake_broker_get_type);
