/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the records of another store into an empty database. */
#pragma once

#include "sqlite-connection.h"

G_BEGIN_DECLS

/* Writes a batch in one transaction of its own. records: (element-type GBytes). Errors as annot_store_restore() says.
 */
gboolean sqlite_restore (SqliteConnection *connection, GPtrArray *records, GError **error);

G_END_DECLS
