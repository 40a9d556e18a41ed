/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libpq and PostgreSQL do by themselves with the daemon's tables: prepared inserts with conflict handling from
 * memory, a batch a transaction, in pipeline mode, two batches under way; or one insert a transaction, and its time.
 */
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "load-message.h"

#define COLUMNS 13

typedef struct {
  char *values[COLUMNS];
} Row;

typedef struct {
  PGconn *connection;
  GPtrArray *rows;
  GBytes *frame;
  gint64 seq;
} Bare;

static const char *const insert_example
    = "INSERT INTO annotationd.examples (seq, event_id, camera_id, timestamp, priority, received_at, frame_type,"
      " source_topic, source_partition, source_offset, labels, face_hashes, detections, payload)"
      " VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING";
static const char *const insert_frame
    = "INSERT INTO annotationd.frames (seq, bytes) VALUES ($1, $2) ON CONFLICT DO NOTHING";

static void
check (PGconn *connection, gboolean ok)
{
  if (!ok)
    g_error ("postgres: %s", PQerrorMessage (connection));
}

static void
prepare (PGconn *connection, const char *name, const char *sql)
{
  PGresult *result = PQprepare (connection, name, sql, 0, NULL);

  check (connection, PQresultStatus (result) == PGRES_COMMAND_OK);
  PQclear (result);
}

static Row *
make_row (guint number)
{
  Row *row = g_new0 (Row, 1);
  char **values = row->values;

  values[1] = g_uuid_string_random ();
  values[2] = g_strdup_printf ("cam-%u", number % LOAD_CAMERAS);
  values[3] = g_strdup ("1795420800000000");
  values[4] = g_strdup_printf ("0.%03u", 500 + number * 7919 % 400);
  values[5] = g_strdup ("1795420800000000");
  values[6] = g_strdup ("hard-examples");
  values[7] = g_strdup_printf ("%u", number % 6);
  values[8] = g_strdup_printf ("%u", number);
  values[9] = g_strdup ("[\"person\",\"bicycle\"]");
  values[10] = g_strdup ("[]");
  values[11] = g_strdup ("[{\"bbox\":{\"x1\":10,\"y1\":20,\"x2\":110,\"y2\":220},\"class_name\":\"person\","
                         "\"confidence\":0.41},{\"bbox\":{\"x1\":210,\"y1\":40,\"x2\":300,\"y2\":180},"
                         "\"class_name\":\"bicycle\",\"confidence\":0.62}]");
  values[12] = g_string_free (load_message_new (number, NULL), FALSE);
  return row;
}

static Bare *
open_bare (const char *conninfo, guint count, guint frame_bytes)
{
  Bare *self = g_new0 (Bare, 1);
  PGresult *result;

  self->connection = PQconnectdb (conninfo);
  check (self->connection, PQstatus (self->connection) == CONNECTION_OK);
  prepare (self->connection, "example", insert_example);
  prepare (self->connection, "frame", insert_frame);
  result = PQexec (self->connection, "SELECT greatest ((SELECT max (seq) FROM annotationd.examples),"
                                     " (SELECT max (seq) FROM annotationd.frames), 0)");
  check (self->connection, PQresultStatus (result) == PGRES_TUPLES_OK);
  self->seq = g_ascii_strtoll (PQgetvalue (result, 0, 0), NULL, 10);
  PQclear (result);
  if (frame_bytes > 0) {
    g_autofree guint8 *data = load_message_frame (frame_bytes);

    self->frame = g_bytes_new (data, frame_bytes);
  } else {
    self->rows = g_ptr_array_new ();
    for (guint i = 0; i < count; i++)
      g_ptr_array_add (self->rows, make_row (i));
  }
  return self;
}

static void
send_frame (Bare *self, const char *seq)
{
  gsize length;
  const char *const values[] = { seq, g_bytes_get_data (self->frame, &length) };
  const int lengths[] = { 0, (int) length };
  const int formats[] = { 0, 1 };

  check (self->connection, PQsendQueryPrepared (self->connection, "frame", 2, values, lengths, formats, 0));
}

static void
send_row (Bare *self, guint number)
{
  g_autofree char *seq = g_strdup_printf ("%" G_GINT64_FORMAT, ++self->seq);
  Row *row;

  if (self->frame) {
    send_frame (self, seq);
    return;
  }
  row = self->rows->pdata[number];
  row->values[0] = seq;
  check (self->connection,
         PQsendQueryPrepared (self->connection, "example", COLUMNS, (const char *const *) row->values, NULL, NULL, 0));
  row->values[0] = NULL;
}

static void
send_batch (Bare *self, guint first, guint count)
{
  check (self->connection, PQsendQueryParams (self->connection, "BEGIN", 0, NULL, NULL, NULL, NULL, 0));
  for (guint i = 0; i < count; i++)
    send_row (self, first + i);
  check (self->connection, PQsendQueryParams (self->connection, "COMMIT", 0, NULL, NULL, NULL, NULL, 0));
  check (self->connection, PQpipelineSync (self->connection));
  check (self->connection, PQflush (self->connection) == 0);
}

static void
receive_batch (Bare *self)
{
  for (;;) {
    PGresult *result = PQgetResult (self->connection);
    ExecStatusType status = PQresultStatus (result);

    PQclear (result);
    if (status == PGRES_PIPELINE_SYNC)
      return;
    /* No result: the end of one statement's. */
    check (self->connection, !result || status == PGRES_COMMAND_OK);
  }
}

/* Prints rows a second. */
static void
insert (const char *conninfo, guint count, guint batch, guint frame_bytes)
{
  Bare *self = open_bare (conninfo, count, frame_bytes);
  gint64 start = g_get_monotonic_time ();
  guint sent = 0;

  check (self->connection, PQenterPipelineMode (self->connection));
  for (guint first = 0; first < count; first += batch) {
    send_batch (self, first, MIN (batch, count - first));
    if (sent++ > 0)
      receive_batch (self);
  }
  receive_batch (self);
  g_print ("%.1f\n", (double) count * G_USEC_PER_SEC / (double) (g_get_monotonic_time () - start));
  PQfinish (self->connection);
}

static void
commit (const char *conninfo, guint count)
{
  Bare *self = open_bare (conninfo, count, 0);
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; i < count; i++) {
    g_autofree char *seq = g_strdup_printf ("%" G_GINT64_FORMAT, ++self->seq);
    Row *row = self->rows->pdata[i];
    gint64 start = g_get_monotonic_time ();
    gint64 time;
    PGresult *result;

    row->values[0] = seq;
    result = PQexecPrepared (self->connection, "example", COLUMNS, (const char *const *) row->values, NULL, NULL, 0);
    check (self->connection, PQresultStatus (result) == PGRES_COMMAND_OK);
    PQclear (result);
    row->values[0] = NULL;
    time = g_get_monotonic_time () - start;
    g_array_append_val (times, time);
  }
  load_print_times (times);
  PQfinish (self->connection);
}

int
main (int argc, char **argv)
{
  if (argc == 6 && g_str_equal (argv[1], "insert")) {
    insert (argv[2], load_number (argv[3]), MAX (load_number (argv[4]), 1), load_number (argv[5]));
  } else if (argc == 4 && g_str_equal (argv[1], "commit")) {
    commit (argv[2], load_number (argv[3]));
  } else {
    g_printerr ("bare-postgres insert CONNINFO COUNT BATCH FRAME-BYTES | commit CONNINFO COUNT; the password in"
                " PGPASSWORD\n");
    return 64;
  }
  return 0;
}
