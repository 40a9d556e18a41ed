/* SPDX-License-Identifier: Apache-2.0 */
/* How a request is answered: whole, with a problem, or as a stream. */
#include "annot-request-private.h"

#include "annot-compress.h"
#include "model/annot-json-writer.h"

#define RETRY_AFTER "2"
/* Compressing on the main loop: fast, and good enough for JSON. */
#define COMPRESS_LEVEL 1

/* On every answer, unless its handler set another value. */
static const struct {
  const char *name;
  const char *value;
} default_headers[] = {
  { "Content-Security-Policy", "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
                               "form-action 'self'; frame-ancestors 'none'" },
  { "X-Content-Type-Options", "nosniff" },
  { "X-Frame-Options", "DENY" },
  { "Referrer-Policy", "no-referrer" },
  { "Cross-Origin-Resource-Policy", "same-origin" },
  { "Cache-Control", "no-store" },
};

static SoupMessageHeaders *
answer_headers (AnnotRequest *self)
{
  if (self->answer_headers == NULL) {
    self->answer_headers = soup_message_headers_new (SOUP_MESSAGE_HEADERS_RESPONSE);
  }
  return self->answer_headers;
}

/* What a handler sets may come from a client: a line break would let it write headers of its own. */
static gboolean
is_safe_value (const char *value)
{
  return strpbrk (value, "\r\n") == NULL;
}

void
annot_request_set_header (AnnotRequest *self, const char *name, const char *value)
{
  if (is_safe_value (value)) {
    soup_message_headers_replace (answer_headers (self), name, value);
  }
}

void
annot_request_add_header (AnnotRequest *self, const char *name, const char *value)
{
  if (is_safe_value (value)) {
    soup_message_headers_append (answer_headers (self), name, value);
  }
}

/* libsoup does not know those of RFC 6585 and later. */
static const char *
phrase_of (guint status)
{
  switch (status) {
  case 207:
    return "Multi-Status";
  case 426:
    return "Upgrade Required";
  case 429:
    return "Too Many Requests";
  case 431:
    return "Request Header Fields Too Large";
  case 507:
    return "Insufficient Storage";
  default:
    return soup_status_get_phrase (status);
  }
}

static void
append_date (GString *out)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *text = soup_date_time_to_string (now, SOUP_DATE_HTTP);
  g_string_append_printf (out, "Date: %s\r\n", text);
}

static void
append_line (GString *out, const char *name, const char *value)
{
  g_string_append (out, name);
  g_string_append_len (out, ": ", 2);
  g_string_append (out, value);
  g_string_append_len (out, "\r\n", 2);
}

GString *
annot_request_build_head (AnnotRequest *self, guint status, const char *content_type)
{
  GString *out = g_string_sized_new (1024);
  g_string_append_printf (out, "HTTP/1.1 %u %s\r\n", status, phrase_of (status));
  append_date (out);
  for (guint i = 0; i < G_N_ELEMENTS (default_headers); i++) {
    if (self->answer_headers == NULL
        || soup_message_headers_get_list (self->answer_headers, default_headers[i].name) == NULL) {
      append_line (out, default_headers[i].name, default_headers[i].value);
    }
  }
  if (self->is_secure) {
    append_line (out, "Strict-Transport-Security", "max-age=31536000");
  }
  append_line (out, "X-Request-Id", self->id);
  if (content_type != NULL) {
    append_line (out, "Content-Type", content_type);
  }
  if (self->answer_headers != NULL) {
    SoupMessageHeadersIter iter;
    const char *name;
    const char *value;
    soup_message_headers_iter_init (&iter, self->answer_headers);
    while (soup_message_headers_iter_next (&iter, &name, &value)) {
      append_line (out, name, value);
    }
  }
  return out;
}

/* FALSE: there is nobody to answer. */
static gboolean
claim_answer (AnnotRequest *self, guint status)
{
  if (self->is_answered) {
    if (!self->is_timed_out) {
      g_warning ("%s %s was answered twice", self->method, self->path);
    }
    return FALSE;
  }
  self->is_answered = TRUE;
  self->transport->by_class[MIN (status / 100, 5)]++;
  return self->connection != NULL;
}

static gboolean
must_close (AnnotRequest *self)
{
  return !self->verdict.keep_alive || self->transport->says_close || !annot_connection_skip_body (self->connection);
}

static GBytes *
encode (AnnotRequest *self, const char *content_type, GBytes *body)
{
  if (self->is_encoded || body == NULL || g_bytes_get_size (body) < ANNOT_COMPRESS_FROM || !annot_compress_is_text (content_type)
      || (self->answer_headers != NULL
          && soup_message_headers_get_list (self->answer_headers, "Content-Encoding") != NULL)) {
    return NULL;
  }
  annot_request_add_header (self, "Vary", "Accept-Encoding");
  if (!annot_compress_accepted (annot_request_get_header (self, "Accept-Encoding"))) {
    return NULL;
  }
  GBytes *smaller = annot_compress (body, COMPRESS_LEVEL);
  if (smaller != NULL) {
    annot_request_set_header (self, "Content-Encoding", "gzip");
  }
  return smaller;
}

void
annot_request_respond (AnnotRequest *self, guint status, const char *content_type, GBytes *body)
{
  if (!claim_answer (self, status)) {
    return;
  }
  g_autoptr (GBytes) encoded = encode (self, content_type, body);
  if (encoded != NULL) {
    body = encoded;
  }
  gboolean close = must_close (self);
  GString *head = annot_request_build_head (self, status, content_type);
  if (status != 204 && status != 304) {
    g_string_append_printf (head, "Content-Length: %" G_GSIZE_FORMAT "\r\n",
                            body != NULL ? g_bytes_get_size (body) : (gsize)0);
  }
  g_string_append (head, close ? "Connection: close\r\n\r\n" : "\r\n");
  gboolean has_body = !self->is_head && status != 204 && status != 304;
  annot_connection_answer (self->connection, head, has_body ? body : NULL, close);
}

void
annot_request_respond_json (AnnotRequest *self, guint status, GString *json)
{
  g_autoptr (GBytes) body = g_bytes_new_take (json->str, json->len);
  *json = (GString){ .str = g_malloc0 (1), .len = 0, .allocated_len = 1 };
  annot_request_respond (self, status, "application/json", body);
}

static void
append_errors (GString *out, const AnnotFieldError *errors)
{
  annot_json_append_name (out, "errors");
  g_string_append_c (out, '[');
  for (guint i = 0; errors != NULL && errors[i].message != NULL; i++) {
    g_string_append (out, i > 0 ? ",{" : "{");
    annot_json_append_name (out, "field");
    annot_json_append_string (out, errors[i].field, -1);
    annot_json_append_name (out, "message");
    annot_json_append_string (out, errors[i].message, -1);
    annot_json_append_name (out, "code");
    annot_json_append_string (out, errors[i].code, -1);
    g_string_append_c (out, '}');
  }
  g_string_append_c (out, ']');
}

static void
append_problem (GString *out, guint status, const char *detail, const AnnotFieldError *errors, const char *id)
{
  const char *title = phrase_of (status);
  g_autofree char *valid = g_utf8_make_valid (detail != NULL ? detail : title, -1);
  g_string_append_c (out, '{');
  annot_json_append_name (out, "type");
  annot_json_append_string (out, "about:blank", -1);
  annot_json_append_name (out, "title");
  annot_json_append_string (out, title, -1);
  annot_json_append_name (out, "status");
  annot_json_append_int (out, status);
  annot_json_append_name (out, "detail");
  annot_json_append_string (out, valid, -1);
  /* The older service's clients read this one. */
  annot_json_append_name (out, "error");
  annot_json_append_string (out, valid, -1);
  append_errors (out, errors);
  annot_json_append_name (out, "request_id");
  annot_json_append_string (out, id, -1);
  annot_json_append_name (out, "timestamp");
  annot_json_append_time (out, g_get_real_time ());
  g_string_append_c (out, '}');
}

void
annot_request_respond_problem (AnnotRequest *self, guint status, const char *detail, const AnnotFieldError *errors)
{
  GString *json = g_string_new (NULL);
  append_problem (json, status, detail, errors, self->id);
  g_autoptr (GBytes) body = g_string_free_to_bytes (json);
  annot_request_respond (self, status, "application/problem+json", body);
}

GString *
annot_request_refusal (const AnnotVerdict *verdict)
{
  g_autofree char *id = g_strdup_printf ("%08x%08x", g_random_int (), g_random_int ());
  g_autoptr (GString) body = g_string_new (NULL);
  append_problem (body, verdict->status, verdict->detail, NULL, id);
  GString *out = g_string_new (NULL);
  g_string_append_printf (out, "HTTP/1.1 %u %s\r\n", verdict->status, phrase_of (verdict->status));
  append_date (out);
  for (guint i = 0; i < G_N_ELEMENTS (default_headers); i++) {
    append_line (out, default_headers[i].name, default_headers[i].value);
  }
  append_line (out, "X-Request-Id", id);
  append_line (out, "Content-Type", "application/problem+json");
  g_string_append_printf (out, "Content-Length: %" G_GSIZE_FORMAT "\r\nConnection: close\r\n\r\n", body->len);
  g_string_append_len (out, body->str, (gssize)body->len);
  return out;
}

static guint
status_of (const GError *error)
{
  if (error->domain != ANNOT_ERROR) {
    return 500;
  }
  switch ((AnnotError)error->code) {
  case ANNOT_ERROR_NOT_FOUND:
    return 404;
  case ANNOT_ERROR_EXISTS:
  case ANNOT_ERROR_STALE:
  case ANNOT_ERROR_FINISHED:
    return 409;
  case ANNOT_ERROR_INVALID:
    return 422;
  case ANNOT_ERROR_NO_SPACE:
    return 507;
  case ANNOT_ERROR_TEMPORARY:
  case ANNOT_ERROR_NOT_CONNECTED:
  case ANNOT_ERROR_TIMEOUT:
    return 503;
  case ANNOT_ERROR_PERMANENT:
  case ANNOT_ERROR_AUTH:
  case ANNOT_ERROR_CONFIG:
    break;
  }
  return 500;
}

/* "path.to[3].field: what must hold" */
static void
respond_invalid (AnnotRequest *self, const char *message)
{
  const char *colon = strstr (message, ": ");
  g_autofree char *field = colon != NULL ? g_strndup (message, colon - message) : NULL;
  const AnnotFieldError errors[] = { { field, colon != NULL ? colon + 2 : message, "invalid" }, { NULL, NULL, NULL } };
  annot_request_respond_problem (self, 422, message, errors);
}

void
annot_request_respond_error (AnnotRequest *self, const GError *error)
{
  guint status = status_of (error);
  switch (status) {
  case 422:
    respond_invalid (self, error->message);
    return;
  case 503:
    annot_request_set_header (self, "Retry-After", RETRY_AFTER);
    annot_request_respond_problem (self, status, "a backend is not reachable at the moment; try again", NULL);
    break;
  case 507:
    annot_request_respond_problem (self, status, "there is no space left to store this", NULL);
    break;
  case 500:
    annot_request_respond_problem (self, status, "an internal error occurred; the log has the request id", NULL);
    break;
  default:
    annot_request_respond_problem (self, status, error->message, NULL);
    return;
  }
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    g_message ("request %s: %s %s: %u: %s", self->id, self->method, self->path, status, error->message);
  }
}

void
annot_request_time_out (AnnotRequest *self)
{
  g_autoptr (AnnotRequest) alive = annot_request_ref (self);
  if (self->cancellable != NULL) {
    g_cancellable_cancel (self->cancellable);
  }
  annot_request_set_header (self, "Retry-After", RETRY_AFTER);
  annot_request_respond_problem (self, 503, "the answer took too long; try again", NULL);
  self->is_timed_out = TRUE;
}

static void
ask_for_more (AnnotRequest *self)
{
  g_autoptr (AnnotRequest) alive = annot_request_ref (self);
  if (self->stream != NULL) {
    self->stream->is_asked = TRUE;
    self->stream->more (self, self->stream->user_data);
  }
}

static gboolean
free_stream (gpointer data)
{
  AnnotStream *stream = data;
  if (stream->destroy != NULL) {
    stream->destroy (stream->user_data);
  }
  g_free (stream);
  return G_SOURCE_REMOVE;
}

/* While the handler works on a piece its data must stay, and it may be on the stack even when it hands one in. */
void
annot_request_drop_stream (AnnotRequest *self)
{
  if (self->stream != NULL && self->stream->is_asked) {
    self->stream->is_dropped = TRUE;
  } else if (self->stream != NULL) {
    g_idle_add (free_stream, g_steal_pointer (&self->stream));
  }
}

/* The handler has done what it was asked for. FALSE: nobody wants it any more. */
static gboolean
take_piece (AnnotRequest *self)
{
  if (self->stream != NULL) {
    self->stream->is_asked = FALSE;
    if (self->stream->is_dropped) {
      annot_request_drop_stream (self);
    }
  }
  return self->stream != NULL && self->connection != NULL;
}

void
annot_request_begin_stream (AnnotRequest *self, guint status, const char *content_type, AnnotStreamMore more,
                            gpointer user_data, GDestroyNotify destroy)
{
  if (!claim_answer (self, status)) {
    if (destroy != NULL) {
      destroy (user_data);
    }
    return;
  }
  self->stream = g_new0 (AnnotStream, 1);
  *self->stream = (AnnotStream){ more, user_data, destroy, !self->verdict.is_http_1_0, FALSE, FALSE };
  gboolean close = must_close (self);
  GString *head = annot_request_build_head (self, status, content_type);
  if (self->stream->is_chunked) {
    append_line (head, "Transfer-Encoding", "chunked");
  }
  g_string_append (head, close ? "Connection: close\r\n\r\n" : "\r\n");
  if (self->is_head) {
    annot_request_drop_stream (self);
    annot_connection_answer (self->connection, head, NULL, close);
    return;
  }
  annot_connection_write (self->connection, g_string_free_to_bytes (head), ask_for_more);
}

void
annot_request_stream_write (AnnotRequest *self, GBytes *piece)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (piece, &size);
  if (!take_piece (self)) {
    return;
  }
  if (!self->stream->is_chunked || size == 0) {
    annot_connection_write (self->connection, g_bytes_ref (piece), ask_for_more);
    return;
  }
  GString *chunk = g_string_sized_new (size + 32);
  g_string_append_printf (chunk, "%" G_GSIZE_MODIFIER "x\r\n", size);
  g_string_append_len (chunk, data, (gssize)size);
  g_string_append_len (chunk, "\r\n", 2);
  annot_connection_write (self->connection, g_string_free_to_bytes (chunk), ask_for_more);
}

void
annot_request_stream_end (AnnotRequest *self, const GError *error)
{
  if (!take_piece (self)) {
    return;
  }
  if (error != NULL) {
    g_message ("request %s: %s %s: cut off: %s", self->id, self->method, self->path, error->message);
    annot_connection_abort (self->connection);
    return;
  }
  if (self->stream->is_chunked) {
    annot_connection_write (self->connection, g_bytes_new_static ("0\r\n\r\n", 5), NULL);
  }
  annot_connection_end_answer (self->connection, must_close (self));
}
