/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP side as a whole: listeners, libsoup, identity, hub. */
#pragma once

#include <annotationd/annotationd.h>
#include "annot-hub.h"
#include "annot-identity.h"

G_BEGIN_DECLS

#define ANNOT_TYPE_HTTP_SERVER (annot_http_server_get_type ())
G_DECLARE_FINAL_TYPE (AnnotHttpServer, annot_http_server, ANNOT, HTTP_SERVER, GObject)

typedef struct {
  guint connections;
  guint64 accepted;
  guint64 refused;
  guint64 requests;
  guint64 timeouts;
  guint64 by_class[6]; /* answers per status class: [2] is 2xx */
} AnnotHttpCounters;

AnnotHttpServer *annot_http_server_new (AnnotPipeline *pipeline);
/* Binds (or takes systemd's sockets) and serves: health and readiness at once, all else 503 until annot_http_server_open().
 * CONFIG: cannot bind, bad certificate. */
gboolean annot_http_server_listen (AnnotHttpServer *self, GError **error);
/* The pipeline runs: starts the identity and lets requests in. Boolean. */
void annot_http_server_open (AnnotHttpServer *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean annot_http_server_open_finish (AnnotHttpServer *self, GAsyncResult *result, GError **error);
/* The end is near: clients are told to come back on another connection. All else goes on. */
void annot_http_server_announce_drain (AnnotHttpServer *self);
/* Closes the listeners, lets requests finish, drains the hub, within a bound. Boolean. */
void annot_http_server_drain (AnnotHttpServer *self, GCancellable *cancellable, GAsyncReadyCallback callback,
                              gpointer user_data);
gboolean annot_http_server_drain_finish (AnnotHttpServer *self, GAsyncResult *result, GError **error);
/* Returns: (transfer none): the first TCP port that is bound, 0 for none: for `listen = 127.0.0.1:0` */
guint16 annot_http_server_get_port (AnnotHttpServer *self);
void annot_http_server_get_counters (AnnotHttpServer *self, AnnotHttpCounters *counters);
AnnotIdentity *annot_http_server_get_identity (AnnotHttpServer *self);
AnnotHub *annot_http_server_get_hub (AnnotHttpServer *self);

G_END_DECLS
