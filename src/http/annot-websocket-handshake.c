/* SPDX-License-Identifier: Apache-2.0 */
/* The opening handshake of RFC 6455, with Origin and identity checked before it. */
#include "annot-websocket-handshake.h"

#include "annot-request-private.h"
#include "annot-websocket.h"

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define KEY_BYTES 16
#define BEARER_PROTOCOL "bearer."

/* What the upgrade carries over to the hub. */
typedef struct {
  AnnotHub *hub;
  AnnotCaller *caller;
} Upgrade;

static void
free_upgrade (gpointer data)
{
  Upgrade *upgrade = data;
  g_object_unref (upgrade->hub);
  g_clear_pointer (&upgrade->caller, annot_caller_free);
  g_free (upgrade);
}

char *
annot_websocket_accept_key (const char *key)
{
  gsize length = 0;
  g_autofree guchar *bytes = strlen (key) == 24 ? g_base64_decode (key, &length) : NULL;
  if (length != KEY_BYTES) {
    return NULL;
  }
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize size = sizeof digest;
  g_checksum_update (checksum, (const guchar *)key, -1);
  g_checksum_update (checksum, (const guchar *)GUID, -1);
  g_checksum_get_digest (checksum, digest, &size);
  return g_base64_encode (digest, size);
}

/* The subprotocols that the client offers. */
static char **
offered_protocols (AnnotRequest *request)
{
  const char *list = annot_request_get_header (request, "Sec-WebSocket-Protocol");
  char **protocols = g_strsplit (list != NULL ? list : "", ",", 8);
  for (guint i = 0; protocols[i] != NULL; i++) {
    g_strstrip (protocols[i]);
  }
  return protocols;
}

static void
to_hub (AnnotChannel *channel, GBytes *rest, gpointer user_data)
{
  Upgrade *upgrade = user_data;
  if (upgrade->caller != NULL) {
    annot_hub_adopt (upgrade->hub, channel, g_steal_pointer (&upgrade->caller), rest);
  } else {
    annot_hub_turn_away (upgrade->hub, channel);
  }
  free_upgrade (upgrade);
}

static void
switch_protocols (AnnotRequest *request, AnnotDispatch *dispatch)
{
  g_autofree char *accept = annot_websocket_accept_key (annot_request_get_header (request, "Sec-WebSocket-Key"));
  g_auto (GStrv) protocols = offered_protocols (request);
  Upgrade *upgrade = g_new0 (Upgrade, 1);
  upgrade->hub = g_object_ref (dispatch->hub);
  upgrade->caller = g_steal_pointer (&request->caller);
  request->is_answered = TRUE;
  request->transport->by_class[1]++;
  GString *head = g_string_new (NULL);
  g_string_append_printf (head,
                          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Accept: %s\r\nX-Request-Id: %s\r\n",
                          accept, request->id);
  if (g_strv_contains ((const char *const *)protocols, ANNOT_WEBSOCKET_PROTOCOL)) {
    g_string_append (head, "Sec-WebSocket-Protocol: " ANNOT_WEBSOCKET_PROTOCOL "\r\n");
  }
  g_string_append (head, "\r\n");
  annot_connection_upgrade (request->connection, head, to_hub, upgrade, free_upgrade);
}

static void
check_role (AnnotRequest *request, AnnotDispatch *dispatch)
{
  if ((annot_request_get_roles (request) & ANNOT_WEBSOCKET_ROLES) == 0) {
    annot_request_respond_problem (request, 403, "your account does not have the role that this needs", NULL);
    return;
  }
  annot_dispatch_take_rate (request, dispatch, ANNOT_RATE_DEFAULT, switch_protocols);
}

static gboolean
refuse (AnnotRequest *request, guint status, const char *detail)
{
  annot_request_respond_problem (request, status, detail, NULL);
  return FALSE;
}

static gboolean
names (AnnotRequest *request, const char *header, const char *token)
{
  return soup_message_headers_header_contains (request->headers, header, token);
}

static gboolean
check_upgrade (AnnotRequest *request, AnnotDispatch *dispatch)
{
  if (!g_str_equal (request->method, "GET")) {
    annot_request_set_header (request, "Allow", "GET");
    return refuse (request, 405, "a WebSocket is opened with GET");
  }
  const char *version = annot_request_get_header (request, "Sec-WebSocket-Version");
  if (!names (request, "Upgrade", "websocket") || !names (request, "Connection", "upgrade")
      || request->verdict.is_http_1_0 || g_strcmp0 (version, "13") != 0) {
    annot_request_set_header (request, "Upgrade", "websocket");
    annot_request_set_header (request, "Connection", "Upgrade");
    annot_request_set_header (request, "Sec-WebSocket-Version", "13");
    return refuse (request, 426, "this path is a WebSocket of version 13");
  }
  const char *key = annot_request_get_header (request, "Sec-WebSocket-Key");
  g_autofree char *accept = key != NULL ? annot_websocket_accept_key (key) : NULL;
  if (accept == NULL || request->verdict.content_length > 0 || request->verdict.is_chunked) {
    return refuse (request, 400, "Sec-WebSocket-Key must be 16 bytes of base64, and there is no body");
  }
  const char *origin = annot_request_get_header (request, "Origin");
  if (origin != NULL
      && !annot_dispatch_allows_origin (dispatch->config, origin, annot_request_get_header (request, "Host"))) {
    return refuse (request, 403, "pages of this origin may not connect: see [http] allowed-origins");
  }
  return TRUE;
}

static void
identify (AnnotRequest *request, AnnotDispatch *dispatch)
{
  g_autofree char *from_protocol = NULL;
  const char *authorization = annot_request_get_header (request, "Authorization");
  g_auto (GStrv) protocols = offered_protocols (request);
  /* A page cannot set a header on a WebSocket, but it can offer subprotocols. */
  for (guint i = 0; authorization == NULL && protocols[i] != NULL; i++) {
    if (g_str_has_prefix (protocols[i], BEARER_PROTOCOL)) {
      from_protocol = g_strconcat ("Bearer ", protocols[i] + strlen (BEARER_PROTOCOL), NULL);
      authorization = from_protocol;
    }
  }
  annot_dispatch_identify (request, dispatch, authorization, annot_request_get_header (request, "Cookie"), check_role);
}

gboolean
annot_websocket_handshake_begin (AnnotRequest *request, AnnotDispatch *dispatch)
{
  gboolean is_older = g_str_equal (request->raw_path, ANNOT_WEBSOCKET_OLDER_PATH);
  if (!is_older && !g_str_equal (request->raw_path, ANNOT_WEBSOCKET_PATH)) {
    return FALSE;
  }
  if (!check_upgrade (request, dispatch)) {
    return TRUE;
  }
  if (!dispatch->is_open || request->transport->is_draining) {
    annot_request_set_header (request, "Retry-After", "1");
    refuse (request, 503, "the service is starting or stopping");
  } else if (is_older) {
    switch_protocols (request, dispatch);
  } else {
    identify (request, dispatch);
  }
  return TRUE;
}
