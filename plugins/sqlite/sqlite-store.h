/* SPDX-License-Identifier: Apache-2.0 */
/* The store in one SQLite database. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

#define SQLITE_TYPE_STORE (sqlite_store_get_type ())
G_DECLARE_FINAL_TYPE (SqliteStore, sqlite_store, SQLITE, STORE, AnnotStore)

G_END_DECLS
