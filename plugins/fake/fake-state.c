/* SPDX-License-Identifier: Apache-2.0 */
/* A state whose calls fail, wait or hang as a script says, before a real one. */
#include "fake-backend.h"

#define FAKE_TYPE_STATE (fake_state_get_type ())
G_DECLARE_FINAL_TYPE (FakeState, fake_state, FAKE, STATE, AnnotState)

struct _FakeState {
  AnnotState parent_instance;
  FakeBackend *backend;
};

G_DEFINE_FINAL_TYPE (FakeState, fake_state, ANNOT_TYPE_STATE)

static FakeBackend *
backend_of (AnnotState *state)
{
  return FAKE_STATE (state)->backend;
}

#define BOOLEAN FAKE_BOOLEAN, NULL
#define LIST FAKE_POINTER, g_ptr_array_unref
#define METHOD_0(...) FAKE_METHOD_0 (AnnotState, state, __VA_ARGS__)
#define METHOD_1(...) FAKE_METHOD_1 (AnnotState, state, __VA_ARGS__)
#define METHOD_2(...) FAKE_METHOD_2 (AnnotState, state, __VA_ARGS__)
#define METHOD_3(...) FAKE_METHOD_3 (AnnotState, state, __VA_ARGS__)

METHOD_0 (open, BOOLEAN)
METHOD_0 (close, BOOLEAN)
METHOD_0 (health, FAKE_POINTER, annot_health_free)
METHOD_2 (publish, BOOLEAN, const char *, GBytes *)
METHOD_1 (subscribe, BOOLEAN, const char *)
METHOD_2 (announce, BOOLEAN, const AnnotInstance *, guint)
METHOD_1 (withdraw, BOOLEAN, const char *)
METHOD_0 (list_instances, LIST)
METHOD_2 (add_retry, BOOLEAN, const char *, gint64)
METHOD_2 (take_retries, LIST, guint, guint)
METHOD_1 (confirm_retry, BOOLEAN, const char *)
METHOD_3 (take_rate, FAKE_POINTER, g_free, const char *, AnnotRate, guint)
METHOD_2 (revoke, BOOLEAN, const char *, gint64)

static void
on_message (AnnotState *real, const char *channel, GBytes *data, gpointer user_data)
{
  g_auto (FakeVerdict) verdict = { 0 };

  fake_script_next (fake_backend_get_script (backend_of (user_data)), "deliver", &verdict);
  if (!verdict.caught)
    annot_state_deliver (user_data, channel, data);
}

static void
on_gap (AnnotState *real, gpointer user_data)
{
  annot_state_report_gap (user_data);
}

static void
on_event (const char *event, gpointer user_data)
{
  if (g_str_equal (event, "gap"))
    annot_state_report_gap (user_data);
}

static gboolean
fake_state_configure (AnnotState *state, AnnotConfig *config, GError **error)
{
  FakeState *self = FAKE_STATE (state);

  self->backend = fake_backend_new (ANNOT_PLUGIN_STATE, "fakestate", config, on_event, self, error);
  if (!self->backend)
    return FALSE;
  g_signal_connect_object (fake_backend_get_real (self->backend), "message", G_CALLBACK (on_message), self, 0);
  g_signal_connect_object (fake_backend_get_real (self->backend), "gap", G_CALLBACK (on_gap), self, 0);
  return TRUE;
}

static void
fake_state_close_all (AnnotState *state, GTask *task)
{
  fake_backend_release (backend_of (state));
  fake_state_close (state, task);
}

static void
fake_state_finalize (GObject *object)
{
  g_clear_pointer (&FAKE_STATE (object)->backend, fake_backend_free);
  G_OBJECT_CLASS (fake_state_parent_class)->finalize (object);
}

static void
fake_state_class_init (FakeStateClass *klass)
{
  AnnotStateClass *state_class = ANNOT_STATE_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = fake_state_finalize;
  state_class->configure = fake_state_configure;
  state_class->open = fake_state_open;
  state_class->close = fake_state_close_all;
  state_class->health = fake_state_health;
  state_class->publish = fake_state_publish;
  state_class->subscribe = fake_state_subscribe;
  state_class->announce = fake_state_announce;
  state_class->withdraw = fake_state_withdraw;
  state_class->list_instances = fake_state_list_instances;
  state_class->add_retry = fake_state_add_retry;
  state_class->take_retries = fake_state_take_retries;
  state_class->confirm_retry = fake_state_confirm_retry;
  state_class->take_rate = fake_state_take_rate;
  state_class->revoke = fake_state_revoke;
}

static void
fake_state_init (FakeState *self)
{
}

static const AnnotOption options[] = {
  { .group = "fakestate",
    .key = "backend",
    .type = ANNOT_OPTION_STRING,
    .fallback = "memory",
    .summary = "real state" },
  { .group = "fakestate", .key = "plugin-dir", .type = ANNOT_OPTION_PATH, .summary = "where its module is" },
  { .group = "fakestate", .key = "script", .type = ANNOT_OPTION_PATH, .summary = "file of the rules" },
  { .group = NULL },
};

ANNOT_PLUGIN_DEFINE (ANNOT_PLUGIN_STATE, "fakestate", PACKAGE_VERSION, "a state that fails as a script says", options,
                     fake_state_get_type);
