/* SPDX-License-Identifier: Apache-2.0 */
/* Leases: who has which example until when. A lease counts until it is ended or its example is handed out again. */
#include "sqlite-operations.h"
#include "sqlite-rows.h"

#include <string.h>

static GPtrArray *
new_leases (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) annot_lease_free);
}

static void
give_leases (SqliteCall *call, GPtrArray *leases)
{
  sqlite_call_give (call, leases, (GDestroyNotify) g_ptr_array_unref);
}

/* The next pending examples as leases that are not written yet. */
static gboolean
choose (SqliteConnection *connection, SqliteCall *call, gint64 now, GPtrArray *leases, GError **error)
{
  g_autoptr (SqliteStatement) row
      = sqlite_query (connection, error, "claim-select", "ti", call->account, (gint64) call->count);
  int step = row ? sqlite_step (connection, row, error) : -1;
  gsize bytes = 0;

  for (; step > 0; step = sqlite_step (connection, row, error)) {
    g_autoptr (AnnotExample) example = sqlite_rows_read_example (row);
    AnnotLease *lease = NULL;

    bytes += strlen (example->payload) + strlen (example->detections);
    if (leases->len > 0 && bytes > ANNOT_CLAIM_BYTES)
      return TRUE;
    lease = annot_lease_new ();
    lease->example = g_steal_pointer (&example);
    lease->example->status = ANNOT_EXAMPLE_LEASED;
    g_free (lease->example->annotator);
    lease->example->annotator = g_strdup (call->account);
    lease->token.seq = lease->example->seq;
    lease->token.fence = sqlite3_column_int64 (row, SQLITE_EXAMPLE_COLUMNS) + 1;
    lease->event_id = g_strdup (lease->example->event_id);
    lease->annotator = g_strdup (call->account);
    lease->leased_at = sqlite_connection_to_wall (connection, now);
    lease->expires_at = sqlite_connection_to_wall (connection, now + call->seconds * G_TIME_SPAN_SECOND);
    g_ptr_array_add (leases, lease);
  }
  return step == 0;
}

static gboolean
claim (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  g_autoptr (GPtrArray) leases = new_leases ();
  gint64 now = sqlite_connection_now (connection);

  if (!choose (connection, call, now, leases, error))
    return FALSE;
  for (guint i = 0; i < leases->len; i++) {
    const AnnotLease *lease = leases->pdata[i];

    if (!sqlite_run (connection, error, "claim-update", "itiii", lease->token.fence, lease->annotator, now,
                     now + call->seconds * G_TIME_SPAN_SECOND, lease->token.seq))
      return FALSE;
  }
  give_leases (call, g_steal_pointer (&leases));
  return TRUE;
}

const SqliteOperation sqlite_claim = { .answer = SQLITE_ANSWER_POINTER, .run = claim };

/* A row of event_id, annotator, leased_at, expires_at, fence. */
static AnnotLease *
read_lease (SqliteConnection *connection, SqliteStatement *row, gint64 seq)
{
  AnnotLease *lease = annot_lease_new ();

  lease->token.seq = seq;
  lease->event_id = sqlite_column_dup (row, 0);
  lease->annotator = sqlite_column_dup (row, 1);
  lease->leased_at = sqlite_connection_to_wall (connection, sqlite3_column_int64 (row, 2));
  lease->expires_at = sqlite_connection_to_wall (connection, sqlite3_column_int64 (row, 3));
  lease->token.fence = sqlite3_column_int64 (row, 4);
  return lease;
}

/* Finds the lease if the account still holds it. Returns: FALSE on error; lease NULL: not held */
static gboolean
find_held (SqliteConnection *connection, const AnnotLeaseToken *token, const char *account, AnnotLease **lease,
           GError **error)
{
  g_autoptr (SqliteStatement) row
      = sqlite_query (connection, error, "lease-get", "iit", token->seq, token->fence, account);
  int step = row ? sqlite_step (connection, row, error) : -1;

  *lease = step > 0 ? read_lease (connection, row, token->seq) : NULL;
  return step >= 0;
}

static gboolean
renew (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  g_autoptr (GPtrArray) leases = new_leases ();
  gint64 deadline = sqlite_connection_now (connection) + call->seconds * G_TIME_SPAN_SECOND;

  for (guint i = 0; i < call->tokens->len; i++) {
    AnnotLease *lease;

    if (!find_held (connection, &g_array_index (call->tokens, AnnotLeaseToken, i), call->account, &lease, error))
      return FALSE;
    if (!lease)
      continue;
    lease->expires_at = sqlite_connection_to_wall (connection, deadline);
    g_ptr_array_add (leases, lease);
    if (!sqlite_run (connection, error, "lease-renew", "ii", deadline, lease->token.seq))
      return FALSE;
  }
  give_leases (call, g_steal_pointer (&leases));
  return TRUE;
}

const SqliteOperation sqlite_renew = { .answer = SQLITE_ANSWER_POINTER, .run = renew };

static gboolean
release (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  g_autoptr (GPtrArray) leases = new_leases ();

  for (guint i = 0; i < call->tokens->len; i++) {
    AnnotLease *lease;

    if (!find_held (connection, &g_array_index (call->tokens, AnnotLeaseToken, i), call->account, &lease, error))
      return FALSE;
    if (!lease)
      continue;
    g_ptr_array_add (leases, lease);
    if (!sqlite_run (connection, error, "lease-end", "i", lease->token.seq))
      return FALSE;
  }
  give_leases (call, g_steal_pointer (&leases));
  return TRUE;
}

const SqliteOperation sqlite_release = { .answer = SQLITE_ANSWER_POINTER, .run = release };

static gboolean
find_expired (SqliteConnection *connection, SqliteCall *call, GPtrArray *leases, GError **error)
{
  g_autoptr (SqliteStatement) row = sqlite_query (connection, error, "lease-expired", "ii",
                                                  sqlite_connection_now (connection), (gint64) call->count);
  int step = row ? sqlite_step (connection, row, error) : -1;

  for (; step > 0; step = sqlite_step (connection, row, error))
    g_ptr_array_add (leases, read_lease (connection, row, sqlite3_column_int64 (row, 5)));
  return step == 0;
}

static gboolean
expire_leases (SqliteConnection *connection, SqliteCall *call, GError **error)
{
  g_autoptr (GPtrArray) leases = new_leases ();

  if (!find_expired (connection, call, leases, error))
    return FALSE;
  for (guint i = 0; i < leases->len; i++)
    if (!sqlite_run (connection, error, "lease-end", "i", ((AnnotLease *) leases->pdata[i])->token.seq))
      return FALSE;
  give_leases (call, g_steal_pointer (&leases));
  return TRUE;
}

const SqliteOperation sqlite_expire_leases = { .answer = SQLITE_ANSWER_POINTER, .run = expire_leases };
