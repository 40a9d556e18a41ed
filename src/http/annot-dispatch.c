/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a request from its head to its handler: route, identity, role, rate limit, body. */
#include "annot-dispatch.h"

#include "annot-request-private.h"
#include "annot-websocket-handshake.h"

#define KIB 1024
#define API "/api/"
#define API_V1 "/api/v1/"
#define OPENING_RETRY_AFTER "1"

typedef struct {
  AnnotRequest *request;
  AnnotDispatch *dispatch;
  AnnotIdentified next;
  AnnotRate rate;
} Step;

static Step *
new_step (AnnotRequest *request, AnnotDispatch *dispatch, AnnotIdentified next)
{
  Step *step = g_new0 (Step, 1);
  step->request = annot_request_ref (request);
  step->dispatch = dispatch;
  step->next = next;
  return step;
}

static void
free_step (Step *step)
{
  annot_request_unref (step->request);
  g_free (step);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Step, free_step)

/* Whether the request still waits for its answer: the client may have gone, or the time run out, meanwhile. */
static gboolean
is_waiting (AnnotRequest *request)
{
  return request->connection != NULL && !request->is_answered;
}

static gsize
body_limit (AnnotDispatch *dispatch, AnnotBodyClass body)
{
  switch (body) {
  case ANNOT_BODY_NONE:
    return 4 * KIB;
  case ANNOT_BODY_SMALL:
    return 64 * KIB;
  case ANNOT_BODY_REQUEST:
    return (gsize)annot_config_get_integer (dispatch->config, "http", "body-limit");
  case ANNOT_BODY_MESSAGE:
    return (gsize)annot_config_get_integer (dispatch->config, "limits", "message-bytes") * 4;
  }
  return 0;
}

gboolean
annot_dispatch_allows_origin (AnnotConfig *config, const char *origin, const char *host)
{
  const char *authority = strstr (origin, "://");
  if (authority != NULL && host != NULL && g_ascii_strcasecmp (authority + 3, host) == 0) {
    return TRUE;
  }
  const char *const *allowed = annot_config_get_list (config, "http", "allowed-origins");
  for (; *allowed != NULL; allowed++) {
    if (g_ascii_strcasecmp (*allowed, origin) == 0) {
      return TRUE;
    }
  }
  return FALSE;
}

/* Only for other origins that are allowed: the page's own needs no permission. */
static gboolean
add_cors (AnnotRequest *request, AnnotDispatch *dispatch)
{
  const char *origin = annot_request_get_header (request, "Origin");
  if (origin == NULL || !annot_dispatch_allows_origin (dispatch->config, origin, NULL)) {
    return FALSE;
  }
  annot_request_set_header (request, "Access-Control-Allow-Origin", origin);
  annot_request_set_header (request, "Access-Control-Allow-Credentials", "true");
  annot_request_set_header (request, "Access-Control-Expose-Headers",
                            "X-Request-Id, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset");
  annot_request_set_header (request, "Cross-Origin-Resource-Policy", "cross-origin");
  annot_request_add_header (request, "Vary", "Origin");
  return TRUE;
}

static void
run_handler (AnnotRequest *request)
{
  request->route->handler (request);
}

static void
read_body (AnnotRequest *request, AnnotDispatch *dispatch)
{
  annot_connection_read_body (request->connection, body_limit (dispatch, request->route->body), run_handler);
}

static guint
seconds_up (gint64 microseconds)
{
  return (guint)MAX ((microseconds + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC, 0);
}

static void
set_number (AnnotRequest *request, const char *name, guint value)
{
  g_autofree char *text = g_strdup_printf ("%u", value);
  annot_request_set_header (request, name, text);
}

static void
rate_taken (const AnnotRateVerdict *verdict, gpointer user_data)
{
  g_autoptr (Step) step = user_data;
  AnnotRequest *request = step->request;
  if (!is_waiting (request)) {
    return;
  }
  set_number (request, "RateLimit-Limit", step->rate.count);
  set_number (request, "RateLimit-Remaining", verdict->remaining);
  set_number (request, "RateLimit-Reset", seconds_up (verdict->reset_after));
  if (verdict->allowed) {
    step->next (request, step->dispatch);
    return;
  }
  set_number (request, "Retry-After", MAX (seconds_up (verdict->retry_after), 1));
  annot_request_respond_problem (request, 429, "too many requests; Retry-After says when to try again", NULL);
}

void
annot_dispatch_take_rate (AnnotRequest *request, AnnotDispatch *dispatch, AnnotRateClass rate, AnnotIdentified next)
{
  if (rate == ANNOT_RATE_NONE) {
    next (request, dispatch);
    return;
  }
  Step *step = new_step (request, dispatch, next);
  step->rate = annot_rate_limit_get (dispatch->rates, rate);
  const char *account = annot_request_get_account (request);
  annot_rate_limit_take (dispatch->rates, rate, account != NULL ? account : request->client, rate_taken, step);
}

static void
respond_unauthorized (AnnotRequest *request, const char *detail)
{
  annot_request_set_header (request, "WWW-Authenticate", "Bearer");
  annot_request_respond_problem (request, 401, detail, NULL);
}

static void
identified (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Step) step = user_data;
  AnnotRequest *request = step->request;
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotCaller) caller = annot_identity_check_finish (ANNOT_IDENTITY (source), result, &error);
  if (!is_waiting (request)) {
    return;
  }
  if (g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_STALE)) {
    annot_request_respond_problem (request, 403, error->message, NULL);
  } else if (g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_AUTH)) {
    respond_unauthorized (request, error->message);
  } else if (error != NULL) {
    annot_request_respond_error (request, error);
  } else if (caller->account == NULL) {
    respond_unauthorized (request, "sign in first");
  } else {
    request->caller = g_steal_pointer (&caller);
    step->next (request, step->dispatch);
  }
}

void
annot_dispatch_identify (AnnotRequest *request, AnnotDispatch *dispatch, const char *authorization,
                         const char *cookie, AnnotIdentified next)
{
  const char *method = request->method;
  AnnotCredentials credentials = {
    .authorization = authorization,
    .cookie = cookie,
    .csrf_token = annot_request_get_header (request, "X-CSRF-Token"),
    .is_write = !g_str_equal (method, "GET") && !g_str_equal (method, "HEAD") && !g_str_equal (method, "OPTIONS"),
  };
  annot_identity_check (dispatch->identity, &credentials, annot_request_get_cancellable (request), identified,
                        new_step (request, dispatch, next));
}

static void
check_role (AnnotRequest *request, AnnotDispatch *dispatch)
{
  const AnnotRoute *route = request->route;
  if (route->roles != 0 && (annot_request_get_roles (request) & route->roles) == 0) {
    annot_request_respond_problem (request, 403, "your account does not have the role that this needs", NULL);
    return;
  }
  annot_dispatch_take_rate (request, dispatch, route->rate, read_body);
}

static void
run_route (AnnotRequest *request, AnnotDispatch *dispatch)
{
  const AnnotRoute *route = request->route;
  if (request->verdict.content_length > (gint64)body_limit (dispatch, route->body)) {
    annot_request_respond_problem (request, 413, "the body is larger than this request may have", NULL);
    return;
  }
  if (!dispatch->is_open && !(route->is_public && route->rate == ANNOT_RATE_NONE)) {
    annot_request_set_header (request, "Retry-After", OPENING_RETRY_AFTER);
    annot_request_respond_problem (request, 503, "the service is starting", NULL);
    return;
  }
  if (route->is_public) {
    annot_dispatch_take_rate (request, dispatch, route->rate, read_body);
    return;
  }
  annot_dispatch_identify (request, dispatch, annot_request_get_header (request, "Authorization"),
                           annot_request_get_header (request, "Cookie"), check_role);
}

/* The older service had no version in its paths. */
static void
redirect_to_v1 (AnnotRequest *request)
{
  g_autofree char *location
      = g_strconcat (API_V1, request->raw_path + strlen (API), request->query_text != NULL ? "?" : NULL,
                     request->query_text, NULL);
  annot_request_set_header (request, "Location", location);
  annot_request_set_header (request, "X-API-Version-Redirect", "v1");
  annot_request_set_header (request, "X-Deprecated-Endpoint", "true");
  annot_request_respond (request, 301, NULL, NULL);
}

static void
respond_no_path (AnnotRequest *request, AnnotDispatch *dispatch)
{
  gboolean is_get = request->is_head || g_str_equal (request->method, "GET");
  if (is_get && annot_static_respond (dispatch->statics, request)) {
    return;
  }
  if (g_str_has_prefix (request->raw_path, API) && !g_str_has_prefix (request->raw_path, API_V1)
      && !g_str_equal (request->raw_path, "/api/v1")) {
    redirect_to_v1 (request);
    return;
  }
  annot_request_respond_problem (request, 404, "there is nothing at this path", NULL);
}

/* A preflight of a page of an allowed origin, or somebody who asks what may be done here. */
static void
respond_options (AnnotRequest *request, gboolean is_cors, const char *allow)
{
  annot_request_set_header (request, "Allow", allow);
  if (is_cors) {
    annot_request_set_header (request, "Access-Control-Allow-Methods", allow);
    annot_request_set_header (request, "Access-Control-Allow-Headers",
                              "Authorization, Content-Type, X-CSRF-Token, X-Request-Id");
    annot_request_set_header (request, "Access-Control-Max-Age", "600");
  }
  annot_request_respond (request, 204, NULL, NULL);
}

void
annot_dispatch_accept (AnnotRequest *request, AnnotDispatch *dispatch)
{
  gboolean is_cors = add_cors (request, dispatch);
  if (annot_websocket_handshake_begin (request, dispatch)) {
    return;
  }
  g_autofree char *allow = NULL;
  switch (annot_router_match (request->method, request->raw_path, &request->route, &request->params, &allow)) {
  case ANNOT_MATCH_FOUND:
    run_route (request, dispatch);
    break;
  case ANNOT_MATCH_NO_PATH:
    respond_no_path (request, dispatch);
    break;
  case ANNOT_MATCH_NO_METHOD:
    if (g_str_equal (request->method, "OPTIONS")) {
      respond_options (request, is_cors, allow);
      return;
    }
    annot_request_set_header (request, "Allow", allow);
    annot_request_respond_problem (request, 405, "this path does not take this method", NULL);
    break;
  }
}
