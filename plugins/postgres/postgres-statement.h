/* SPDX-License-Identifier: Apache-2.0 */
/* The SQL of this plugin by name, from the .sql files built into it. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Returns: (transfer none): the text of the statement `-- name: NAME`; a name that is not there is a programming error.
 * Any thread. */
const char *postgres_statement_text (const char *name);

G_END_DECLS
