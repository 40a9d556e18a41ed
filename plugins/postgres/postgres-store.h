/* SPDX-License-Identifier: Apache-2.0 */
/* The store in a PostgreSQL database. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

#define POSTGRES_TYPE_STORE (postgres_store_get_type ())
G_DECLARE_FINAL_TYPE (PostgresStore, postgres_store, POSTGRES, STORE, AnnotStore)

G_END_DECLS
