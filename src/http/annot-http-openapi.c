/* SPDX-License-Identifier: Apache-2.0 */
/* The description of the API, made from the routes themselves, for programs and for people. */
#include "annot-answer.h"
#include "annot-openapi-resource.h"
#include "annot-router.h"

#include <string.h>

#define RESOURCES "/org/annotationd/openapi/"

static GBytes *
load (const char *name)
{
  g_autofree char *path = g_strconcat (RESOURCES, name, NULL);

  return g_resource_lookup_data (annot_openapi_get_resource (), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
}

/* Returns: (transfer full): what the routes do not know: schemas, parameters, answers */
static JsonObject *
load_details (void)
{
  g_autoptr (GBytes) data = load ("details.json");
  g_autoptr (JsonParser) parser = json_parser_new ();
  gsize length;
  const char *text = g_bytes_get_data (data, &length);
  g_autoptr (GError) error = NULL;

  if (!json_parser_load_from_data (parser, text, (gssize) length, &error))
    g_error ("openapi/details.json: %s", error->message); /* built in: cannot happen in a tested build */
  return json_object_ref (json_node_get_object (json_parser_get_root (parser)));
}

static JsonObject *
get_object (JsonObject *object, const char *name)
{
  return object && json_object_has_member (object, name) ? json_object_get_object_member (object, name) : NULL;
}

static void
add_reference (JsonObject *responses, const char *status, const char *name)
{
  g_autofree char *reference = g_strconcat ("#/components/responses/", name, NULL);
  JsonObject *object;

  if (json_object_has_member (responses, status))
    return;
  object = json_object_new ();
  json_object_set_string_member (object, "$ref", reference);
  json_object_set_object_member (responses, status, object);
}

/* The answers that guard and dispatch give to any such route. */
static void
add_responses (JsonObject *operation, const AnnotRoute *route)
{
  JsonObject *responses = get_object (operation, "responses");

  if (!responses) {
    responses = json_object_new ();
    json_object_set_object_member (operation, "responses", responses);
  }
  if (!route->is_public) {
    add_reference (responses, "401", "Unauthorized");
    add_reference (responses, "403", "Forbidden");
  }
  if (route->body != ANNOT_BODY_NONE)
    add_reference (responses, "413", "TooLarge");
  if (route->rate != ANNOT_RATE_NONE)
    add_reference (responses, "429", "TooMany");
  add_reference (responses, "default", "Problem");
}

/* `{id}` in the path. */
static void
add_path_parameters (JsonObject *operation, const char *path)
{
  const char *at = path;
  JsonArray *parameters = json_object_has_member (operation, "parameters")
                              ? json_object_get_array_member (operation, "parameters")
                              : NULL;

  while ((at = strchr (at, '{'))) {
    const char *end = strchr (at, '}');
    g_autofree char *name = g_strndup (at + 1, (gsize) (end - at - 1));
    JsonObject *parameter = json_object_new ();
    JsonObject *schema = json_object_new ();

    json_object_set_string_member (schema, "type", "string");
    json_object_set_string_member (parameter, "name", name);
    json_object_set_string_member (parameter, "in", "path");
    json_object_set_boolean_member (parameter, "required", TRUE);
    json_object_set_object_member (parameter, "schema", schema);
    if (!parameters) {
      parameters = json_array_new ();
      json_object_set_array_member (operation, "parameters", parameters);
    }
    json_array_add_object_element (parameters, parameter);
    at = end;
  }
}

static void
add_security (JsonObject *operation, const AnnotRoute *route)
{
  static const char *const schemes[] = { "bearer", "cookie" };
  g_autofree const char **roles = annot_roles_to_strv (route->roles);
  JsonArray *security = json_array_new ();
  JsonArray *names = json_array_new ();
  guint i;

  for (i = 0; !route->is_public && i < G_N_ELEMENTS (schemes); i++) {
    JsonObject *one = json_object_new ();

    json_object_set_array_member (one, schemes[i], json_array_new ());
    json_array_add_object_element (security, one);
  }
  json_object_set_array_member (operation, "security", security);
  for (i = 0; roles[i]; i++)
    json_array_add_string_element (names, roles[i]);
  json_object_set_array_member (operation, "x-roles", names);
}

/* get_api_v1_examples_id */
static char *
operation_id (const AnnotRoute *route)
{
  GString *out = g_string_new (NULL);
  const char *at;

  for (at = route->method; *at; at++)
    g_string_append_c (out, g_ascii_tolower (*at));
  for (at = route->path; *at; at++) {
    if (g_ascii_isalnum (*at))
      g_string_append_c (out, *at);
    else if (out->str[out->len - 1] != '_')
      g_string_append_c (out, '_');
  }
  if (out->str[out->len - 1] == '_')
    g_string_truncate (out, out->len - 1);
  return g_string_free (out, FALSE);
}

static void
add_operation (JsonObject *paths, const AnnotRoute *route, JsonObject *details)
{
  g_autofree char *key = g_strconcat (route->method, " ", route->path, NULL);
  g_autofree char *method = g_ascii_strdown (route->method, -1);
  g_autofree char *id = operation_id (route);
  JsonObject *known = get_object (details, key);
  JsonObject *operation = known ? json_object_ref (known) : json_object_new ();
  JsonObject *path = get_object (paths, route->path);

  if (!path) {
    path = json_object_new ();
    json_object_set_object_member (paths, route->path, path);
  }
  json_object_set_string_member (operation, "operationId", id);
  json_object_set_string_member (operation, "summary", route->summary);
  add_path_parameters (operation, route->path);
  add_security (operation, route);
  add_responses (operation, route);
  json_object_set_object_member (path, method, operation);
}

static JsonObject *
make_paths (JsonObject *details)
{
  const AnnotRoute *const *table;
  JsonObject *paths = json_object_new ();

  for (table = annot_router_get_tables (); *table; table++) {
    const AnnotRoute *route;

    for (route = *table; route->method; route++)
      add_operation (paths, route, get_object (details, "operations"));
  }
  return paths;
}

static void
get_openapi (AnnotRequest *request)
{
  g_autoptr (JsonObject) details = load_details ();
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (JsonObject) document = json_object_new ();
  g_autofree char *text = NULL;
  g_autoptr (GBytes) body = NULL;
  JsonObject *info = get_object (details, "info");

  json_object_set_string_member (info, "version", PACKAGE_VERSION);
  json_object_set_string_member (document, "openapi", "3.1.0");
  json_object_set_object_member (document, "info", json_object_ref (info));
  json_object_set_object_member (document, "paths", make_paths (details));
  json_object_set_object_member (document, "components", json_object_ref (get_object (details, "components")));
  json_node_set_object (root, document);
  text = json_to_string (root, FALSE);
  body = g_bytes_new_take (text, strlen (text));
  text = NULL;
  annot_request_respond (request, 200, "application/json", body);
}

static void
append_row (GString *out, const AnnotRoute *route)
{
  g_autofree const char **roles = annot_roles_to_strv (route->roles);
  g_autofree char *who = g_strjoinv (", ", (char **) roles);
  const char *whoever = route->is_public ? "anybody" : "every account";
  g_autofree char *row = g_markup_printf_escaped (
      "<tr><td class=\"method\">%s</td><td><code>%s</code></td><td>%s</td><td>%s</td></tr>\n", route->method,
      route->path, route->summary, *who ? who : whoever);

  g_string_append (out, row);
}

/* The policy names the one style by its digest, and allows nothing else. */
static void
allow_style (AnnotRequest *request, GBytes *style)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree char *digest = NULL;
  g_autofree char *policy = NULL;
  guint8 bytes[32];
  gsize n_bytes = sizeof (bytes);
  gsize length;
  const guint8 *data = g_bytes_get_data (style, &length);

  g_checksum_update (checksum, data, (gssize) length);
  g_checksum_get_digest (checksum, bytes, &n_bytes);
  digest = g_base64_encode (bytes, n_bytes);
  policy = g_strdup_printf ("default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'; "
                            "frame-ancestors 'none'",
                            digest);
  annot_request_set_header (request, "Content-Security-Policy", policy);
}

static void
get_docs (AnnotRequest *request)
{
  g_autoptr (GBytes) page = load ("docs.html");
  g_autoptr (GBytes) style = load ("docs.css");
  GString *out = g_string_new_len (g_bytes_get_data (page, NULL), (gssize) g_bytes_get_size (page));
  g_autoptr (GString) rows = g_string_new (NULL);
  g_autofree char *css = g_strndup (g_bytes_get_data (style, NULL), g_bytes_get_size (style));
  g_autoptr (GBytes) body = NULL;
  const AnnotRoute *const *table;

  for (table = annot_router_get_tables (); *table; table++) {
    const AnnotRoute *route;

    for (route = *table; route->method; route++)
      append_row (rows, route);
  }
  g_string_replace (out, "@STYLE@", css, 1);
  g_string_replace (out, "@VERSION@", PACKAGE_VERSION, 0);
  g_string_replace (out, "@ROUTES@", rows->str, 1);
  allow_style (request, style);
  body = g_string_free_to_bytes (out);
  annot_request_respond (request, 200, "text/html; charset=utf-8", body);
}

const AnnotRoute annot_openapi_routes[] = {
  { "GET", "/api/v1/openapi.json", 0, TRUE, ANNOT_RATE_DEFAULT, ANNOT_BODY_NONE, get_openapi,
    "Describe this API as OpenAPI 3.1" },
  { "GET", "/docs", 0, TRUE, ANNOT_RATE_DEFAULT, ANNOT_BODY_NONE, get_docs, "Describe this API for people" },
  { NULL, NULL, 0, FALSE, ANNOT_RATE_NONE, ANNOT_BODY_NONE, NULL, NULL },
};
