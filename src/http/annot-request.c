/* SPDX-License-Identifier: Apache-2.0 */
/* What a request says: method, path, query, headers, body, and who asks. */
#include "annot-request-private.h"

#include "annot-http-server.h"
#include "model/annot-json-reader.h"

#define MAX_REQUEST_ID 128
#define MAX_JSON_DEPTH 32

static gboolean
is_sane_id (const char *text)
{
  gsize length = text != NULL ? strlen (text) : 0;
  for (gsize i = 0; i < length; i++) {
    if (!g_ascii_isalnum (text[i]) && strchr ("-_.:+/=", text[i]) == NULL) {
      return FALSE;
    }
  }
  return length > 0 && length <= MAX_REQUEST_ID;
}

static char *
make_id (void)
{
  return g_strdup_printf ("%08x%08x", g_random_int (), g_random_int ());
}

/* Decodes and forbids what no path here needs: NUL, control bytes, `..`, broken escapes and UTF-8. */
static char *
decode_path (const char *raw)
{
  g_autofree char *path = g_uri_unescape_string (raw, NULL);
  if (path == NULL || path[0] != '/' || !g_utf8_validate (path, -1, NULL)) {
    return NULL;
  }
  for (const char *c = path; *c != '\0'; c++) {
    if ((guchar)*c < ' ' || *c == 0x7f) {
      return NULL;
    }
  }
  if (strstr (path, "/../") != NULL || g_str_has_suffix (path, "/..")) {
    return NULL;
  }
  return g_steal_pointer (&path);
}

/* The absolute form (RFC 9112, 3.2.2) means the same when it names the same host. */
static const char *
strip_authority (AnnotRequest *self, const char *target)
{
  const char *host = soup_message_headers_get_one (self->headers, "Host");
  const char *rest = NULL;
  if (g_ascii_strncasecmp (target, "http://", 7) == 0) {
    rest = target + 7;
  } else if (g_ascii_strncasecmp (target, "https://", 8) == 0) {
    rest = target + 8;
  }
  gsize length = host != NULL ? strlen (host) : 0;
  if (rest == NULL || length == 0 || g_ascii_strncasecmp (rest, host, length) != 0) {
    return NULL;
  }
  rest += length;
  return rest[0] == '\0' ? "/" : rest[0] == '/' ? rest : NULL;
}

static gboolean
set_target (AnnotRequest *self, const char *target)
{
  if (g_str_equal (target, "*") && g_str_equal (self->method, "OPTIONS")) {
    target = "/";
  } else if (target[0] != '/') {
    target = strip_authority (self, target);
  }
  if (target == NULL || strchr (target, '#') != NULL) {
    return FALSE;
  }
  const char *mark = strchr (target, '?');
  self->raw_path = mark != NULL ? g_strndup (target, mark - target) : g_strdup (target);
  self->query_text = g_strdup (mark != NULL ? mark + 1 : NULL);
  self->path = decode_path (self->raw_path);
  return self->path != NULL;
}

/* Each proxy adds whom it saw at the end of X-Forwarded-For: from there back to the first that is no trusted proxy. What stands
 * before that one anybody may have written. Returns: (transfer full) (nullable): the address */
static char *
find_client (AnnotRequest *self, const char *forwarded)
{
  g_auto (GStrv) hops = g_strsplit (forwarded, ",", -1);
  char *found = NULL;
  for (guint i = g_strv_length (hops); i > 0; i--) {
    char *hop = g_strstrip (hops[i - 1]);
    if (!g_hostname_is_ip_address (hop)) {
      break;
    }
    g_free (found);
    found = g_strdup (hop);
    if (!self->transport->trusts (hop, self->transport->user_data)) {
      break;
    }
  }
  return found;
}

static void
set_client (AnnotRequest *self)
{
  const AnnotPeer *peer = annot_connection_get_peer (self->connection);
  self->is_secure = self->transport->certificate != NULL;
  if (peer->is_trusted) {
    const char *forwarded = soup_message_headers_get_list (self->headers, "X-Forwarded-For");
    const char *proto = soup_message_headers_get_one (self->headers, "X-Forwarded-Proto");
    self->is_secure |= g_strcmp0 (proto, "https") == 0;
    self->client = forwarded != NULL ? find_client (self, forwarded) : NULL;
  }
  if (self->client == NULL) {
    self->client = g_strdup (peer->name);
  }
}

AnnotRequest *
annot_request_new (AnnotTransport *transport, AnnotConnection *connection, const char *head, gsize length,
                   const AnnotVerdict *verdict)
{
  AnnotRequest *self = g_new0 (AnnotRequest, 1);
  g_ref_count_init (&self->refs);
  self->transport = transport;
  self->connection = connection;
  self->verdict = *verdict;
  self->headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_REQUEST);
  while (length > 2 && head[0] == '\r') {
    head += 2;
    length -= 2;
  }
  g_autofree char *target = NULL;
  SoupHTTPVersion version;
  /* libsoup wants the head without its empty line. */
  guint status
      = soup_headers_parse_request (head, (int)length - 2, self->headers, &self->method, &target, &version);
  if (status != SOUP_STATUS_OK) {
    self->verdict.status = 400;
    self->verdict.detail = "the head cannot be read";
    return self;
  }
  if (!set_target (self, target)) {
    self->verdict.status = 400;
    self->verdict.detail = "the request target is no path of this server";
    return self;
  }
  /* A range would let a small request be answered many times over; whole answers are small here. */
  soup_message_headers_remove (self->headers, "Range");
  self->is_head = g_str_equal (self->method, "HEAD");
  const char *id = soup_message_headers_get_one (self->headers, "X-Request-Id");
  self->id = is_sane_id (id) ? g_strdup (id) : make_id ();
  set_client (self);
  return self;
}

AnnotRequest *
annot_request_ref (AnnotRequest *self)
{
  g_ref_count_inc (&self->refs);
  return self;
}

void
annot_request_unref (AnnotRequest *self)
{
  if (!g_ref_count_dec (&self->refs)) {
    return;
  }
  annot_request_drop_stream (self);
  g_clear_pointer (&self->query, g_hash_table_unref);
  g_clear_pointer (&self->headers, soup_message_headers_unref);
  g_clear_pointer (&self->answer_headers, soup_message_headers_unref);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_clear_pointer (&self->params, g_hash_table_unref);
  g_clear_pointer (&self->caller, annot_caller_free);
  g_clear_object (&self->cancellable);
  g_free (self->method);
  g_free (self->raw_path);
  g_free (self->path);
  g_free (self->query_text);
  g_free (self->client);
  g_free (self->id);
  g_free (self);
}

void
annot_request_detach (AnnotRequest *self)
{
  self->connection = NULL;
  if (self->cancellable != NULL) {
    g_cancellable_cancel (self->cancellable);
  }
  annot_request_drop_stream (self);
}

AnnotPipeline *
annot_request_get_pipeline (AnnotRequest *self)
{
  return self->transport->pipeline;
}

struct _AnnotHttpServer *
annot_request_get_server (AnnotRequest *self)
{
  return self->transport->server;
}

AnnotConfig *
annot_request_get_config (AnnotRequest *self)
{
  return annot_pipeline_get_config (self->transport->pipeline);
}

GCancellable *
annot_request_get_cancellable (AnnotRequest *self)
{
  if (self->cancellable == NULL) {
    self->cancellable = g_cancellable_new ();
    if (self->connection == NULL && !self->is_answered) {
      g_cancellable_cancel (self->cancellable);
    }
  }
  return self->cancellable;
}

const char *
annot_request_get_path (AnnotRequest *self)
{
  return self->path;
}

const char *
annot_request_get_param (AnnotRequest *self, const char *name)
{
  return self->params != NULL ? g_hash_table_lookup (self->params, name) : NULL;
}

/* Percent escapes may hold any bytes; what is given out is text, in answers too. */
static void
make_valid (gpointer name, gpointer value, gpointer user_data)
{
  char *text = value;
  const char *bad;
  (void)name;
  (void)user_data;
  while (!g_utf8_validate (text, -1, &bad)) {
    text[bad - text] = '?';
  }
}

const char *
annot_request_get_query (AnnotRequest *self, const char *name)
{
  if (self->query == NULL && self->query_text != NULL) {
    self->query = soup_form_decode (self->query_text);
    g_hash_table_foreach (self->query, make_valid, NULL);
  }
  return self->query != NULL ? g_hash_table_lookup (self->query, name) : NULL;
}

gboolean
annot_request_get_query_int (AnnotRequest *self, const char *name, gint64 min, gint64 max, gint64 fallback,
                             gint64 *value)
{
  const char *text = annot_request_get_query (self, name);
  *value = fallback;
  if (text == NULL || text[0] == '\0' || g_ascii_string_to_signed (text, 10, min, max, value, NULL)) {
    return TRUE;
  }
  g_autofree char *message
      = g_strdup_printf ("must be a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, min, max);
  const AnnotFieldError errors[] = { { name, message, "out_of_range" }, { NULL, NULL, NULL } };
  annot_request_respond_problem (self, 422, "a query parameter is wrong", errors);
  return FALSE;
}

const char *
annot_request_get_header (AnnotRequest *self, const char *name)
{
  return soup_message_headers_get_list (self->headers, name);
}

const char *
annot_request_get_content_type (AnnotRequest *self)
{
  const char *type = soup_message_headers_get_content_type (self->headers, NULL);
  return type != NULL ? type : "";
}

GBytes *
annot_request_get_body (AnnotRequest *self)
{
  return self->body;
}

static gboolean
is_json_type (const char *type)
{
  return type[0] == '\0' || g_ascii_strcasecmp (type, "application/json") == 0
         || g_ascii_strcasecmp (type, "text/json") == 0 || g_str_has_suffix (type, "+json");
}

JsonObject *
annot_request_dup_json (AnnotRequest *self)
{
  gsize length;
  const char *data = g_bytes_get_data (self->body, &length);
  if (!is_json_type (annot_request_get_content_type (self))) {
    annot_request_respond_problem (self, 415, "the body must be application/json", NULL);
    return NULL;
  }
  g_autoptr (GError) error = NULL;
  /* The strict reader first: json-glib takes comments and unbounded depth. */
  if (length == 0 || !annot_json_validate (data, length, MAX_JSON_DEPTH, &error)) {
    annot_request_respond_problem (self, 400, error != NULL ? error->message : "the body is empty: a JSON object is needed",
                                   NULL);
    return NULL;
  }
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  if (!json_parser_load_from_data (parser, data, (gssize)length, &error)) {
    annot_request_respond_problem (self, 400, error->message, NULL);
    return NULL;
  }
  JsonNode *root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root)) {
    annot_request_respond_problem (self, 400, "the body must be a JSON object", NULL);
    return NULL;
  }
  return json_object_ref (json_node_get_object (root));
}

static GHashTable *
read_multipart (AnnotRequest *self)
{
  SoupMultipart *multipart = soup_multipart_new_from_message (self->headers, self->body);
  if (multipart == NULL) {
    return NULL;
  }
  GHashTable *form = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (int i = 0; i < soup_multipart_get_length (multipart); i++) {
    SoupMessageHeaders *headers;
    GBytes *body;
    g_autofree char *disposition = NULL;
    g_autoptr (GHashTable) parameters = NULL;
    if (soup_multipart_get_part (multipart, i, &headers, &body)
        && soup_message_headers_get_content_disposition (headers, &disposition, &parameters) && parameters != NULL) {
      const char *name = g_hash_table_lookup (parameters, "name");
      gsize length;
      const char *data = g_bytes_get_data (body, &length);
      if (name != NULL && g_utf8_validate_len (data, length, NULL)) {
        g_hash_table_insert (form, g_strdup (name), g_strndup (data, length));
      }
    }
  }
  soup_multipart_free (multipart);
  return form;
}

GHashTable *
annot_request_dup_form (AnnotRequest *self)
{
  const char *type = annot_request_get_content_type (self);
  GHashTable *form = NULL;
  if (g_ascii_strcasecmp (type, "application/x-www-form-urlencoded") == 0) {
    gsize length;
    const char *data = g_bytes_get_data (self->body, &length);
    g_autofree char *text = g_strndup (data, length);
    form = soup_form_decode (text);
  } else if (g_ascii_strcasecmp (type, "multipart/form-data") == 0) {
    form = read_multipart (self);
  } else {
    annot_request_respond_problem (
        self, 415,
        "the body must be application/json, application/x-www-form-urlencoded or multipart/form-data", NULL);
    return NULL;
  }
  if (form == NULL) {
    annot_request_respond_problem (self, 400, "the form cannot be read", NULL);
  }
  return form;
}

const char *
annot_request_get_account (AnnotRequest *self)
{
  return self->caller != NULL ? self->caller->account : NULL;
}

AnnotRoles
annot_request_get_roles (AnnotRequest *self)
{
  return self->caller != NULL ? self->caller->roles : 0;
}

const char *
annot_request_get_session (AnnotRequest *self)
{
  return self->caller != NULL ? self->caller->session : NULL;
}

const char *
annot_request_get_client (AnnotRequest *self)
{
  return self->client;
}

gboolean
annot_request_is_secure (AnnotRequest *self)
{
  return self->is_secure;
}
