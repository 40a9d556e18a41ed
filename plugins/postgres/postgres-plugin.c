/* SPDX-License-Identifier: Apache-2.0 */
/* What the module `postgres` is. */
#include <glib/gi18n-lib.h>

#include "postgres-settings.h"
#include "postgres-store.h"

ANNOT_PLUGIN_DEFINE (ANNOT_PLUGIN_STORE, "postgres", PACKAGE_VERSION,
                     N_ ("store of any number of instances, in a PostgreSQL database"), postgres_options,
                     postgres_store_get_type);
