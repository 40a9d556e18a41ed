/* SPDX-License-Identifier: Apache-2.0 */
/* The writer: runs what waits in one transaction and answers after its commit. */
#pragma once

#include "sqlite-thread.h"

G_BEGIN_DECLS

/* A SqliteLoop, for one thread. */
void sqlite_writer_loop (SqliteThreads *threads, SqliteConnection *connection);

G_END_DECLS
