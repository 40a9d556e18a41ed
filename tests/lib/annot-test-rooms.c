/* SPDX-License-Identifier: Apache-2.0 */
/* Opened backends for the tests of the pipeline: the embedded ones, or what a test names instead. */
#include "annot-test-rooms.h"

#include "annot-test-backend.h"

#include <stdio.h>
#include <string.h>

static const char *const fakes[] = {"store", "state", "broker"};
static const char *const reals[] = {"sqlite", "memory", "local"};

static GPtrArray *
all_options (const char *directory, const char *const *options, gboolean faked)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; i < G_N_ELEMENTS (fakes); i++) {
    g_ptr_array_add (all, g_strdup_printf ("%s.plugin=%s%s", fakes[i], faked ? "fake" : "", faked ? fakes[i] : reals[i]));
    if (faked)
      g_ptr_array_add (all, g_strdup_printf ("fake%s.script=%s/%s.script", fakes[i], directory, fakes[i]));
  }
  g_ptr_array_add (all, g_strdup_printf ("sqlite.path=%s/annotationd.db", directory));
  g_ptr_array_add (all, g_strdup_printf ("local.directory=%s/topics", directory));
  for (gsize i = 0; options && options[i]; i++)
    g_ptr_array_add (all, g_strdup (options[i]));
  g_ptr_array_add (all, NULL);
  return all;
}

static gpointer
make (AnnotTestRooms *self, AnnotPluginClass plugin_class, GPtrArray *options)
{
  const char *group = annot_plugin_class_to_string (plugin_class);
  const char *name = annot_config_get_string (self->config, group, "plugin");

  if (!annot_test_backend_is_built (plugin_class, name))
    return NULL;
  return annot_test_backend_new (plugin_class, name, self->directory, (const char *const *) options->pdata);
}

static void
open_all (AnnotTestRooms *self)
{
  g_auto (AnnotTestCall) store = ANNOT_TEST_CALL_INIT;
  g_auto (AnnotTestCall) state = ANNOT_TEST_CALL_INIT;
  g_auto (AnnotTestCall) broker = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;

  annot_store_open (self->store, NULL, annot_test_call_done, &store);
  annot_store_open_finish (self->store, annot_test_call_wait (&store), &error);
  g_assert_no_error (error);
  annot_state_open (self->state, NULL, annot_test_call_done, &state);
  annot_state_open_finish (self->state, annot_test_call_wait (&state), &error);
  g_assert_no_error (error);
  annot_broker_open (self->broker, NULL, annot_test_call_done, &broker);
  annot_broker_open_finish (self->broker, annot_test_call_wait (&broker), &error);
  g_assert_no_error (error);
}

static AnnotTestRooms *
new_rooms (const char *const *options, gboolean open, gboolean faked)
{
  AnnotTestRooms *self = g_new0 (AnnotTestRooms, 1);
  g_autoptr (GPtrArray) all = NULL;

  self->directory = annot_test_make_directory ();
  all = all_options (self->directory, options, faked);
  self->config = annot_test_config_new (self->directory, (const char *const *) all->pdata);
  self->store = make (self, ANNOT_PLUGIN_STORE, all);
  self->state = make (self, ANNOT_PLUGIN_STATE, all);
  self->broker = make (self, ANNOT_PLUGIN_BROKER, all);
  if (!self->store || !self->state || !self->broker) {
    annot_test_rooms_free (self);
    g_test_skip ("a plugin that this test needs was not built");
    return NULL;
  }
  if (open)
    open_all (self);
  return self;
}

AnnotTestRooms *
annot_test_rooms_new (const char *const *options, gboolean open)
{
  return new_rooms (options, open, FALSE);
}

AnnotTestRooms *
annot_test_rooms_new_faked (const char *const *options, gboolean open)
{
  return new_rooms (options, open, TRUE);
}

void
annot_test_rooms_script (AnnotTestRooms *self, const char *backend, const char *rules)
{
  g_autofree char *path = g_strdup_printf ("%s/%s.script", self->directory, backend);
  g_autoptr (GError) error = NULL;

  /* It is replaced as a whole, so that no half of it is read. */
  g_file_set_contents (path, rules, -1, &error);
  g_assert_no_error (error);
}

void
annot_test_rooms_free (AnnotTestRooms *self)
{
  if (self->broker) {
    g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

    annot_broker_close (self->broker, NULL, annot_test_call_done, &call);
    annot_broker_close_finish (self->broker, annot_test_call_wait (&call), NULL);
  }
  if (self->state) {
    g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

    annot_state_close (self->state, NULL, annot_test_call_done, &call);
    annot_state_close_finish (self->state, annot_test_call_wait (&call), NULL);
  }
  if (self->store) {
    g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

    annot_store_close (self->store, NULL, annot_test_call_done, &call);
    annot_store_close_finish (self->store, annot_test_call_wait (&call), NULL);
  }
  g_clear_object (&self->broker);
  g_clear_object (&self->state);
  g_clear_object (&self->store);
  g_clear_object (&self->config);
  annot_test_remove_tree (self->directory);
  g_free (self->directory);
  g_free (self);
}

AnnotExample *
annot_test_rooms_make_example (const char *prefix, guint number)
{
  AnnotExample *example = annot_example_new ();

  example->event_id = g_strdup_printf ("%s-%u", prefix, number);
  example->camera_id = g_strdup ("cam");
  example->timestamp = g_get_real_time ();
  example->priority = 0.5;
  example->payload = g_strdup_printf (
      "{\"event_id\":\"%s-%u\",\"camera_id\":\"cam\",\"timestamp\":\"2026-11-23T08:00:00Z\"}", prefix, number);
  example->detections = g_strdup ("[]");
  return example;
}

GPtrArray *
annot_test_rooms_put (AnnotTestRooms *self, const char *prefix, guint count)
{
  GPtrArray *examples = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) results = NULL;

  for (guint i = 0; i < count; i++)
    g_ptr_array_add (examples, annot_test_rooms_make_example (prefix, i));
  annot_store_put_examples (self->store, examples, NULL, annot_test_call_done, &call);
  results = annot_store_put_examples_finish (self->store, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
  for (guint i = 0; i < count; i++)
    ((AnnotExample *) g_ptr_array_index (examples, i))->seq = g_array_index (results, AnnotPutResult, i).seq;
  return examples;
}

void
annot_test_rooms_feed (AnnotTestRooms *self, const char *topic, const char *line)
{
  g_autofree char *path = g_strdup_printf ("%s/topics/%s.jsonl", self->directory, topic);
  FILE *file = fopen (path, "a");

  g_assert_nonnull (file);
  fprintf (file, "%s\n", line);
  fclose (file);
}

char *
annot_test_rooms_read_topic (AnnotTestRooms *self, const char *topic)
{
  g_autofree char *path = g_strdup_printf ("%s/topics/%s.jsonl", self->directory, topic);
  char *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    return g_strdup ("");
  return text;
}

AnnotPosition *
annot_test_rooms_position (AnnotTestRooms *self)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;
  AnnotPosition *position = NULL;

  annot_store_get_position (self->store, NULL, annot_test_call_done, &call);
  position = annot_store_get_position_finish (self->store, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return position;
}

gint64
annot_test_patience (gint64 microseconds)
{
  return g_getenv ("ANNOT_TEST_SLOW") ? 10 * microseconds : microseconds;
}

char *
annot_test_rooms_document (const char *event_id)
{
  return g_strdup_printf ("{\"event_id\":\"%s\",\"camera_id\":\"cam\",\"timestamp\":\"2026-11-23T08:00:00Z\","
                          "\"detections\":[{\"bbox\":[1,2,3,4],\"class_name\":\"person\",\"confidence\":0.4}]}",
                          event_id);
}
