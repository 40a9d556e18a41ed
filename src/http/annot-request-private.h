/* SPDX-License-Identifier: Apache-2.0 */
/* What a request is to the transport and the dispatcher. */
#pragma once

#include <libsoup/soup.h>

#include "annot-connection.h"
#include "annot-identity.h"
#include "annot-request.h"
#include "annot-router.h"

G_BEGIN_DECLS

typedef struct {
  AnnotStreamMore more;
  gpointer user_data;
  GDestroyNotify destroy;
  gboolean is_chunked;
  gboolean is_asked;   /* more() was called, and its piece has not come */
  gboolean is_dropped; /* the client has gone meanwhile */
} AnnotStream;

struct _AnnotRequest {
  grefcount refs;
  AnnotTransport *transport;
  AnnotConnection *connection; /* NULL once the client has gone, or the answer is written */
  AnnotVerdict verdict;
  gboolean is_answered;
  gboolean is_timed_out; /* the handler's answer comes too late */
  gboolean is_secure;
  gboolean is_head;
  gboolean is_encoded; /* the body is as it should be sent */

  char *method;
  char *raw_path; /* as it came, without query */
  char *path;     /* decoded */
  char *query_text;
  GHashTable *query;
  SoupMessageHeaders *headers;
  GBytes *body;

  const AnnotRoute *route;
  GHashTable *params;
  AnnotCaller *caller;
  GCancellable *cancellable;
  char *client;
  char *id;

  SoupMessageHeaders *answer_headers;
  AnnotStream *stream;
};

/* From a head that the guard has passed. On failure the verdict says why. */
AnnotRequest *annot_request_new (AnnotTransport *transport, AnnotConnection *connection, const char *head, gsize length,
                                 const AnnotVerdict *verdict);
/* The answer is out, or will never be. */
void annot_request_drop_stream (AnnotRequest *self);
/* The client has gone: the work is cancelled, the answer will be dropped. */
void annot_request_detach (AnnotRequest *self);
/* No answer came in time. */
void annot_request_time_out (AnnotRequest *self);
/* An answer to what is no request: guard's refusals. Returns: (transfer full): head and body */
GString *annot_request_refusal (const AnnotVerdict *verdict);
/* Text of the answer's head, but for its last empty line. */
GString *annot_request_build_head (AnnotRequest *self, guint status, const char *content_type);

G_END_DECLS
