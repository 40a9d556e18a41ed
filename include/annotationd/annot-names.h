/* SPDX-License-Identifier: Apache-2.0 */
/* A list of names as a JSON array, and back: how a store keeps labels and hashes in one column. */
#pragma once

#if !defined(ANNOTATIOND_INSIDE) && !defined(ANNOTATIOND_COMPILATION)
#error "Include <annotationd/annotationd.h>"
#endif

#include <glib.h>

#include <annotationd/annot-macros.h>

G_BEGIN_DECLS

/* Returns: (transfer full): names (array zero-terminated=1) as a JSON array of strings */
ANNOT_API char *annot_names_to_json (char **names);
/* Returns: (transfer full) (array zero-terminated=1): the names in such an array; empty when json is none */
ANNOT_API char **annot_names_from_json (const char *json);

G_END_DECLS
