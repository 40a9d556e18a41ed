/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics and health: none of it counts rows. */
#include "sqlite-operations.h"

#include <glib/gstdio.h>

#define MICROSECONDS_AN_HOUR G_GINT64_CONSTANT (3600000000)

static gint64 *
find_counter (AnnotStats *stats, const char *name)
{
  const struct {
    const char *name;
    gint64 *value;
  } counters[] = {
    { "pending", &stats->pending }, { "leased", &stats->leased },     { "completed", &stats->completed },
    { "skipped", &stats->skipped }, { "outgoing", &stats->outgoing }, { "retrying", &stats->retrying },
  };

  for (guint i = 0; i < G_N_ELEMENTS (counters); i++)
    if (g_strcmp0 (name, counters[i].name) == 0)
      return counters[i].value;
  return NULL;
}

static gboolean
read_counters (SqliteConnection *connection, AnnotStats *stats, GError **error)
{
  g_autoptr (SqliteStatement) row = sqlite_query (connection, error, "counters", "");
  int step = row ? sqlite_step (connection, row, error) : -1;

  for (; step > 0; step = sqlite_step (connection, row, error)) {
    gint64 *counter = find_counter (stats, (const char *) sqlite3_column_text (row, 0));

    if (counter)
      *counter = sqlite3_column_int64 (row, 1);
  }
  return step == 0;
}

/* Takes over statement: rows of a name and a number. */
static gboolean
read_counts (SqliteConnection *connection, GPtrArray *counts, SqliteStatement *statement, GError **error)
{
  g_autoptr (SqliteStatement) row = statement;
  int step = row ? sqlite_step (connection, row, error) : -1;

  for (; step > 0; step = sqlite_step (connection, row, error))
    g_ptr_array_add (counts,
                     annot_count_new ((const char *) sqlite3_column_text (row, 0), sqlite3_column_int64 (row, 1)));
  return step == 0;
}

static gboolean
read_oldest_outgoing (SqliteConnection *connection, AnnotStats *stats, GError **error)
{
  g_autoptr (SqliteStatement) row = sqlite_query (connection, error, "oldest-outgoing", "");
  int step = row ? sqlite_step (connection, row, error) : -1;

  if (step > 0)
    stats->oldest_outgoing = sqlite3_column_int64 (row, 0);
  return step >= 0;
}

static gboolean
get_stats (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  g_autoptr (AnnotStats) stats = annot_stats_new ();
  gint64 hour = g_get_real_time () / MICROSECONDS_AN_HOUR;

  if (!read_counters (connection, stats, error) || !read_oldest_outgoing (connection, stats, error)
      || !read_counts (connection, stats->by_label, sqlite_query (connection, error, "count-by-label", ""), error)
      || !read_counts (connection, stats->by_annotator, sqlite_query (connection, error, "count-by-annotator", ""),
                       error)
      || !read_counts (connection, stats->by_hour, sqlite_query (connection, error, "count-by-hour", "i", hour - 24),
                       error))
    return FALSE;
  sqlite_call_give (call, g_steal_pointer (&stats), (GDestroyNotify) annot_stats_free);
  return TRUE;
}

const SqliteOperation sqlite_get_stats = { .answer = SQLITE_ANSWER_POINTER, .run = get_stats };

static void
give_health (SqliteConnection *connection, SqliteCall *call, const GError *error)
{
  JsonObject *details = json_object_new ();
  g_autofree char *log = g_strconcat (connection->path, "-wal", NULL);
  GStatBuf status;

  json_object_set_string_member (details, "path", connection->path);
  json_object_set_int_member (details, "waiting_writes", call->count);
  if (g_stat (connection->path, &status) == 0)
    json_object_set_int_member (details, "bytes", status.st_size);
  if (g_stat (log, &status) == 0)
    json_object_set_int_member (details, "log_bytes", status.st_size);
  if (error)
    json_object_set_string_member (details, "error", error->message);
  sqlite_call_give (call, annot_health_new (error == NULL, details), (GDestroyNotify) annot_health_free);
}

static gboolean
check_reading (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  if (!sqlite_run (connection, error, "probe-read", ""))
    return FALSE;
  give_health (connection, call, NULL);
  return TRUE;
}

static gboolean
check_writing (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  if (!sqlite_run (connection, error, "probe-write", ""))
    return FALSE;
  give_health (connection, call, NULL);
  return TRUE;
}

static gboolean
report_stuck (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_TIMEOUT,
               "%s: a write has been under way for %u s; another process holds the lock, or the disk is slow",
               connection->path, call->seconds);
  return FALSE;
}

static void
give_bad_health (SqliteConnection *connection, SqliteCall *call, const GError *error)
{
  give_health (connection, call, error);
}

const SqliteOperation sqlite_check_reading
    = { .answer = SQLITE_ANSWER_POINTER, .run = check_reading, .recover = give_bad_health };
const SqliteOperation sqlite_check_writing
    = { .answer = SQLITE_ANSWER_POINTER, .run = check_writing, .recover = give_bad_health };
const SqliteOperation sqlite_report_stuck
    = { .answer = SQLITE_ANSWER_POINTER, .run = report_stuck, .recover = give_bad_health };
