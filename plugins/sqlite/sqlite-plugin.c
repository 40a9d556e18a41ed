/* SPDX-License-Identifier: Apache-2.0 */
/* What the module `sqlite` is, and its options. */
#include <glib/gi18n-lib.h>

#include "sqlite-store.h"

static const AnnotOption sqlite_options[] = {
  { .group = "sqlite",
    .key = "path",
    .type = ANNOT_OPTION_PATH,
    .summary = N_ ("the database file, on a local disk; annotationd.db in the state directory unless set") },
  { .group = "sqlite",
    .key = "busy-timeout",
    .type = ANNOT_OPTION_SECONDS,
    .fallback = "5s",
    .min = 1,
    .max = 60,
    .summary = N_ ("how long to wait while another process writes") },
  { .group = "sqlite",
    .key = "max-size",
    .type = ANNOT_OPTION_SIZE,
    .fallback = "0",
    .min = 0,
    .summary = N_ ("most bytes that the database file may grow to; 0: as far as the disk allows") },
  { .group = NULL },
};

ANNOT_PLUGIN_DEFINE (ANNOT_PLUGIN_STORE, "sqlite", PACKAGE_VERSION, N_ ("store on one host, in a SQLite database"),
                     sqlite_options, sqlite_store_get_type);
