/* SPDX-License-Identifier: Apache-2.0 */
/* Where the database's schema stands, and bringing it to this plugin's. In a thread. */
#pragma once

#include "postgres-blocking.h"

G_BEGIN_DECLS

/* Changes nothing. Returns: (transfer full) (nullable): where it stands; CONFIG: one of its migrations is not ours */
AnnotSchema *postgres_migrate_inspect (PGconn *connection, const PostgresSettings *settings, GCancellable *cancellable,
                                       GError **error);
/* Applies what is pending, each migration in a transaction of its own; instances that start at once take turns. CONFIG:
 * a newer annotationd has migrated it. Returns: how many were applied, -1 on error */
int postgres_migrate_apply (PGconn *connection, const PostgresSettings *settings, GCancellable *cancellable,
                            GError **error);
/* Makes the database fit to be opened: migrates it if the settings say so, else it must be migrated already. */
gboolean postgres_migrate_open (PGconn *connection, const PostgresSettings *settings, GCancellable *cancellable,
                                GError **error);

G_END_DECLS
