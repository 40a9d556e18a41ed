/* SPDX-License-Identifier: Apache-2.0 */
/* Blocking connections of the load generators to a server of this host. A failure ends the program. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * load_dial:
 * @port: of 127.0.0.1
 * @source: number of our own address, 127.0.0.(1 + @source): one address has some 28,000 ports only
 *
 * Returns: a TCP socket that sends small writes at once
 */
int load_dial (guint port, guint source);

/* Sends all of it. */
void load_send (int fd, const char *data, gsize length);

G_END_DECLS
