/* SPDX-License-Identifier: Apache-2.0 */
/* Routes: which method and path goes to which handler, for whom, within which limits. */
#pragma once

#include <annotationd/annotationd.h>
#include "annot-request.h"

G_BEGIN_DECLS

typedef void (*AnnotHandler) (AnnotRequest *request);

typedef enum {
  ANNOT_RATE_NONE,
  ANNOT_RATE_LOGIN,
  ANNOT_RATE_LABEL,
  ANNOT_RATE_DELETION,
  ANNOT_RATE_DEFAULT,
} AnnotRateClass;

typedef enum {
  ANNOT_BODY_NONE,    /* a body is refused beyond 4 KiB (and never read) */
  ANNOT_BODY_SMALL,   /* 64 KiB */
  ANNOT_BODY_REQUEST, /* [http] body-limit (1 MiB) */
  ANNOT_BODY_MESSAGE, /* [limits] message-bytes, and a NDJSON or array body up to 4 times that */
} AnnotBodyClass;

/**
 * AnnotRoute:
 * @method: method; GET answers HEAD too
 * @path: path with `{name}` for one segment
 * @roles: any of these may; 0 with @is_public FALSE: every account
 * @is_public: nobody need be signed in
 * @rate: rate limit class
 * @body: body limit class
 * @handler: handler
 * @summary: one English sentence for the API description, without a full stop
 */
typedef struct {
  const char *method;
  const char *path;
  AnnotRoles roles;
  gboolean is_public;
  AnnotRateClass rate;
  AnnotBodyClass body;
  AnnotHandler handler;
  const char *summary;
} AnnotRoute;

/* All routes: the tables of the resource files, each ending with an entry whose method is NULL, listed in annot-router.c.
 * Returns: (transfer none) (array zero-terminated=1) */
const AnnotRoute *const *annot_router_get_tables (void);

typedef enum {
  ANNOT_MATCH_FOUND,
  ANNOT_MATCH_NO_PATH,
  ANNOT_MATCH_NO_METHOD,
} AnnotMatch;

/* Finds the route. params (out, transfer full, nullable): utf8 to utf8. allow (out, transfer full, nullable): for NO_METHOD the
 * value of the Allow header. */
AnnotMatch annot_router_match (const char *method, const char *path, const AnnotRoute **route, GHashTable **params,
                               char **allow);

/* The tables, one a resource file. */
extern const AnnotRoute annot_health_routes[];
extern const AnnotRoute annot_session_routes[];
extern const AnnotRoute annot_example_routes[];
extern const AnnotRoute annot_lease_routes[];
extern const AnnotRoute annot_label_routes[];
extern const AnnotRoute annot_stats_routes[];
extern const AnnotRoute annot_retry_routes[];
extern const AnnotRoute annot_privacy_routes[];
extern const AnnotRoute annot_export_routes[];
extern const AnnotRoute annot_user_routes[];
extern const AnnotRoute annot_token_routes[];
extern const AnnotRoute annot_openapi_routes[];
extern const AnnotRoute annot_metrics_routes[];

G_END_DECLS
