/* SPDX-License-Identifier: Apache-2.0 */
/* What PostgreSQL's SQLSTATE codes and libpq's messages mean to the core. */
#pragma once

#include <libpq-fe.h>

#include "postgres-settings.h"

G_BEGIN_DECLS

/* A SQLSTATE with its final NUL; empty: there was none. */
typedef char PostgresState[6];

/**
 * PostgresPhase:
 * @POSTGRES_CONNECTING: being let in
 * @POSTGRES_OPENING: looking at the schema and migrating it
 * @POSTGRES_RUNNING: at work
 *
 * When a failure happened: what ends the start is no fault of a row's later.
 */
typedef enum {
  POSTGRES_CONNECTING,
  POSTGRES_OPENING,
  POSTGRES_RUNNING,
} PostgresPhase;

AnnotError postgres_error_code (const char *state, PostgresPhase phase);
/* Whether the transaction was undone for a reason that may be gone at once: a deadlock, a statement or plan that is no
 * longer what it was. */
gboolean postgres_error_is_repeatable (const char *state);
/* Whether the prepared statements of the connection are not what we take them for. */
gboolean postgres_error_is_stale_statement (const char *state);
/* The SQLSTATE of a failed result. */
void postgres_error_get_state (const PGresult *result, PostgresState state);
/* Sets error from a failed result: code, database, the server's message, the remedy. Never the rows of the statement,
 * which are somebody's data. */
void postgres_error_set (GError **error, const PostgresSettings *settings, const PGresult *result, PostgresPhase phase);
/* Sets error from what libpq says of a connection; state: from its message. Returns: the code */
AnnotError postgres_error_set_connection (GError **error, const PostgresSettings *settings, const PGconn *connection,
                                          PostgresPhase phase);
/* Returns: (transfer full): libpq's message on one line, without the server's places in its source */
char *postgres_error_flatten (const char *message, PostgresState state);

G_END_DECLS
