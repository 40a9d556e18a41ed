/* SPDX-License-Identifier: Apache-2.0 */
/* Which route a method and path find. */
#include "http/annot-router-match.h"

static const AnnotRoute first[] = {
  { .method = "GET", .path = "/things" },
  { .method = "POST", .path = "/things" },
  { .method = "GET", .path = "/things/{id}" },
  { NULL },
};
static const AnnotRoute second[] = {
  { .method = "POST", .path = "/things/next" },
  { .method = "DELETE", .path = "/things/{id}" },
  { .method = "GET", .path = "/things/{id}/parts/{part}" },
  { NULL },
};
static const AnnotRoute *const tables[] = { first, second, NULL };

typedef struct {
  AnnotMatch match;
  const AnnotRoute *route;
  GHashTable *params;
  char *allow;
} Found;

static void
clear_found (Found *found)
{
  g_clear_pointer (&found->params, g_hash_table_unref);
  g_free (found->allow);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Found, clear_found)

static Found
find (const char *method, const char *path)
{
  Found found = { 0 };
  found.match = annot_router_match_in (tables, method, path, &found.route, &found.params, &found.allow);
  return found;
}

static const char *
param (const Found *found, const char *name)
{
  return g_hash_table_lookup (found->params, name);
}

static void
test_found (void)
{
  g_auto (Found) plain = find ("GET", "/things");
  g_assert_true (plain.match == ANNOT_MATCH_FOUND && plain.route == &first[0] && plain.params == NULL);
  g_auto (Found) head = find ("HEAD", "/things");
  g_assert_true (head.route == &first[0]);
  g_auto (Found) literal = find ("POST", "/things/next");
  g_assert_true (literal.route == &second[0]);
  g_auto (Found) one = find ("GET", "/things/next");
  g_assert_true (one.route == &first[2]);
  g_assert_cmpstr (param (&one, "id"), ==, "next");
  g_auto (Found) two = find ("GET", "/things/a%2Fb%20c/parts/%C3%A4");
  g_assert_true (two.route == &second[2]);
  g_assert_cmpstr (param (&two, "id"), ==, "a/b c");
  g_assert_cmpstr (param (&two, "part"), ==, "ä");
}

static void
test_not_found (void)
{
  static const char *const paths[] = { "/", "/thing", "/things/", "/things/a/", "/things//parts/x", "/things/a/parts", "things",
                                       "", "/things/%ff", "/things/a%00", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14", "/THINGS" };
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    g_auto (Found) found = find ("GET", paths[i]);
    g_assert_true (found.match == ANNOT_MATCH_NO_PATH);
    g_assert_true (found.route == NULL && found.params == NULL && found.allow == NULL);
  }
}

static void
test_method (void)
{
  g_auto (Found) put = find ("PUT", "/things");
  g_assert_true (put.match == ANNOT_MATCH_NO_METHOD);
  g_assert_cmpstr (put.allow, ==, "GET, HEAD, POST, OPTIONS");
  g_auto (Found) post = find ("POST", "/things/x");
  g_assert_cmpstr (post.allow, ==, "GET, HEAD, DELETE, OPTIONS");
}

/* Every table of the service is well formed: what the API description and the matching rely on. */
static void
test_tables (void)
{
  guint count = 0;
  for (const AnnotRoute *const *table = annot_router_get_tables (); *table != NULL; table++) {
    for (const AnnotRoute *route = *table; route->method != NULL; route++, count++) {
      g_assert_true (route->path[0] == '/' && route->handler != NULL && route->summary != NULL);
      g_assert_false (g_str_has_suffix (route->summary, "."));
      g_assert_false (route->is_public && route->roles != 0);
    }
  }
  g_assert_cmpuint (count, >, 20);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/router/found", test_found);
  g_test_add_func ("/router/not-found", test_not_found);
  g_test_add_func ("/router/method", test_method);
  g_test_add_func ("/router/tables", test_tables);
  return g_test_run ();
}
