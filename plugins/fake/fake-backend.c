/* SPDX-License-Identifier: Apache-2.0 */
/* What the fakes share: a real backend behind, a script before it, and calls on their way between the two. */
#include "fake-backend.h"

#include <gmodule.h>

struct FakeBackend {
  FakeScript *script;
  GObject *real;
  GPtrArray *hanging; /* FakeCall */
};

static void
fake_call_free (FakeCall *call)
{
  g_free (call->arguments);
  g_clear_object (&call->task);
  fake_verdict_clear (&call->verdict);
  g_free (call);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeCall, fake_call_free)

static gboolean
configure_real (AnnotPluginClass plugin_class, GObject *real, AnnotConfig *config, GError **error)
{
  switch (plugin_class) {
  case ANNOT_PLUGIN_STORE:
    return annot_store_configure (ANNOT_STORE (real), config, error);
  case ANNOT_PLUGIN_STATE:
    return annot_state_configure (ANNOT_STATE (real), config, error);
  case ANNOT_PLUGIN_BROKER:
    return annot_broker_configure (ANNOT_BROKER (real), config, error);
  }
  g_return_val_if_reached (FALSE);
}

/* The module behind the fake, as the loader would open it, but for the checks on the file. */
static const AnnotPlugin *
open_real (AnnotPluginClass plugin_class, const char *directory, const char *name, GError **error)
{
  g_autofree char *file = g_strconcat (name, ".so", NULL);
  g_autofree char *path = g_build_filename (directory ? directory : ".", file, NULL);
  GModule *module = g_module_open (path, G_MODULE_BIND_LOCAL);
  gpointer symbol = NULL;
  const AnnotPlugin *plugin;

  if (!module || !g_module_symbol (module, ANNOT_PLUGIN_SYMBOL, &symbol)) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG, "fake: %s", g_module_error ());
    return NULL;
  }
  g_module_make_resident (module);
  plugin = symbol;
  if (plugin->plugin_class != plugin_class) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG, "fake: %s is a %s", path,
                 annot_plugin_class_to_string (plugin->plugin_class));
    return NULL;
  }
  return plugin;
}

FakeBackend *
fake_backend_new (AnnotPluginClass plugin_class, const char *group, AnnotConfig *config, FakeEventFunc func,
                  gpointer user_data, GError **error)
{
  const char *directory = annot_config_get_string (config, group, "plugin-dir");
  const AnnotPlugin *plugin = NULL;
  g_autoptr (GObject) real = NULL;
  FakeBackend *self = NULL;

  plugin = open_real (plugin_class, directory ? directory : g_getenv ("ANNOT_TEST_PLUGIN_DIR"),
                      annot_config_get_string (config, group, "backend"), error);
  if (!plugin)
    return NULL;
  real = g_object_new (plugin->get_type (), NULL);
  if (!configure_real (plugin_class, real, config, error))
    return NULL;
  self = g_new0 (FakeBackend, 1);
  self->real = g_steal_pointer (&real);
  self->script = fake_script_new (annot_config_get_string (config, group, "script"), func, user_data);
  self->hanging = g_ptr_array_new ();
  return self;
}

void
fake_backend_free (FakeBackend *self)
{
  fake_script_free (self->script);
  g_object_unref (self->real);
  g_ptr_array_unref (self->hanging);
  g_free (self);
}

gpointer
fake_backend_get_real (FakeBackend *self)
{
  return self->real;
}

FakeScript *
fake_backend_get_script (FakeBackend *self)
{
  return self->script;
}

void
fake_backend_release (FakeBackend *self)
{
  while (self->hanging->len > 0) {
    g_autoptr (FakeCall) call = g_ptr_array_steal_index (self->hanging, 0);

    g_task_return_new_error (call->task, ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED,
                             "fake: closed while a call was hanging");
  }
}

static void
proceed (FakeCall *call)
{
  g_autoptr (FakeCall) done = NULL;

  if (call->verdict.hangs) {
    g_ptr_array_add (call->backend->hanging, call);
  } else if (call->verdict.fails && !call->verdict.answer_lost) {
    done = call;
    g_task_return_error (call->task, g_steal_pointer (&call->verdict.error));
  } else {
    call->forward (call);
  }
}

static gboolean
delayed (gpointer user_data)
{
  proceed (user_data);
  return G_SOURCE_REMOVE;
}

void
fake_call_start (FakeBackend *backend, gpointer real, const char *method, GTask *task, FakeKind kind,
                 GDestroyNotify free_value, FakeForward forward, gconstpointer arguments, gsize size)
{
  FakeCall *call = g_new0 (FakeCall, 1);

  call->real = real ? real : backend->real;
  call->arguments = g_memdup2 (arguments, size);
  call->cancellable = g_task_get_cancellable (task);
  call->backend = backend;
  call->task = task;
  call->forward = forward;
  call->kind = kind;
  call->free_value = free_value;
  fake_script_next (backend->script, method, &call->verdict);
  if (call->verdict.delay_ms > 0) {
    g_autoptr (GSource) timer = g_timeout_source_new (call->verdict.delay_ms);

    g_source_set_callback (timer, delayed, call, NULL);
    g_source_attach (timer, g_task_get_context (task));
    return;
  }
  proceed (call);
}

static void
pass_pointer (FakeCall *call, gpointer value)
{
  if (value && call->verdict.unhealthy && call->free_value == (GDestroyNotify) annot_health_free)
    ((AnnotHealth *) value)->healthy = FALSE;
  g_task_return_pointer (call->task, value, call->free_value);
}

typedef struct {
  GAsyncResult *result;
  FakeCall *call;
} LateAnswer;

static gboolean
answer_late (gpointer user_data)
{
  g_autofree LateAnswer *late = user_data;
  g_autoptr (GAsyncResult) result = late->result;

  fake_call_done (G_OBJECT (late->call->real), result, late->call);
  return G_SOURCE_REMOVE;
}

static void
answer_later (FakeCall *call, GAsyncResult *result)
{
  LateAnswer *late = g_new (LateAnswer, 1);
  g_autoptr (GSource) timer = g_timeout_source_new (call->verdict.answer_delay_ms);

  call->verdict.answer_delay_ms = 0;
  late->result = g_object_ref (result);
  late->call = call;
  g_source_set_callback (timer, answer_late, late, NULL);
  g_source_attach (timer, g_task_get_context (call->task));
}

void
fake_call_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (FakeCall) call = user_data;
  g_autoptr (GError) error = NULL;
  gpointer pointer = NULL;
  gssize number = 0;

  if (call->verdict.answer_delay_ms > 0) {
    answer_later (g_steal_pointer (&call), result);
    return;
  }
  if (call->kind == FAKE_POINTER)
    pointer = g_task_propagate_pointer (G_TASK (result), &error);
  else if (call->kind == FAKE_INT)
    number = g_task_propagate_int (G_TASK (result), &error);
  else
    g_task_propagate_boolean (G_TASK (result), &error);
  if (call->verdict.fails || error) {
    if (pointer && call->free_value)
      call->free_value (pointer);
    g_task_return_error (call->task,
                         call->verdict.fails ? g_steal_pointer (&call->verdict.error) : g_steal_pointer (&error));
  } else if (call->kind == FAKE_POINTER) {
    pass_pointer (call, pointer);
  } else if (call->kind == FAKE_INT) {
    g_task_return_int (call->task, number);
  } else {
    g_task_return_boolean (call->task, TRUE);
  }
}
