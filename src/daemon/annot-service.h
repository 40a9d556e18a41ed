/* SPDX-License-Identifier: Apache-2.0 */
/* The running daemon: start in order, serve, drain in order. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

typedef struct _AnnotService AnnotService;

/* Takes configured, closed backends. */
AnnotService *annot_service_new (AnnotConfig *config, AnnotStore *store, AnnotState *state, AnnotBroker *broker);
void annot_service_free (AnnotService *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotService, annot_service_free)

/* Serves until SIGTERM, SIGINT or SIGHUP, and drains. Returns: what the process exits with; why it could not start is
 * logged when that is known, before what is done about it. */
int annot_service_run (AnnotService *self);

G_END_DECLS
