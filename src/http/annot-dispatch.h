/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a request from its head to its handler: route, identity, role, rate limit, body. */
#pragma once

#include "annot-hub.h"
#include "annot-identity.h"
#include "annot-rate-limit.h"
#include "annot-request.h"
#include "annot-static.h"

G_BEGIN_DECLS

/**
 * AnnotDispatch:
 * @is_open: routes besides health and metrics answer; before, 503
 *
 * Lives in the server; all else is owned by it.
 */
typedef struct {
  AnnotConfig *config;
  AnnotIdentity *identity;
  AnnotHub *hub;
  AnnotRateLimit *rates;
  AnnotStatic *statics;
  gboolean is_open;
} AnnotDispatch;

/* Answers a request whose head is read, now or later. */
void annot_dispatch_accept (AnnotRequest *request, AnnotDispatch *dispatch);

/* Whether a page of this origin may use the API of this host: the same host, or one of [http] allowed-origins. */
gboolean annot_dispatch_allows_origin (AnnotConfig *config, const char *origin, const char *host);

/* Finds out who asks. On failure 401, 403 or 503 is answered and caller is NULL; the request is kept until then. */
typedef void (*AnnotIdentified) (AnnotRequest *request, AnnotDispatch *dispatch);
/* authorization, cookie (nullable) */
void annot_dispatch_identify (AnnotRequest *request, AnnotDispatch *dispatch, const char *authorization,
                              const char *cookie, AnnotIdentified next);
/* Takes one from the rate class of whoever asks; 429 is answered when there is none left. */
void annot_dispatch_take_rate (AnnotRequest *request, AnnotDispatch *dispatch, AnnotRateClass rate,
                               AnnotIdentified next);

G_END_DECLS
