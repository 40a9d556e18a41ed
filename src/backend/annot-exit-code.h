/* SPDX-License-Identifier: Apache-2.0 */
/* How a program of this project ends: sysexits(3) by what went wrong. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/* Returns: the exit code for an error that ends the program (64 usage, 65 bad data, 69 unavailable, 73 cannot create,
 * 77 no permission, 78 configuration) */
ANNOT_API int annot_exit_code (const GError *error);

G_END_DECLS
