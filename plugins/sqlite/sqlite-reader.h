/* SPDX-License-Identifier: Apache-2.0 */
/* A reader: runs each call on a snapshot of its own. */
#pragma once

#include "sqlite-thread.h"

G_BEGIN_DECLS

/* A SqliteLoop, for any number of threads. */
void sqlite_reader_loop (SqliteThreads *threads, SqliteConnection *connection);

G_END_DECLS
