/* SPDX-License-Identifier: Apache-2.0 */
/* What annotationctl does with a database that is not open: looks at it, migrates it, copies it. */
#pragma once

#include "postgres-settings.h"

G_BEGIN_DECLS

typedef struct _PostgresMaintenance PostgresMaintenance;

PostgresMaintenance *postgres_maintenance_new (PostgresSettings *settings);
void postgres_maintenance_free (PostgresMaintenance *self);

/* Each answers task, which it takes over, from a thread of its own; one after the other. */
void postgres_maintenance_inspect (PostgresMaintenance *self, GTask *task);
void postgres_maintenance_migrate (PostgresMaintenance *self, GTask *task);
void postgres_maintenance_dump (PostgresMaintenance *self, GTask *task);
void postgres_maintenance_restore (PostgresMaintenance *self, GPtrArray *records, GTask *task);
/* Ends what is kept between calls; self can be used again. */
void postgres_maintenance_close (PostgresMaintenance *self, GTask *task);

G_END_DECLS
