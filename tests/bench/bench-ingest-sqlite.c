/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of SQLite's own rate is left of put_examples: rows a second through the store, beside a bare loop of one
 * prepared statement on the same schema, with the same durability and batches. Fails below half.
 */
#include <annotationd/annotationd.h>
#include <sqlite3.h>

#include "annot-test-backend.h"
#include "annot-test-loop.h"

#define ROWS 40000
#define BATCH 500
#define PAYLOAD_BYTES 850
#define ROUNDS 3
#define TARGET 0.5

static const char *const insert
    = "INSERT INTO examples (seq, event_id, camera_id, timestamp, priority, received_at, frame_type, frame_sha256,"
      " source_topic, source_partition, source_offset, labels, face_hashes, detections, payload)"
      " VALUES (?, ?, ?, ?, ?, ?, 0, NULL, ?, 0, ?, ?, '[]', ?, ?)";

/* Rows of about 1 KB, with ids in no order, as producers make them. */
static GPtrArray *
make_rows (void)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);
  g_autofree char *filling = g_strnfill (PAYLOAD_BYTES, 'x');
  const char *const labels[] = { "person", NULL };

  for (guint i = 0; i < ROWS; i++) {
    AnnotExample *example = annot_example_new ();

    example->event_id = g_uuid_string_random ();
    example->camera_id = g_strdup_printf ("cam-%u", i % 50);
    example->timestamp = G_GINT64_CONSTANT (1795420800000000) + i;
    example->priority = (double) (i * 7919 % 1000) / 1000;
    example->payload = g_strdup_printf ("{\"event_id\":\"%s\",\"reason\":\"%s\"}", example->event_id, filling);
    example->detections
        = g_strdup ("[{\"bbox\":{\"x1\":10,\"y1\":20,\"x2\":110,\"y2\":220},\"class_name\":\"person\"}]");
    g_strfreev (example->labels);
    example->labels = g_strdupv ((char **) labels);
    example->source_topic = g_strdup ("hard-examples");
    example->source_offset = i;
    g_ptr_array_add (rows, example);
  }
  return rows;
}

static AnnotStore *
open_store (const char *directory)
{
  AnnotStore *store = annot_test_backend_new (ANNOT_PLUGIN_STORE, "sqlite", directory, NULL);
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;

  annot_store_open (store, NULL, annot_test_call_done, &call);
  annot_store_open_finish (store, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
  return store;
}

static void
close_store (AnnotStore *store)
{
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;

  annot_store_close (store, NULL, annot_test_call_done, &call);
  g_assert_true (annot_store_close_finish (store, annot_test_call_wait (&call), NULL));
  g_object_unref (store);
}

/* Returns: rows a second */
static double
run_store (GPtrArray *rows)
{
  g_autofree char *directory = annot_test_make_directory ();
  AnnotStore *store = open_store (directory);
  gint64 start = g_get_monotonic_time ();
  double seconds;

  for (guint i = 0; i < rows->len; i += BATCH) {
    g_autoptr (GPtrArray) batch = g_ptr_array_new ();
    g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
    g_autoptr (GError) error = NULL;
    g_autoptr (GArray) results = NULL;

    for (guint k = i; k < i + BATCH; k++)
      g_ptr_array_add (batch, rows->pdata[k]);
    annot_store_put_examples (store, batch, NULL, annot_test_call_done, &call);
    results = annot_store_put_examples_finish (store, annot_test_call_wait (&call), &error);
    g_assert_no_error (error);
  }
  seconds = (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
  close_store (store);
  annot_test_remove_tree (directory);
  return rows->len / seconds;
}

static void
execute (sqlite3 *database, const char *sql)
{
  if (sqlite3_exec (database, sql, NULL, NULL, NULL) != SQLITE_OK)
    g_error ("%s: %s", sql, sqlite3_errmsg (database));
}

static void
insert_row (sqlite3_stmt *statement, const AnnotExample *example, guint seq)
{
  sqlite3_bind_int64 (statement, 1, seq);
  sqlite3_bind_text (statement, 2, example->event_id, -1, SQLITE_STATIC);
  sqlite3_bind_text (statement, 3, example->camera_id, -1, SQLITE_STATIC);
  sqlite3_bind_int64 (statement, 4, example->timestamp);
  sqlite3_bind_double (statement, 5, example->priority);
  sqlite3_bind_int64 (statement, 6, example->timestamp);
  sqlite3_bind_text (statement, 7, example->source_topic, -1, SQLITE_STATIC);
  sqlite3_bind_int64 (statement, 8, example->source_offset);
  sqlite3_bind_text (statement, 9, "[\"person\"]", -1, SQLITE_STATIC);
  sqlite3_bind_text (statement, 10, example->detections, -1, SQLITE_STATIC);
  sqlite3_bind_text (statement, 11, example->payload, -1, SQLITE_STATIC);
  if (sqlite3_step (statement) != SQLITE_DONE)
    g_error ("insert: %s", sqlite3_errmsg (sqlite3_db_handle (statement)));
  sqlite3_reset (statement);
}

/* The same rows into the same table, and nothing else. Returns: rows a second */
static double
run_bare (GPtrArray *rows)
{
  g_autofree char *directory = annot_test_make_directory ();
  g_autofree char *path = g_build_filename (directory, "annotationd.db", NULL);
  sqlite3_stmt *statement = NULL;
  sqlite3 *database = NULL;
  gint64 start;
  double seconds;

  close_store (open_store (directory));
  if (sqlite3_open_v2 (path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
    g_error ("%s: %s", path, sqlite3_errmsg (database));
  execute (database, "PRAGMA synchronous = FULL; PRAGMA cache_size = -32768");
  sqlite3_prepare_v2 (database, insert, -1, &statement, NULL);
  start = g_get_monotonic_time ();
  for (guint i = 0; i < rows->len; i += BATCH) {
    execute (database, "BEGIN IMMEDIATE");
    for (guint k = i; k < i + BATCH; k++)
      insert_row (statement, rows->pdata[k], k + 1);
    execute (database, "COMMIT");
  }
  seconds = (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
  sqlite3_finalize (statement);
  sqlite3_close (database);
  annot_test_remove_tree (directory);
  return rows->len / seconds;
}

/* The best of several rounds of each, taken in turn, so that what else the machine does weighs little. */
int
main (void)
{
  g_autoptr (GPtrArray) rows = make_rows ();
  double store = 0, bare = 0;

  for (guint round = 0; round < ROUNDS; round++) {
    bare = MAX (bare, run_bare (rows));
    store = MAX (store, run_store (rows));
  }
  g_print ("sqlite ingest: store %.0f rows/s, bare statement loop %.0f rows/s, ratio %.2f (target %.2f)\n", store, bare,
           store / bare, TARGET);
  return store / bare >= TARGET ? 0 : 1;
}
