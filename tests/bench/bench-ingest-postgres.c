/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of PostgreSQL's own rate is left of put_examples: rows a second through the store beside a bare pipeline of
 * one prepared insert into the same table, and megabytes of frames a second beside bare inserts of their bytes; the
 * same server, durability and batches. bench-ingest-postgres.py starts the server and says where it is.
 */
#include <annotationd/annotationd.h>
#include <libpq-fe.h>
#include <string.h>

#include "annot-test-backend.h"
#include "annot-test-loop.h"

#define ROWS 20000
#define BATCH 500
#define PAYLOAD_BYTES 850
#define ROWS_TARGET 0.7

#define FRAMES 600
/* As intake ends a batch: by its bytes. */
#define FRAMES_BATCH 150
#define FRAME_BYTES 100000
#define FRAMES_TARGET 0.6

#define ROUNDS 3

static const char *const insert_row
    = "INSERT INTO annotationd.examples (seq, event_id, camera_id, timestamp, priority, received_at, frame_type,"
      " source_topic, source_partition, source_offset, labels, face_hashes, detections, payload)"
      " VALUES ($1, $2, $3, $4, $5, $4, 0, $6, 0, $1, $7, '[]', $8, $9) ON CONFLICT DO NOTHING";
static const char *const insert_frame = "INSERT INTO annotationd.frames (seq, bytes) VALUES ($1, $2::bytea)";

/* Rows of about 1 KB, with ids in no order, as producers make them. */
static GPtrArray *
make_rows (guint n, gsize frame_bytes)
{
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);
  g_autofree char *filling = g_strnfill (PAYLOAD_BYTES, 'x');
  const char *const labels[] = { "person", NULL };

  for (guint i = 0; i < n; i++) {
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
    if (frame_bytes > 0) {
      guint32 *pixels = g_malloc (frame_bytes);

      for (gsize k = 0; k < frame_bytes / sizeof *pixels; k++)
        pixels[k] = g_random_int ();
      example->frame = g_bytes_new_take (pixels, frame_bytes);
      example->frame_type = ANNOT_FRAME_JPEG;
      example->frame_sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, example->frame);
    }
    g_ptr_array_add (rows, example);
  }
  return rows;
}

static AnnotStore *
open_store (const char *directory)
{
  AnnotStore *store = annot_test_backend_new (ANNOT_PLUGIN_STORE, "postgres", directory, NULL);
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

/* Returns: seconds */
static double
run_store (GPtrArray *rows, guint batch_rows)
{
  g_autofree char *directory = annot_test_make_directory ();
  AnnotStore *store = open_store (directory);
  gint64 start = g_get_monotonic_time ();
  double seconds;

  for (guint i = 0; i < rows->len; i += batch_rows) {
    g_autoptr (GPtrArray) batch = g_ptr_array_new ();
    g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
    g_autoptr (GError) error = NULL;
    g_autoptr (GArray) results = NULL;

    for (guint k = i; k < i + batch_rows; k++)
      g_ptr_array_add (batch, rows->pdata[k]);
    annot_store_put_examples (store, batch, NULL, annot_test_call_done, &call);
    results = annot_store_put_examples_finish (store, annot_test_call_wait (&call), &error);
    g_assert_no_error (error);
  }
  seconds = (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
  close_store (store);
  annot_test_remove_tree (directory);
  return seconds;
}

static void
execute (PGconn *connection, const char *sql)
{
  PGresult *result = PQexec (connection, sql);

  if (PQresultStatus (result) != PGRES_COMMAND_OK && PQresultStatus (result) != PGRES_TUPLES_OK)
    g_error ("%s: %s", sql, PQerrorMessage (connection));
  PQclear (result);
}

static void
prepare (PGconn *connection, const char *name, const char *sql)
{
  PGresult *result = PQprepare (connection, name, sql, 0, NULL);

  if (PQresultStatus (result) != PGRES_COMMAND_OK)
    g_error ("%s: %s", sql, PQerrorMessage (connection));
  PQclear (result);
}

static void
send_row (PGconn *connection, const AnnotExample *example, guint seq)
{
  g_autofree char *number = g_strdup_printf ("%u", seq);
  g_autofree char *timestamp = g_strdup_printf ("%" G_GINT64_FORMAT, example->timestamp);
  char priority[G_ASCII_DTOSTR_BUF_SIZE];
  const char *values[]
      = { number,         example->event_id,   example->camera_id, timestamp, priority, example->source_topic,
          "[\"person\"]", example->detections, example->payload };

  g_ascii_dtostr (priority, sizeof priority, example->priority);
  if (!PQsendQueryPrepared (connection, "row", G_N_ELEMENTS (values), values, NULL, NULL, 0))
    g_error ("row: %s", PQerrorMessage (connection));
}

static void
send_frame (PGconn *connection, const AnnotExample *example, guint seq)
{
  g_autofree char *number = g_strdup_printf ("%u", seq);
  gsize size;
  const char *values[] = { number, g_bytes_get_data (example->frame, &size) };
  int lengths[] = { 0, (int) size };
  int formats[] = { 0, 1 };

  if (!PQsendQueryPrepared (connection, "frame", 2, values, lengths, formats, 0))
    g_error ("frame: %s", PQerrorMessage (connection));
}

/* Reads the results of one batch. */
static void
sync_batch (PGconn *connection)
{
  ExecStatusType status = PGRES_COMMAND_OK;

  PQpipelineSync (connection);
  while (status != PGRES_PIPELINE_SYNC) {
    PGresult *result = PQgetResult (connection);

    if (!result)
      continue;
    status = PQresultStatus (result);
    if (status != PGRES_COMMAND_OK && status != PGRES_PIPELINE_SYNC)
      g_error ("insert: %s", PQresultErrorMessage (result));
    PQclear (result);
  }
}

/* The same rows into the same table, and nothing else. Returns: seconds */
static double
run_bare (PGconn *connection, GPtrArray *rows, guint batch_rows,
          void (*send) (PGconn *connection, const AnnotExample *example, guint seq))
{
  gint64 start = g_get_monotonic_time ();

  PQenterPipelineMode (connection);
  for (guint i = 0; i < rows->len; i += batch_rows) {
    for (guint k = i; k < i + batch_rows; k++)
      send (connection, rows->pdata[k], k + 1);
    sync_batch (connection);
  }
  PQexitPipelineMode (connection);
  return (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
}

static void
empty (PGconn *connection)
{
  execute (connection, "TRUNCATE annotationd.examples, annotationd.example_labels, annotationd.frames");
  execute (connection, "CHECKPOINT");
}

static gboolean
compare (PGconn *connection, const char *what, GPtrArray *rows, guint batch_rows, double amount, const char *unit,
         void (*send) (PGconn *connection, const AnnotExample *example, guint seq), double target)
{
  double store = G_MAXDOUBLE, bare = G_MAXDOUBLE;

  /* The best of several rounds of each, taken in turn, so that what else the machine does weighs little. */
  for (guint round = 0; round < ROUNDS; round++) {
    double bare_seconds, store_seconds;

    empty (connection);
    bare_seconds = run_bare (connection, rows, batch_rows, send);
    bare = MIN (bare, bare_seconds);
    empty (connection);
    store_seconds = run_store (rows, batch_rows);
    store = MIN (store, store_seconds);
  }
  g_print ("postgres ingest, %s: store %.0f %s, bare pipeline %.0f %s, ratio %.2f (target %.2f)\n", what,
           amount / store, unit, amount / bare, unit, bare / store, target);
  return bare / store >= target;
}

int
main (int argc, char **argv)
{
  g_autoptr (GPtrArray) rows = make_rows (ROWS, 0);
  g_autoptr (GPtrArray) framed = make_rows (FRAMES, FRAME_BYTES);
  g_autofree char *directory = annot_test_make_directory ();
  const char *conninfo = g_getenv ("ANNOTATIOND_POSTGRES_CONNINFO");
  PGconn *connection;
  gboolean ok;

  if (!conninfo) {
    g_printerr ("usage: ANNOTATIOND_POSTGRES_CONNINFO=CONNINFO %s\n", argv[0]);
    return 64;
  }
  /* The schema first. */
  close_store (open_store (directory));
  annot_test_remove_tree (directory);
  connection = PQconnectdb (conninfo);
  prepare (connection, "row", insert_row);
  prepare (connection, "frame", insert_frame);
  ok = compare (connection, "rows of 1 KB", rows, BATCH, ROWS, "rows/s", send_row, ROWS_TARGET);
  ok = compare (connection, "frames of 100 KB", framed, FRAMES_BATCH, FRAMES * (FRAME_BYTES / 1e6), "MB/s", send_frame,
                FRAMES_TARGET)
       && ok;
  PQfinish (connection);
  return ok ? 0 : 1;
}
