/* SPDX-License-Identifier: Apache-2.0 */
/* Fault points: named places at commit boundaries where a test build can be killed, fail or wait. */
#pragma once

#if !defined(ANNOTATIOND_INSIDE) && !defined(ANNOTATIOND_COMPILATION)
#error "Include <annotationd/annotationd.h>"
#endif

#include <glib.h>

#include <annotationd/annot-macros.h>

G_BEGIN_DECLS

/* Does what `ANNOTATIOND_FAIL` says of this point: "name:probability" ends the process with SIGKILL, several are separated
 * by commas. Built with --enable-fault-points only; else the macro is nothing. Any thread. */
ANNOT_API void annot_fault_point (const char *name);

#ifdef ANNOT_FAULT_POINTS
#define ANNOT_FAULT_POINT(name) annot_fault_point (name)
#else
#define ANNOT_FAULT_POINT(name) ((void) 0)
#endif

G_END_DECLS
