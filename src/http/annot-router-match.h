/* SPDX-License-Identifier: Apache-2.0 */
/* The router's search over any set of tables, for tests. */
#pragma once

#include "annot-router.h"

G_BEGIN_DECLS

/* As annot_router_match(), in these tables. path: raw, its segments still percent-encoded. */
AnnotMatch annot_router_match_in (const AnnotRoute *const *in, const char *method, const char *path,
                                  const AnnotRoute **route, GHashTable **params, char **allow);

G_END_DECLS
