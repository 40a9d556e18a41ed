/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the route of a method and path. */
#include "annot-router.h"

#include "annot-router-match.h"

/* Deepest path of all routes, and then some: longer ones are not looked at. */
#define MAX_SEGMENTS 12

static const AnnotRoute *const tables[] = {
  annot_health_routes, annot_session_routes, annot_example_routes, annot_lease_routes, annot_label_routes,
  annot_stats_routes,  annot_retry_routes,   annot_privacy_routes, annot_export_routes, annot_user_routes,
  annot_token_routes,  annot_openapi_routes, annot_metrics_routes, NULL,
};

typedef struct {
  const char *data;
  gsize length;
} Segment;

const AnnotRoute *const *
annot_router_get_tables (void)
{
  return tables;
}

/* Returns: how many; -1 when there are too many */
static int
split (const char *path, Segment segments[MAX_SEGMENTS])
{
  int count = 0;
  while (*path == '/') {
    const char *start = path + 1;
    const char *end = strchrnul (start, '/');
    if (count == MAX_SEGMENTS) {
      return -1;
    }
    segments[count++] = (Segment){ start, end - start };
    path = end;
  }
  return count;
}

/* `{name}` stands for one segment that is not empty. */
static gboolean
matches (const char *pattern, const Segment *segments, int n_segments)
{
  int at = 0;
  for (; *pattern == '/'; at++) {
    const char *start = pattern + 1;
    const char *end = strchrnul (start, '/');
    gsize length = end - start;
    if (at == n_segments) {
      return FALSE;
    }
    if (start[0] == '{') {
      if (segments[at].length == 0) {
        return FALSE;
      }
    } else if (segments[at].length != length || memcmp (segments[at].data, start, length) != 0) {
      return FALSE;
    }
    pattern = end;
  }
  return at == n_segments;
}

/* FALSE when a segment does not decode to text. */
static gboolean
take_params (const char *pattern, const Segment *segments, GHashTable **params)
{
  for (int at = 0; *pattern == '/'; at++) {
    const char *start = pattern + 1;
    const char *end = strchrnul (start, '/');
    if (start[0] == '{') {
      g_autofree char *value = g_uri_unescape_segment (segments[at].data, segments[at].data + segments[at].length, NULL);
      if (value == NULL || !g_utf8_validate (value, -1, NULL)) {
        return FALSE;
      }
      if (*params == NULL) {
        *params = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
      }
      g_hash_table_insert (*params, g_strndup (start + 1, end - start - 2), g_steal_pointer (&value));
    }
    pattern = end;
  }
  return TRUE;
}

/* A path that is written out wins over one with a parameter in the same place (`/examples/next` over `/examples/{id}`). */
static guint
count_parameters (const char *pattern)
{
  guint count = 0;
  for (; *pattern != '\0'; pattern++) {
    count += *pattern == '{';
  }
  return count;
}

static gboolean
takes_method (const AnnotRoute *route, const char *method)
{
  return g_str_equal (route->method, method) || (g_str_equal (method, "HEAD") && g_str_equal (route->method, "GET"));
}

static void
add_allowed (GString *allow, const char *method)
{
  if (strstr (allow->str, method) == NULL) {
    g_string_append_printf (allow, "%s%s", allow->len > 0 ? ", " : "", method);
  }
  if (g_str_equal (method, "GET")) {
    add_allowed (allow, "HEAD");
  }
}

AnnotMatch
annot_router_match_in (const AnnotRoute *const *in, const char *method, const char *path, const AnnotRoute **route,
                       GHashTable **params, char **allow)
{
  Segment segments[MAX_SEGMENTS];
  int n_segments = split (path, segments);
  const AnnotRoute *best = NULL;
  guint best_parameters = G_MAXUINT;
  g_autoptr (GString) allowed = g_string_new (NULL);
  *route = NULL;
  *params = NULL;
  *allow = NULL;
  for (; n_segments > 0 && *in != NULL; in++) {
    for (const AnnotRoute *at = *in; at->method != NULL; at++) {
      if (!matches (at->path, segments, n_segments)) {
        continue;
      }
      add_allowed (allowed, at->method);
      guint parameters = count_parameters (at->path);
      if (takes_method (at, method) && parameters < best_parameters) {
        best = at;
        best_parameters = parameters;
      }
    }
  }
  if (best != NULL && take_params (best->path, segments, params)) {
    *route = best;
    return ANNOT_MATCH_FOUND;
  }
  if (best != NULL || allowed->len == 0) {
    g_clear_pointer (params, g_hash_table_unref);
    return ANNOT_MATCH_NO_PATH;
  }
  g_string_append (allowed, ", OPTIONS");
  *allow = g_string_free (g_steal_pointer (&allowed), FALSE);
  return ANNOT_MATCH_NO_METHOD;
}

AnnotMatch
annot_router_match (const char *method, const char *path, const AnnotRoute **route, GHashTable **params, char **allow)
{
  return annot_router_match_in (tables, method, path, route, params, allow);
}
