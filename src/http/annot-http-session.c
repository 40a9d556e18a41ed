/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in and out, and who one is. */
#include "annot-answer.h"
#include "annot-dispatch.h"
#include "annot-http-server.h"
#include "annot-router.h"

#include "model/annot-password.h"

static AnnotIdentity *
identity_of (AnnotRequest *request)
{
  return annot_http_server_get_identity (annot_request_get_server (request));
}

/* The name and password of one sign-in. */
typedef struct {
  AnnotRequest *request;
  char *name;
  char *password;
} Credentials;

static void
credentials_free (Credentials *credentials)
{
  g_clear_pointer (&credentials->request, annot_request_unref);
  g_free (credentials->name);
  annot_secret_free (credentials->password);
  g_free (credentials);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Credentials, credentials_free)

static gboolean
read_json (AnnotRequest *request, Credentials *credentials)
{
  g_autoptr (JsonObject) body = annot_request_dup_json (request);
  const char *name = NULL;
  const char *password = NULL;

  if (!body || !annot_body_get_text (request, body, "username", TRUE, &name)
      || !annot_body_get_text (request, body, "password", TRUE, &password))
    return FALSE;
  credentials->name = g_strdup (name);
  credentials->password = g_strdup (password);
  return TRUE;
}

static gboolean
read_form (AnnotRequest *request, Credentials *credentials)
{
  static const char *const fields[] = { "username", "password" };
  g_autoptr (GHashTable) form = annot_request_dup_form (request);
  guint i;

  if (!form)
    return FALSE;
  for (i = 0; i < G_N_ELEMENTS (fields); i++) {
    if (!g_hash_table_contains (form, fields[i])) {
      annot_answer_refuse (request, fields[i], "is required", "required");
      return FALSE;
    }
  }
  credentials->name = g_strdup (g_hash_table_lookup (form, "username"));
  credentials->password = g_strdup (g_hash_table_lookup (form, "password"));
  return TRUE;
}

static void
set_cookie (AnnotRequest *request, const char *value, gint64 max_age)
{
  g_autofree char *cookie
      = g_strdup_printf ("%s=%s; Path=/; Max-Age=%" G_GINT64_FORMAT "; HttpOnly; SameSite=Lax%s", ANNOT_SESSION_COOKIE,
                         value, max_age, annot_request_is_secure (request) ? "; Secure" : "");

  annot_request_add_header (request, "Set-Cookie", cookie);
  annot_request_set_header (request, "Cache-Control", "no-store");
}

static void
login_failed (const Credentials *credentials, const GError *error)
{
  AnnotRequest *request = credentials->request;
  gint64 delay
      = annot_identity_get_login_delay (identity_of (request), credentials->name, annot_request_get_client (request));

  if (g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_AUTH)) {
    annot_request_set_header (request, "WWW-Authenticate", "Bearer");
    annot_request_respond_problem (request, 401, error->message, NULL);
  } else if (g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY) && delay > 0) {
    g_autofree char *seconds = g_strdup_printf ("%" G_GINT64_FORMAT, delay);

    annot_request_set_header (request, "Retry-After", seconds);
    annot_request_respond_problem (request, 429, error->message, NULL);
  } else {
    annot_request_respond_error (request, error);
  }
}

static void
logged_in (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Credentials) credentials = user_data;
  AnnotRequest *request = credentials->request;
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotLogin) login = annot_identity_login_finish (ANNOT_IDENTITY (source), result, &error);
  GString *out;

  if (!login) {
    login_failed (credentials, error);
    return;
  }
  set_cookie (request, login->access_token, login->expires_in);
  out = g_string_new ("{");
  annot_answer_text (out, "access_token", login->access_token);
  annot_answer_text (out, "token_type", "bearer");
  annot_answer_int (out, "expires_in", login->expires_in);
  annot_answer_send (request, 200, out);
}

/* Another site's form could sign a person in as somebody else, whose work it would then be. Browsers say whose it is. */
static gboolean
is_of_another_site (AnnotRequest *request)
{
  const char *site = annot_request_get_header (request, "Sec-Fetch-Site");
  const char *origin = annot_request_get_header (request, "Origin");

  return g_strcmp0 (site, "cross-site") == 0
         && (!origin || !annot_dispatch_allows_origin (annot_request_get_config (request), origin, NULL));
}

static void
post_login (AnnotRequest *request)
{
  g_autoptr (Credentials) credentials = g_new0 (Credentials, 1);
  const char *name;
  const char *password;
  gboolean good;

  if (is_of_another_site (request)) {
    annot_request_respond_problem (request, 403, "pages of this site may not sign in here: see [http] allowed-origins",
                                   NULL);
    return;
  }
  credentials->request = annot_request_ref (request);
  good = annot_body_is_json (request) ? read_json (request, credentials) : read_form (request, credentials);
  if (!good)
    return;
  name = credentials->name;
  password = credentials->password;
  annot_identity_login (identity_of (request), name, password, annot_request_get_client (request),
                        annot_request_get_cancellable (request), logged_in, g_steal_pointer (&credentials));
}

static void
answer_logout (AnnotRequest *request)
{
  set_cookie (request, "", 0);
  annot_answer_send (request, 200, annot_answer_begin_success ("signed out"));
}

static void
logged_out (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRequest) request = user_data;
  g_autoptr (GError) error = NULL;

  if (annot_identity_logout_finish (ANNOT_IDENTITY (source), result, &error))
    answer_logout (request);
  else
    annot_request_respond_error (request, error);
}

static void
post_logout (AnnotRequest *request)
{
  const char *session = annot_request_get_session (request);

  if (!session) {
    annot_request_respond_problem (request, 409, "an API token is not a session: delete it at /api/v1/tokens", NULL);
    return;
  }
  annot_identity_logout (identity_of (request), session, NULL, logged_out, annot_request_ref (request));
}

/* And what a page needs to begin: the classes, and how long a lease lasts. */
static void
get_me (AnnotRequest *request)
{
  AnnotConfig *config = annot_request_get_config (request);
  GString *out = g_string_new ("{");

  annot_answer_text (out, "name", annot_request_get_account (request));
  annot_answer_roles (out, "roles", annot_request_get_roles (request));
  annot_answer_boolean (out, "is_session", annot_request_get_session (request) != NULL);
  annot_answer_strings (out, "labels", annot_config_get_list (config, "annotation", "labels"));
  annot_answer_int (out, "lease_seconds", annot_config_get_integer (config, "annotation", "lease-seconds"));
  annot_answer_int (out, "max_skips", annot_config_get_integer (config, "annotation", "max-skips"));
  annot_request_set_header (request, "Cache-Control", "no-store");
  annot_answer_send (request, 200, out);
}

static void
get_csrf_token (AnnotRequest *request)
{
  const char *session = annot_request_get_session (request);
  g_autofree char *token = session ? annot_identity_csrf_token (identity_of (request), session) : NULL;
  GString *out = g_string_new ("{");

  annot_answer_text (out, "csrf_token", token);
  annot_request_set_header (request, "Cache-Control", "no-store");
  annot_answer_send (request, 200, out);
}

const AnnotRoute annot_session_routes[] = {
  { "POST", "/api/v1/login", 0, TRUE, ANNOT_RATE_LOGIN, ANNOT_BODY_SMALL, post_login,
    "Sign in with name and password" },
  { "POST", "/api/v1/logout", 0, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_SMALL, post_logout,
    "End the session everywhere" },
  { "GET", "/api/v1/me", 0, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_NONE, get_me,
    "Say who is signed in, and with which roles" },
  { "GET", "/api/v1/csrf-token", 0, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_NONE, get_csrf_token,
    "Get the token that writes by cookie need in X-CSRF-Token" },
  { NULL, NULL, 0, FALSE, ANNOT_RATE_NONE, ANNOT_BODY_NONE, NULL, NULL },
};
