/* SPDX-License-Identifier: Apache-2.0 */
/* The API as a client, for --url. */
#include "annot-ctl-http.h"
#include "annot-ctl-output.h"

#include <errno.h>
#include <libsoup/soup.h>
#include <string.h>
#include <unistd.h>

/* RFC 6585; libsoup 3.2 has no name for it. */
#define TOO_MANY_REQUESTS 429
/* A rate limit that asks for more is told to the person instead. */
#define PAUSE_LONGEST 60

static AnnotError
code_of_status (guint status)
{
  switch (status) {
  case 401:
  case 403:
    return ANNOT_ERROR_AUTH;
  case 404:
    return ANNOT_ERROR_NOT_FOUND;
  case 409:
    return ANNOT_ERROR_EXISTS;
  case 429:
  case 503:
    return ANNOT_ERROR_TEMPORARY;
  case 507:
    return ANNOT_ERROR_NO_SPACE;
  default:
    return status < 500 ? ANNOT_ERROR_INVALID : ANNOT_ERROR_PERMANENT;
  }
}

/* The server's own words: `detail` of a problem document. */
static GError *
error_of_answer (SoupMessage *message, GBytes *body)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  const char *detail = NULL;
  gsize length;
  const char *data = g_bytes_get_data (body, &length);

  if (json_parser_load_from_data (parser, data ? data : "", (gssize) length, NULL)) {
    JsonNode *root = json_parser_get_root (parser);

    if (root && JSON_NODE_HOLDS_OBJECT (root))
      detail = json_object_get_string_member_with_default (json_node_get_object (root), "detail", NULL);
  }
  return g_error_new (ANNOT_ERROR, (int) code_of_status (soup_message_get_status (message)),
                      _ ("%s (the server's answer is %u)%s"),
                      detail ? detail : soup_message_get_reason_phrase (message), soup_message_get_status (message),
                      soup_message_get_status (message) == 401 ? _ ("; give a valid --token-file") : "");
}

static SoupMessage *
make_message (AnnotCtl *ctl, const char *method, const char *path, GError **error)
{
  g_autofree char *base = g_strdup (ctl->url);
  g_autofree char *url = NULL;
  SoupMessage *message;

  while (g_str_has_suffix (base, "/"))
    base[strlen (base) - 1] = '\0';
  url = g_strconcat (base, path, NULL);
  message = soup_message_new (method, url);
  if (!message) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("--url %s: not an http or https address"), ctl->url);
    return NULL;
  }
  if (ctl->token) {
    g_autofree char *bearer = g_strconcat ("Bearer ", ctl->token, NULL);

    soup_message_headers_replace (soup_message_get_request_headers (message), "Authorization", bearer);
  }
  return message;
}

/* Seconds to wait when the server says that it is too early, 0 for any other answer and for long ones. */
static guint64
get_pause (SoupMessage *message)
{
  const char *text = soup_message_headers_get_one (soup_message_get_response_headers (message), "Retry-After");
  guint64 seconds = 0;

  if (soup_message_get_status (message) != TOO_MANY_REQUESTS || !text
      || !g_ascii_string_to_unsigned (text, 10, 1, PAUSE_LONGEST, &seconds, NULL))
    return 0;
  return seconds;
}

/* Sends until the rate limit lets it pass: what was refused for it has not happened. */
static GBytes *
send_when_let (AnnotCtl *ctl, const char *method, const char *path, const char *content_type, GBytes *body,
               SoupMessage **message, GError **error)
{
  g_autoptr (SoupSession) session = soup_session_new_with_options ("timeout", 60, NULL);
  g_autoptr (GError) inner = NULL;

  for (;;) {
    g_autoptr (SoupMessage) attempt = make_message (ctl, method, path, error);
    g_autoptr (GBytes) answer = NULL;
    guint64 pause;

    if (!attempt)
      return NULL;
    if (body)
      soup_message_set_request_body_from_bytes (attempt, content_type, body);
    answer = soup_session_send_and_read (session, attempt, NULL, &inner);
    if (!answer) {
      g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED, "%s: %s", ctl->url, inner->message);
      return NULL;
    }
    pause = get_pause (attempt);
    if (pause == 0) {
      *message = g_steal_pointer (&attempt);
      return g_steal_pointer (&answer);
    }
    g_usleep (pause * G_USEC_PER_SEC);
  }
}

JsonNode *
annot_ctl_call (AnnotCtl *ctl, const char *method, const char *path, const char *content_type, GBytes *body,
                GError **error)
{
  g_autoptr (SoupMessage) message = NULL;
  g_autoptr (GBytes) answer = send_when_let (ctl, method, path, content_type, body, &message, error);
  g_autoptr (GError) inner = NULL;
  g_autoptr (JsonParser) parser = json_parser_new ();
  gsize length;
  const char *data;

  if (!answer)
    return NULL;
  if (soup_message_get_status (message) >= 400) {
    g_propagate_error (error, error_of_answer (message, answer));
    return NULL;
  }
  data = g_bytes_get_data (answer, &length);
  if (length == 0)
    return json_node_new (JSON_NODE_NULL);
  if (!json_parser_load_from_data (parser, data, (gssize) length, &inner)) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, _ ("%s%s did not answer JSON: %s"), ctl->url, path,
                 inner->message);
    return NULL;
  }
  return json_parser_steal_root (parser);
}

JsonNode *
annot_ctl_call_json (AnnotCtl *ctl, const char *method, const char *path, JsonObject *body, GError **error)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (GBytes) bytes = NULL;
  char *text;

  json_node_take_object (node, body);
  text = json_to_string (node, FALSE);
  bytes = g_bytes_new_take (text, strlen (text));
  return annot_ctl_call (ctl, method, path, "application/json", bytes, error);
}

gboolean
annot_ctl_download (AnnotCtl *ctl, const char *path, int descriptor, GError **error)
{
  g_autoptr (SoupSession) session = soup_session_new_with_options ("timeout", 60, NULL);
  g_autoptr (SoupMessage) message = make_message (ctl, "GET", path, error);
  g_autoptr (GInputStream) stream = NULL;
  g_autoptr (GError) inner = NULL;
  guint8 piece[65536];
  gssize n;

  if (!message)
    return FALSE;
  stream = soup_session_send (session, message, NULL, &inner);
  if (!stream) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED, "%s: %s", ctl->url, inner->message);
    return FALSE;
  }
  if (soup_message_get_status (message) >= 400) {
    g_autoptr (GBytes) body = g_input_stream_read_bytes (stream, sizeof piece, NULL, NULL);

    if (!body)
      body = g_bytes_new (NULL, 0);
    g_propagate_error (error, error_of_answer (message, body));
    return FALSE;
  }
  while ((n = g_input_stream_read (stream, piece, sizeof piece, NULL, &inner)) > 0)
    if (!annot_ctl_write (descriptor, piece, (gsize) n, error))
      return FALSE;
  if (n < 0) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED, _ ("%s: the answer was cut off: %s"), ctl->url,
                 inner->message);
    return FALSE;
  }
  return TRUE;
}

JsonArray *
annot_ctl_get_rows (JsonNode *answer, const char *name)
{
  JsonNode *member;

  if (JSON_NODE_HOLDS_ARRAY (answer))
    return json_array_ref (json_node_get_array (answer));
  if (!JSON_NODE_HOLDS_OBJECT (answer))
    return json_array_new ();
  member = json_object_get_member (json_node_get_object (answer), name);
  return member && JSON_NODE_HOLDS_ARRAY (member) ? json_array_ref (json_node_get_array (member)) : json_array_new ();
}
