/* SPDX-License-Identifier: Apache-2.0 */
/* Runs JSONTestSuite where it is at hand: y_ must be accepted, n_ refused, i_ must not crash. */
#include "model/annot-json-reader.h"

#include <string.h>

#define DEPTH 512

/* Returns: (transfer full) (nullable): the suite's folder */
static char *
find_suite (void)
{
  const char *named = g_getenv ("ANNOT_JSON_TEST_SUITE");
  const char *source = g_getenv ("G_TEST_SRCDIR");
  g_autofree char *beside = g_build_filename (source ? source : ".", "..", "shared", "data", "json-test-suite", NULL);
  const char *const candidates[] = { named ? named : beside, beside, "/work/shared/data/json-test-suite" };

  for (gsize i = 0; i < G_N_ELEMENTS (candidates); i++)
    if (g_file_test (candidates[i], G_FILE_TEST_IS_DIR))
      return g_strdup (candidates[i]);
  return NULL;
}

static void
test_case (gconstpointer data)
{
  const char *path = data;
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *contents = NULL, *exact = NULL;
  g_autoptr (GError) error = NULL;
  gboolean valid;
  gsize length;

  g_assert_true (g_file_get_contents (path, &contents, &length, &error));
  exact = g_memdup2 (contents, length);
  valid = annot_json_validate (exact ? exact : "", length, DEPTH, &error);
  if (!valid)
    g_test_message ("%s: %s", name, error->message);
  if (name[0] == 'y')
    g_assert_true (valid);
  else if (name[0] == 'n')
    g_assert_false (valid);
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = NULL;
  g_autoptr (GDir) dir = NULL;
  const char *name;
  guint cases = 0;

  g_test_init (&argc, &argv, NULL);
  folder = find_suite ();
  dir = folder ? g_dir_open (folder, 0, NULL) : NULL;
  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree char *test = NULL;

    if (!g_str_has_suffix (name, ".json") || name[0] == '\0' || name[1] != '_' || !strchr ("yni", name[0]))
      continue;
    test = g_strconcat ("/json-suite/", name, NULL);
    g_test_add_data_func_full (test, g_build_filename (folder, name, NULL), test_case, g_free);
    cases++;
  }
  if (cases == 0) {
    g_print ("1..0 # SKIP JSONTestSuite is not here: point ANNOT_JSON_TEST_SUITE to its test_parsing folder\n");
    return 0;
  }
  return g_test_run ();
}
