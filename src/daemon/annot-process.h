/* SPDX-License-Identifier: Apache-2.0 */
/* What the process sets up of itself, and what it tells the service manager. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/* umask 077, SIGPIPE ignored, as many descriptors as are allowed. */
void annot_process_prepare (void);
/* Tells the service manager, if there is one: "READY=1", "STOPPING=1", "STATUS=…". */
void annot_process_notify (const char *state);
/* Begins to tell the service manager that the main loop turns, if it wants to know.
 * Returns: a source id, 0 when it does not */
guint annot_process_start_watchdog (void);

G_END_DECLS
