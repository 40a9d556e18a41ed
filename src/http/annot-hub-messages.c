/* SPDX-License-Identifier: Apache-2.0 */
/* What a page asks for over its WebSocket: resume, renew, ping. */
#include "annot-hub-private.h"

#include "model/annot-json-reader.h"
#include "model/annot-json-writer.h"

#define MAX_DEPTH 4
#define MAX_TOKENS 100
/* Of one page, at a time. */
#define MAX_PENDING 4

typedef struct {
  char *type;
  char *epoch;
  gint64 seq;
  GArray *tokens; /* of AnnotLeaseToken */
} Message;

static void
clear_message (Message *message)
{
  g_free (message->type);
  g_free (message->epoch);
  g_clear_pointer (&message->tokens, g_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Message, clear_message)

static gboolean
read_text (AnnotJsonReader *reader, char **text)
{
  AnnotJsonSpan span;
  if (*text != NULL || !annot_json_reader_read_string (reader, &span)) {
    return FALSE;
  }
  *text = annot_json_span_dup (&span);
  return *text != NULL;
}

static gboolean
read_seq (AnnotJsonReader *reader, gint64 *seq)
{
  double value;
  if (!annot_json_reader_read_number (reader, &value) || !(value >= 0) || value > 9007199254740991.0) {
    return FALSE;
  }
  *seq = (gint64)value;
  return TRUE;
}

static gboolean
read_tokens (AnnotJsonReader *reader, GArray **tokens)
{
  if (*tokens != NULL || !annot_json_reader_begin_array (reader)) {
    return FALSE;
  }
  *tokens = g_array_new (FALSE, FALSE, sizeof (AnnotLeaseToken));
  while (annot_json_reader_next_element (reader)) {
    g_autofree char *text = NULL;
    AnnotLeaseToken token;
    if (!read_text (reader, &text) || !annot_lease_token_from_string (text, &token) || (*tokens)->len == MAX_TOKENS) {
      return FALSE;
    }
    g_array_append_val (*tokens, token);
  }
  return TRUE;
}

static gboolean
read_message (const char *text, gsize length, Message *message)
{
  AnnotJsonReader reader;
  AnnotJsonSpan name;
  gboolean is_right = TRUE;
  annot_json_reader_init (&reader, text, length, MAX_DEPTH);
  if (!annot_json_reader_begin_object (&reader)) {
    return FALSE;
  }
  while (is_right && annot_json_reader_next_member (&reader, &name)) {
    if (annot_json_span_equal (&name, "type")) {
      is_right = read_text (&reader, &message->type);
    } else if (annot_json_span_equal (&name, "epoch")) {
      is_right = read_text (&reader, &message->epoch);
    } else if (annot_json_span_equal (&name, "seq")) {
      is_right = read_seq (&reader, &message->seq);
    } else if (annot_json_span_equal (&name, "tokens")) {
      is_right = read_tokens (&reader, &message->tokens);
    } else {
      is_right = annot_json_reader_skip (&reader, NULL);
    }
  }
  return is_right && annot_json_reader_finish (&reader) && message->type != NULL;
}

static void
send_text (AnnotWebSocket *socket, GString *text)
{
  annot_websocket_send (socket, text->str, text->len);
  g_string_free (text, TRUE);
}

static void
send_error (AnnotWebSocket *socket, const char *request, const GError *error)
{
  GString *out = g_string_new ("{");
  annot_json_append_name (out, "type");
  annot_json_append_string (out, "error", -1);
  annot_json_append_name (out, "request");
  annot_json_append_string (out, request, -1);
  annot_json_append_name (out, "transient");
  g_string_append (out, annot_error_is_transient (error) ? "true" : "false");
  g_string_append_c (out, '}');
  send_text (socket, out);
}

static void
replayed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotWebSocketHandle) handle = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) texts = annot_notifier_replay_finish (ANNOT_NOTIFIER (source), result, &error);
  AnnotWebSocket *socket = handle->socket;
  if (socket == NULL) {
    return;
  }
  --*annot_websocket_get_pending (socket);
  for (guint i = 0; texts != NULL && i < texts->len; i++) {
    gsize length;
    gconstpointer data = g_bytes_get_data (g_ptr_array_index (texts, i), &length);
    annot_websocket_allow (socket, length);
    annot_websocket_send (socket, data, length);
  }
  if (texts == NULL) {
    send_error (socket, "resume", error);
  }
  annot_websocket_release (socket);
}

static void
resume (AnnotHub *self, AnnotWebSocket *socket, const Message *message)
{
  /* What is broadcast meanwhile waits, so that it does not overtake what was missed. */
  if (!annot_websocket_hold (socket)) {
    --*annot_websocket_get_pending (socket); /* one is under way */
    return;
  }
  annot_notifier_replay (self->notifier, message->epoch, message->seq, self->cancellable, replayed,
                         annot_websocket_get_handle (socket));
}

static void
renewed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotWebSocketHandle) handle = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) leases = annot_desk_renew_finish (ANNOT_DESK (source), result, &error);
  if (handle->socket == NULL) {
    return;
  }
  --*annot_websocket_get_pending (handle->socket);
  if (leases == NULL) {
    send_error (handle->socket, "renew", error);
    return;
  }
  GString *out = g_string_new ("{\"type\":\"renewed\",\"leases\":[");
  for (guint i = 0; i < leases->len; i++) {
    const AnnotLease *lease = g_ptr_array_index (leases, i);
    g_autofree char *token = annot_lease_token_to_string (lease->token);
    g_string_append (out, i > 0 ? ",{" : "{");
    annot_json_append_name (out, "example_id");
    annot_json_append_string (out, lease->event_id, -1);
    annot_json_append_name (out, "token");
    annot_json_append_string (out, token, -1);
    annot_json_append_name (out, "expires_at");
    annot_json_append_time (out, lease->expires_at);
    g_string_append_c (out, '}');
  }
  g_string_append (out, "]}");
  send_text (handle->socket, out);
}

static void
renew (AnnotHub *self, AnnotWebSocket *socket, Message *message)
{
  annot_desk_renew (self->desk, annot_websocket_get_caller (socket)->account, message->tokens, self->cancellable,
                    renewed, annot_websocket_get_handle (socket));
}

/* Takes one of the few places for work under way. */
static gboolean
begin_work (AnnotWebSocket *socket)
{
  guint8 *pending = annot_websocket_get_pending (socket);
  if (*pending == MAX_PENDING) {
    annot_websocket_close (socket, ANNOT_CLOSE_TOO_MANY_REQUESTS, "too many requests at once");
    return FALSE;
  }
  ++*pending;
  return TRUE;
}

void
annot_hub_handle_message (AnnotWebSocket *socket, const char *text, gsize length, gpointer user_data)
{
  AnnotHub *self = user_data;
  g_auto (Message) message = { 0 };
  if (!read_message (text, length, &message) || self->notifier == NULL || annot_websocket_get_caller (socket) == NULL) {
    annot_websocket_close (socket, ANNOT_CLOSE_BAD_REQUEST, "not a message that is known here");
  } else if (g_str_equal (message.type, "ping")) {
    static const char pong[] = "{\"type\":\"pong\"}";
    annot_websocket_send (socket, pong, sizeof pong - 1);
  } else if (g_str_equal (message.type, "resume") && message.epoch != NULL) {
    if (begin_work (socket)) {
      resume (self, socket, &message);
    }
  } else if (g_str_equal (message.type, "renew") && message.tokens != NULL) {
    if (begin_work (socket)) {
      renew (self, socket, &message);
    }
  } else {
    annot_websocket_close (socket, ANNOT_CLOSE_BAD_REQUEST, "not a message that is known here");
  }
}
