/* SPDX-License-Identifier: Apache-2.0 */
/* The store contract's fixture, and what its tests share. */
#include "store-contract.h"

#include <math.h>
#include <string.h>

#include "annot-test-backend.h"

AnnotStore *
store_fixture_make (StoreFixture *self)
{
  return annot_test_backend_new (ANNOT_PLUGIN_STORE, self->plugin, self->directory, NULL);
}

AnnotStore *
store_fixture_open_another (StoreFixture *self)
{
  AnnotStore *store = store_fixture_make (self);

  g_assert_true (STORE_GET (store, open));
  return store;
}

void
store_contract_close (AnnotStore *store)
{
  g_assert_true (STORE_GET (store, close));
  g_object_unref (store);
}

void
store_fixture_reopen (StoreFixture *self)
{
  store_contract_close (self->store);
  self->store = store_fixture_open_another (self);
}

static void
reset (void)
{
  const char *command = g_getenv ("ANNOT_CONTRACT_RESET");
  g_autoptr (GError) error = NULL;
  int status = 0;

  if (!command)
    return;
  g_spawn_command_line_sync (command, NULL, NULL, &status, &error);
  g_assert_no_error (error);
  g_assert_true (g_spawn_check_wait_status (status, NULL));
}

void
store_fixture_empty (StoreFixture *self)
{
  store_contract_close (self->store);
  annot_test_remove_tree (self->directory);
  g_free (self->directory);
  reset ();
  self->directory = annot_test_make_directory ();
  self->store = store_fixture_make (self);
}

static void
set_up (StoreFixture *self, gconstpointer plugin)
{
  reset ();
  self->plugin = plugin;
  self->directory = annot_test_make_directory ();
  self->store = store_fixture_open_another (self);
}

static void
tear_down (StoreFixture *self, gconstpointer plugin)
{
  store_contract_close (self->store);
  annot_test_remove_tree (self->directory);
  g_free (self->directory);
}

void
store_contract_add (const char *plugin, const char *path, StoreTest test)
{
  g_autofree char *full = g_strdup_printf ("/store/%s/%s", plugin, path);

  g_test_add (full, StoreFixture, plugin, set_up, test, tear_down);
}

AnnotExample *
store_contract_make_example (const char *event_id, double priority)
{
  const char *const labels[] = { "car", "person", NULL };
  AnnotExample *example = annot_example_new ();

  example->event_id = g_strdup (event_id);
  example->camera_id = g_strdup ("cam-1");
  example->timestamp = G_GINT64_CONSTANT (1795420800000000);
  example->priority = priority;
  example->payload = g_strdup_printf ("{\"event_id\":\"%s\",\"reason\":\"caf\xc3\xa9\"}", event_id);
  example->detections = g_strdup ("[{\"class_name\":\"person\"},{\"class_name\":\"car\"}]");
  g_strfreev (example->labels);
  example->labels = g_strdupv ((char **) labels);
  example->source_topic = g_strdup ("hard-examples");
  example->source_partition = 3;
  example->source_offset = G_GINT64_CONSTANT (1) << 40;
  return example;
}

void
store_contract_add_frame (AnnotExample *example, const char *bytes)
{
  example->frame = g_bytes_new (bytes, strlen (bytes));
  example->frame_type = ANNOT_FRAME_PNG;
  example->frame_sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, example->frame);
}

gint64
store_contract_put (AnnotStore *store, AnnotExample *example_owned)
{
  g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);
  g_autoptr (GArray) results = NULL;

  g_ptr_array_add (batch, example_owned);
  results = STORE_GET (store, put_examples, batch);
  g_assert_cmpuint (results->len, ==, 1);
  return g_array_index (results, AnnotPutResult, 0).seq;
}

void
store_contract_put_many (AnnotStore *store, const char *prefix, guint n, double priority)
{
  g_autoptr (GPtrArray) batch = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);
  g_autoptr (GArray) results = NULL;

  for (guint i = 0; i < n; i++) {
    g_autofree char *id = g_strdup_printf ("%s-%u", prefix, i);

    g_ptr_array_add (batch, store_contract_make_example (id, priority));
  }
  results = STORE_GET (store, put_examples, batch);
  g_assert_cmpuint (results->len, ==, n);
}

AnnotLease *
store_contract_claim_one (AnnotStore *store, const char *annotator)
{
  g_autoptr (GPtrArray) leases = STORE_GET (store, claim, annotator, 1, 60);

  g_assert_cmpuint (leases->len, ==, 1);
  g_ptr_array_set_free_func (leases, NULL);
  return leases->pdata[0];
}

AnnotAnnotation *
store_contract_make_annotation (const char *event_id, const char *annotator, guint revision, const char *digest)
{
  AnnotAnnotation *annotation = annot_annotation_new ();

  annotation->id = g_uuid_string_random ();
  annotation->event_id = g_strdup (event_id);
  annotation->revision = revision;
  annotation->annotator = g_strdup (annotator);
  annotation->created_at = g_get_real_time ();
  annotation->corrected_detections = g_strdup ("[{\"corrected_class\":\"person\"}]");
  annotation->notes = g_strdup ("seen");
  annotation->lead_time_ms = 1500;
  annotation->digest = g_strdup (digest);
  return annotation;
}

AnnotSubmitResult *
store_contract_submit (AnnotStore *store, AnnotAnnotation *annotation, const AnnotLeaseToken *token, GError **error)
{
  const char *const labels[] = { "person", "car", NULL };
  g_autoptr (AnnotOutgoing) outgoing
      = annot_outgoing_new ("labeled-examples", "cam-1", annotation->event_id, "{\"labelled\":true}");
  AnnotSubmission submission = { .annotation = annotation, .token = token, .labels = labels, .outgoing = outgoing };

  g_free (outgoing->id);
  outgoing->id = g_strdup (annotation->id);
  outgoing->inline_frame = TRUE;
  return STORE_DO (store, submit, error, &submission);
}

void
store_contract_complete (AnnotStore *store, const char *event_id, const char *annotator)
{
  g_autoptr (AnnotAnnotation) annotation = store_contract_make_annotation (event_id, annotator, 1, "digest");
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotSubmitResult) result = NULL;

  store_contract_put (store, store_contract_make_example (event_id, 0.5));
  result = store_contract_submit (store, annotation, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (result->repeated);
}

void
store_contract_assert_status (AnnotStore *store, const char *event_id, AnnotExampleStatus status)
{
  g_autoptr (AnnotExample) example = STORE_GET (store, get_example, event_id, FALSE);

  g_assert_cmpstr (annot_example_status_to_string (example->status), ==, annot_example_status_to_string (status));
}
