/* SPDX-License-Identifier: Apache-2.0 */
/* The opening handshake of RFC 6455, with Origin and identity checked before it. */
#pragma once

#include "annot-dispatch.h"
#include "annot-request.h"

G_BEGIN_DECLS

#define ANNOT_WEBSOCKET_PATH "/ws/v1/examples"
#define ANNOT_WEBSOCKET_OLDER_PATH "/ws/examples"
#define ANNOT_WEBSOCKET_PROTOCOL "annotationd.v1"

/* FALSE when the path is no WebSocket's. Else it is answered, and on success the socket goes to the hub. */
gboolean annot_websocket_handshake_begin (AnnotRequest *request, AnnotDispatch *dispatch);

/* Returns: (transfer full) (nullable): Sec-WebSocket-Accept for a key, NULL when the key is not 16 bytes of base64 */
char *annot_websocket_accept_key (const char *key);

G_END_DECLS
