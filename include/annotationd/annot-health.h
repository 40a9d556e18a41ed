/* SPDX-License-Identifier: Apache-2.0 */
/* What a backend says of itself, for /readyz. */
#pragma once

#if !defined(ANNOTATIOND_INSIDE) && !defined(ANNOTATIOND_COMPILATION)
#error "Include <annotationd/annotationd.h>"
#endif

#include <json-glib/json-glib.h>

#include <annotationd/annot-macros.h>

G_BEGIN_DECLS

/**
 * AnnotHealth:
 * @healthy: it can serve now
 * @details: (transfer full): JSON object of what an operator wants to know (never a secret); the text `error` in it is
 *  why it cannot
 */
typedef struct {
  gboolean healthy;
  JsonObject *details;
} AnnotHealth;

/* Takes ownership of details; NULL makes an empty object. */
ANNOT_API AnnotHealth *annot_health_new (gboolean healthy, JsonObject *details);
ANNOT_API void annot_health_free (AnnotHealth *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotHealth, annot_health_free)

G_END_DECLS
