/* SPDX-License-Identifier: Apache-2.0 */
/* Connecting and single statements in a thread, where waiting is allowed: for opening and for administration. */
#pragma once

#include <libpq-fe.h>

#include "postgres-error.h"

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PGconn, PQfinish)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PGresult, PQclear)

/**
 * PostgresSession:
 * @statement_milliseconds: how long a statement of this connection may take
 * @by_index: its statements find rows by index, however small a table is: they are prepared, and a plan that was made
 *  while it was small must not be kept while it grows by millions
 */
typedef struct {
  guint statement_milliseconds;
  gboolean by_index;
} PostgresSession;

/**
 * postgres_blocking_connect:
 * @session: what it is for
 * @cancellable: (nullable): ends the waiting
 *
 * Tries the hosts in their order until one lets us in that may be written to. Name resolution, TLS handshakes and key
 * files block, which is why this is for a thread.
 *
 * Returns: (transfer full) (nullable): the connection, not blocking, its session set up
 */
PGconn *postgres_blocking_connect (const PostgresSettings *settings, const PostgresSession *session,
                                   GCancellable *cancellable, GError **error);

/**
 * postgres_blocking_execute:
 * @sql: one statement, or several without parameters
 * @parameters: (array zero-terminated=1) (nullable): texts
 * @seconds: how long to wait for the answer
 *
 * Returns: (transfer full) (nullable): the last statement's result
 */
PGresult *postgres_blocking_execute (PGconn *connection, const PostgresSettings *settings, const char *sql,
                                     const char *const *parameters, guint seconds, GCancellable *cancellable,
                                     GError **error);

/* Sends what is left, and waits until PQgetResult() has something to say. */
gboolean postgres_blocking_await (PGconn *connection, const PostgresSettings *settings, guint seconds,
                                  GCancellable *cancellable, GError **error);

G_END_DECLS
