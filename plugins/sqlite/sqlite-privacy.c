/* SPDX-License-Identifier: Apache-2.0 */
/* Erasing a data subject, and retention. */
#include "sqlite-operations.h"

#define MICROSECONDS_AN_HOUR G_GINT64_CONSTANT (3600000000)
/* The statistic shows 24 hours; a day more for clocks that were set back. */
#define HOURS_KEPT 48

/* An example that is to go. */
typedef struct {
  gint64 seq;
  char *event_id;
} Doomed;

static void
doomed_clear (gpointer doomed)
{
  g_free (((Doomed *) doomed)->event_id);
}

/* Takes over statement: rows of seq, event_id, has a frame, number of annotations. Counts them in.
 * Returns: (transfer full) (nullable): what is to go */
static GArray *
collect (SqliteConnection *connection, SqliteStatement *statement, AnnotErasure *erasure, GError **error)
{
  g_autoptr (SqliteStatement) row = statement;
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (Doomed));
  int step = row ? sqlite_step (connection, row, error) : -1;

  g_array_set_clear_func (all, doomed_clear);
  for (; step > 0; step = sqlite_step (connection, row, error)) {
    Doomed doomed = { .seq = sqlite3_column_int64 (row, 0), .event_id = sqlite_column_dup (row, 1) };

    erasure->examples++;
    erasure->frames += sqlite3_column_int64 (row, 2);
    erasure->annotations += sqlite3_column_int64 (row, 3);
    g_array_append_val (all, doomed);
  }
  return step == 0 ? g_steal_pointer (&all) : NULL;
}

/* Takes over doomed. */
static gboolean
erase_all (SqliteConnection *connection, GArray *doomed, AnnotErasure *erasure, GError **error)
{
  g_autoptr (GArray) all = doomed;

  for (guint i = 0; all && i < all->len; i++) {
    const Doomed *one = &g_array_index (all, Doomed, i);

    if (!sqlite_run (connection, error, "outgoing-delete-example", "t", one->event_id))
      return FALSE;
    erasure->outgoing += sqlite_changes (connection);
    if (!sqlite_run (connection, error, "example-delete", "i", one->seq))
      return FALSE;
  }
  return all != NULL;
}

/* Who erased when how much: nothing that leads to the person. */
static gboolean
write_audit (SqliteConnection *connection, const char *actor, const AnnotErasure *erasure, GError **error)
{
  g_autofree char *details
      = g_strdup_printf ("{\"examples\":%" G_GINT64_FORMAT ",\"frames\":%" G_GINT64_FORMAT
                         ",\"annotations\":%" G_GINT64_FORMAT ",\"outgoing\":%" G_GINT64_FORMAT "}",
                         erasure->examples, erasure->frames, erasure->annotations, erasure->outgoing);

  return sqlite_run (connection, error, "audit-insert", "ittt", g_get_real_time (), actor,
                     "erase-subject", details);
}

static gboolean
erase_subject (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  g_autofree AnnotErasure *erasure = g_new0 (AnnotErasure, 1);
  SqliteStatement *found = sqlite_query (connection, error, "subject-examples", "t", call->id);

  if (!erase_all (connection, collect (connection, found, erasure, error), erasure, error)
      || !sqlite_outbox_write (connection, call->outgoing, error)
      || !write_audit (connection, call->account, erasure, error))
    return FALSE;
  sqlite_call_give (call, g_steal_pointer (&erasure), g_free);
  return TRUE;
}

const SqliteOperation sqlite_erase_subject
    = { .answer = SQLITE_ANSWER_POINTER, .truncate_log = TRUE, .run = erase_subject };

/* Returns: (transfer full) (nullable) (element-type gint64): the examples whose frame is to go */
static GArray *
collect_frames (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  g_autoptr (SqliteStatement) row
      = sqlite_query (connection, error, "retain-frames", "ii", g_get_real_time () - call->frames_age, (gint64) call->count);
  g_autoptr (GArray) all = g_array_new (FALSE, FALSE, sizeof (gint64));
  int step = row ? sqlite_step (connection, row, error) : -1;

  for (; step > 0; step = sqlite_step (connection, row, error)) {
    gint64 seq = sqlite3_column_int64 (row, 0);

    g_array_append_val (all, seq);
  }
  return step == 0 ? g_steal_pointer (&all) : NULL;
}

static gboolean
drop_frames (SqliteConnection *connection, SqliteCall *call, AnnotErasure *erasure, GError **error)
{
  g_autoptr (GArray) all = collect_frames (connection, call, error);

  for (guint i = 0; all && i < all->len; i++) {
    gint64 seq = g_array_index (all, gint64, i);

    if (!sqlite_run (connection, error, "frame-delete", "i", seq)
        || !sqlite_run (connection, error, "frame-forget", "i", seq))
      return FALSE;
    erasure->frames++;
  }
  return all != NULL;
}

static gboolean
drop_expired (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  gint64 now = g_get_real_time ();

  return sqlite_run (connection, error, "sessions-expired-delete", "ii", now - SQLITE_SESSION_GRACE,
                     (gint64) call->count)
         && sqlite_run (connection, error, "tokens-expired-delete", "ii", now, (gint64) call->count)
         && sqlite_run (connection, error, "hours-old-delete", "i", now / MICROSECONDS_AN_HOUR - HOURS_KEPT);
}

static gboolean
retain (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  g_autofree AnnotErasure *erasure = g_new0 (AnnotErasure, 1);

  if (call->age > 0) {
    SqliteStatement *found = sqlite_query (connection, error, "retain-examples", "ii", g_get_real_time () - call->age,
                                           (gint64) call->count);

    if (!erase_all (connection, collect (connection, found, erasure, error), erasure, error))
      return FALSE;
  }
  if ((call->frames_age > 0 && !drop_frames (connection, call, erasure, error))
      || !drop_expired (connection, call, error))
    return FALSE;
  sqlite_call_give (call, g_steal_pointer (&erasure), g_free);
  return TRUE;
}

const SqliteOperation sqlite_retain = { .answer = SQLITE_ANSWER_POINTER, .run = retain };
