/* SPDX-License-Identifier: Apache-2.0 */
/* Listening sockets: TCP, unix:, or systemd's; accepts within limits, and survives running out of descriptors. */
#pragma once

#include <annotationd/annotationd.h>
#include "annot-channel.h"
#include "annot-poller.h"

G_BEGIN_DECLS

/**
 * AnnotListener:
 *
 * Owns the listening sockets and counts what they accepted: in total, and for each address. Trusted proxies and local
 * sockets are not limited by address. When no descriptor is left, a reserved one is spent on accepting and closing, so
 * that the peer is told and the loop does not spin.
 */
typedef struct _AnnotListener AnnotListener;

typedef struct {
  guint max_connections;
  guint max_per_address;
  int backlog;
  gboolean reuse_port; /* whether other processes may listen on the same TCP addresses */
  const char *const *trusted_proxies; /* addresses or networks ("10.0.0.0/8"); outlives the listener */
} AnnotListenerLimits;

/* channel (transfer full) */
typedef void (*AnnotAccepted) (AnnotChannel *channel, gpointer user_data);

AnnotListener *annot_listener_new (AnnotPoller *poller, const AnnotListenerLimits *limits, AnnotAccepted accepted,
                                   gpointer user_data);
/* Channels must be gone before. */
void annot_listener_free (AnnotListener *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotListener, annot_listener_free)

/**
 * annot_listener_bind:
 * @address: `host:port`, `[v6]:port` or `unix:/path`
 *
 * Binds and listens. A stale socket file is replaced when nobody listens on it.
 *
 * Returns: %TRUE, or %FALSE and %ANNOT_ERROR_CONFIG, or %ANNOT_ERROR_AUTH when this user may not bind it
 */
gboolean annot_listener_bind (AnnotListener *self, const char *address, GError **error);
/* Takes the sockets that systemd passed. Returns: how many; 0 when there are none, -1 and an error when they are unfit */
int annot_listener_adopt_systemd (AnnotListener *self, GError **error);
/* Accepts all who wait: closing would reset them, and what they have sent with it. */
void annot_listener_take_waiting (AnnotListener *self);
/* No more connections. Idempotent. */
void annot_listener_close (AnnotListener *self);

/* The first TCP port that is bound, 0 for none. */
guint16 annot_listener_get_port (AnnotListener *self);
guint annot_listener_get_connections (AnnotListener *self);
guint64 annot_listener_get_accepted (AnnotListener *self);
guint64 annot_listener_get_refused (AnnotListener *self);
/* Whether an address is one of the trusted proxies. */
gboolean annot_listener_trusts (AnnotListener *self, const char *address);

G_END_DECLS
