/* SPDX-License-Identifier: Apache-2.0 */
/* What annotationctl does with a database that is not open: looks at it, migrates it, copies it. */
#pragma once

#include "sqlite-connection.h"

G_BEGIN_DECLS

typedef struct _SqliteMaintenance SqliteMaintenance;

SqliteMaintenance *sqlite_maintenance_new (const SqliteSettings *settings);
void sqlite_maintenance_free (SqliteMaintenance *self);

/* Each answers task, which it takes over, from a thread of its own; one after the other. */
void sqlite_maintenance_inspect (SqliteMaintenance *self, GTask *task);
void sqlite_maintenance_migrate (SqliteMaintenance *self, GTask *task);
void sqlite_maintenance_dump (SqliteMaintenance *self, GTask *task);
void sqlite_maintenance_restore (SqliteMaintenance *self, GPtrArray *records, GTask *task);
/* Ends what is kept between calls; self can be used again. */
void sqlite_maintenance_close (SqliteMaintenance *self, GTask *task);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqliteMaintenance, sqlite_maintenance_free)

G_END_DECLS
