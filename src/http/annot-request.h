/* SPDX-License-Identifier: Apache-2.0 */
/* One HTTP request on its way through guard, authentication, limits and handler. */
#pragma once

#include <annotationd/annotationd.h>
#include "pipeline/annot-pipeline.h"

G_BEGIN_DECLS

/**
 * AnnotRequest:
 *
 * Handed to a route's handler after the guard, authentication, CSRF, rate limit and body limit have passed. Reference-counted.
 * A handler either answers before it returns, or keeps a reference and answers later: exactly one annot_request_respond*()
 * or annot_request_begin_stream() in either case. When the client has gone, its cancellable is cancelled, and an answer is
 * dropped in silence: handlers need not look.
 */
typedef struct _AnnotRequest AnnotRequest;

typedef struct {
  const char *field;
  const char *message;
  const char *code;
} AnnotFieldError;

AnnotRequest *annot_request_ref (AnnotRequest *self);
void annot_request_unref (AnnotRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotRequest, annot_request_unref)

AnnotPipeline *annot_request_get_pipeline (AnnotRequest *self);
/* The server that took it (declared in annot-http-server.h). */
struct _AnnotHttpServer *annot_request_get_server (AnnotRequest *self);
AnnotConfig *annot_request_get_config (AnnotRequest *self);
GCancellable *annot_request_get_cancellable (AnnotRequest *self);
/* Decoded path, without query. */
const char *annot_request_get_path (AnnotRequest *self);
/* Returns: (transfer none): what stood for `{name}` in the route's path, percent-decoded */
const char *annot_request_get_param (AnnotRequest *self, const char *name);
/* Returns: (transfer none) (nullable): a query parameter */
const char *annot_request_get_query (AnnotRequest *self, const char *name);
/* A whole number from the query, or fallback when it is absent; FALSE (and answered 422) when it is not within min … max. */
gboolean annot_request_get_query_int (AnnotRequest *self, const char *name, gint64 min, gint64 max, gint64 fallback,
                                      gint64 *value);
const char *annot_request_get_header (AnnotRequest *self, const char *name);
/* The media type of the body in lower case, without parameters; "" when there is none. */
const char *annot_request_get_content_type (AnnotRequest *self);
/* Returns: (transfer none): the body, possibly empty */
GBytes *annot_request_get_body (AnnotRequest *self);
/* Returns: (transfer full) (nullable): the body as a JSON object; on failure NULL, and 400 or 415 is answered */
JsonObject *annot_request_dup_json (AnnotRequest *self);
/* Returns: (transfer full) (nullable): form or multipart fields (utf8 to utf8); on failure NULL, and answered */
GHashTable *annot_request_dup_form (AnnotRequest *self);
/* Who asks: name NULL and roles 0 before login. */
const char *annot_request_get_account (AnnotRequest *self);
AnnotRoles annot_request_get_roles (AnnotRequest *self);
/* jti of the session, NULL for an API token or none. */
const char *annot_request_get_session (AnnotRequest *self);
/* Client address as text, after trusted-proxies. */
const char *annot_request_get_client (AnnotRequest *self);
/* Whether the client speaks https (to us, or to a trusted proxy). */
gboolean annot_request_is_secure (AnnotRequest *self);

void annot_request_set_header (AnnotRequest *self, const char *name, const char *value);
void annot_request_add_header (AnnotRequest *self, const char *name, const char *value);
/* body may be NULL. Text of 1 KiB and more is compressed when the client accepts it. */
void annot_request_respond (AnnotRequest *self, guint status, const char *content_type, GBytes *body);
/* Takes the string's text and leaves it empty. */
void annot_request_respond_json (AnnotRequest *self, guint status, GString *json);
/* RFC 9457 and the older names; errors ends with an entry whose message is NULL, may be NULL itself. */
void annot_request_respond_problem (AnnotRequest *self, guint status, const char *detail, const AnnotFieldError *errors);
/* Maps an AnnotError: NOT_FOUND 404, EXISTS, STALE, FINISHED 409, INVALID 422 with the field, NO_SPACE 507, transient 503 with
 * Retry-After, else 500 without inner details. */
void annot_request_respond_error (AnnotRequest *self, const GError *error);

/* Streaming: chunked answer in constant memory. more() is called when the client can take the next piece; it calls
 * annot_request_stream_write() once, then or later, or annot_request_stream_end(). */
typedef void (*AnnotStreamMore) (AnnotRequest *self, gpointer user_data);
void annot_request_begin_stream (AnnotRequest *self, guint status, const char *content_type, AnnotStreamMore more,
                                 gpointer user_data, GDestroyNotify destroy);
void annot_request_stream_write (AnnotRequest *self, GBytes *piece);
/* error: the answer is cut off (the connection closes without the last chunk), so that the client notices. */
void annot_request_stream_end (AnnotRequest *self, const GError *error);

G_END_DECLS
