/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin loader against real modules, each broken in one way. */
#include "backend/annot-plugin-loader.h"
#include "backend/annot-settings.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
  char *directory;
  char *module;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->directory = g_dir_make_tmp ("annotationd-plugins-XXXXXX", NULL);
  g_assert_nonnull (fixture->directory);
  fixture->module = g_build_filename (fixture->directory, "broken.so", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_remove (fixture->module);
  g_assert_cmpint (g_rmdir (fixture->directory), ==, 0);
  g_free (fixture->module);
  g_free (fixture->directory);
}

/* Puts the module with that mistake into the plugin folder as broken.so. */
static void
install (Fixture *fixture, const char *mistake)
{
  g_autofree char *name = g_strdup_printf ("%s-plugin.so", mistake);
  g_autofree char *path = g_test_build_filename (G_TEST_BUILT, "tests", "lib", ".libs", name, NULL);
  g_autofree char *contents = NULL;
  g_autoptr (GError) error = NULL;
  gsize length;

  g_file_get_contents (path, &contents, &length, &error);
  g_assert_no_error (error);
  g_file_set_contents (fixture->module, contents, (gssize) length, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_chmod (fixture->module, 0755), ==, 0);
}

static AnnotPluginLoader *
scan (Fixture *fixture)
{
  AnnotPluginLoader *loader = annot_plugin_loader_new (fixture->directory);
  g_autoptr (GError) error = NULL;

  g_assert_true (annot_plugin_loader_scan (loader, &error));
  g_assert_no_error (error);
  return loader;
}

static void
assert_refused (Fixture *fixture, const char *reason)
{
  g_autoptr (AnnotPluginLoader) loader = scan (fixture);
  GPtrArray *refused = annot_plugin_loader_get_refused (loader);
  g_autofree char *expected = g_strconcat (fixture->module, ": ", reason, NULL);
  g_autofree char *found = g_strconcat ("the plugin is refused: ", expected, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_cmpuint (annot_plugin_loader_get_plugins (loader)->len, ==, 0);
  g_assert_cmpuint (refused->len, ==, 1);
  g_assert_cmpstr (refused->pdata[0], ==, expected);
  g_assert_null (annot_plugin_loader_find (loader, ANNOT_PLUGIN_STATE, "broken", &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG);
  g_assert_cmpstr (error->message, ==, found);
}

static void
test_good (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotPluginLoader) loader = NULL;
  g_autofree const AnnotOption **tables = NULL;
  g_autofree char *table = NULL;
  g_autoptr (AnnotConfig) config = NULL;
  g_autoptr (GObject) state = NULL;
  g_autoptr (GError) error = NULL;
  const AnnotPlugin *plugin;
  const char *overrides[] = {"state.plugin=broken", "broken.word=y", NULL};

  install (fixture, "good");
  loader = scan (fixture);
  g_assert_cmpuint (annot_plugin_loader_get_refused (loader)->len, ==, 0);
  plugin = annot_plugin_loader_find (loader, ANNOT_PLUGIN_STATE, "broken", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (plugin->description, ==, "a plugin for tests");
  table = annot_plugin_loader_print (loader);
  g_assert_nonnull (strstr (table, "state   broken       1          a plugin for tests\n"));
  tables = annot_plugin_loader_get_tables (loader);
  g_assert_true (tables[0] == annot_core_options ());
  g_assert_true (tables[1] == plugin->options);
  g_assert_null (tables[2]);
  config = annot_settings_load (tables, "/dev/null", fixture->directory, NULL, (char **) overrides, &error);
  g_assert_no_error (error);
  /* Its configure always fails: the reason comes back with where the value was set. */
  state = annot_plugin_loader_make (loader, ANNOT_PLUGIN_STATE, config, &error);
  g_assert_null (state);
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG);
  g_assert_cmpstr (error->message, ==, "--set: [broken] word: is never right");
}

static void
test_abi (Fixture *fixture, gconstpointer data)
{
  install (fixture, "abi");
  assert_refused (fixture, "made for plugin interface 2, this is 1; install the version that belongs to annotationd "
                           VERSION);
}

static void
test_size (Fixture *fixture, gconstpointer data)
{
  g_autofree char *reason = g_strdup_printf ("its description has %u bytes instead of %u; rebuild it against this "
                                             "annotationd",
                                             (guint) sizeof (AnnotPlugin) - 8, (guint) sizeof (AnnotPlugin));

  install (fixture, "size");
  assert_refused (fixture, reason);
}

static void
test_symbol (Fixture *fixture, gconstpointer data)
{
  install (fixture, "symbol");
  assert_refused (fixture, "not an annotationd plugin: it has no symbol annot_plugin");
}

static void
test_type (Fixture *fixture, gconstpointer data)
{
  install (fixture, "type");
  assert_refused (fixture, "its type is not a store");
}

static void
test_incomplete (Fixture *fixture, gconstpointer data)
{
  install (fixture, "incomplete");
  assert_refused (fixture, "its description is not complete");
}

static void
test_writable (Fixture *fixture, gconstpointer data)
{
  install (fixture, "good");
  g_assert_cmpint (g_chmod (fixture->module, 0757), ==, 0);
  assert_refused (fixture, "writable by its group or by everyone (chmod go-w)");
  g_assert_cmpint (g_chmod (fixture->module, 0775), ==, 0);
  assert_refused (fixture, "writable by its group or by everyone (chmod go-w)");
}

static void
test_owner (Fixture *fixture, gconstpointer data)
{
  install (fixture, "good");
  if (geteuid () != 0 || chown (fixture->module, 12345, (gid_t) -1) != 0) {
    g_test_skip ("only root can give a file to another user");
    return;
  }
  assert_refused (fixture, "owned by user 12345; it has to be root's or the running user's (chown root)");
}

static void
test_no_module (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotPluginLoader) loader = NULL;

  g_assert_true (g_file_set_contents (fixture->module, "not a shared object", -1, NULL));
  g_assert_cmpint (g_chmod (fixture->module, 0755), ==, 0);
  loader = scan (fixture);
  g_assert_cmpuint (annot_plugin_loader_get_refused (loader)->len, ==, 1);
  g_assert_nonnull (strstr (annot_plugin_loader_get_refused (loader)->pdata[0], "broken.so: cannot be loaded: "));
}

static void
test_folder (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotPluginLoader) loader = annot_plugin_loader_new (fixture->directory);
  g_autoptr (AnnotPluginLoader) missing = annot_plugin_loader_new ("/nonexistent");
  g_autofree char *expected =
      g_strdup_printf ("%s: the plugin folder is writable by its group or by everyone (chmod go-w)", fixture->directory);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_chmod (fixture->directory, 0777), ==, 0);
  g_assert_false (annot_plugin_loader_scan (loader, &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG);
  g_assert_cmpstr (error->message, ==, expected);
  g_clear_error (&error);
  g_assert_false (annot_plugin_loader_scan (missing, &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG);
}

static void
test_not_installed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotPluginLoader) loader = NULL;
  g_autofree char *redis = g_strdup_printf ("the redis plugin is not installed; install the package annotationd-redis "
                                            "(installed in %s: broken)",
                                            fixture->directory);
  g_autofree char *other = g_strdup_printf ("there is no plugin of the name other in %s (installed: none)",
                                            fixture->directory);
  g_autoptr (GError) error = NULL;

  install (fixture, "good");
  loader = scan (fixture);
  g_assert_null (annot_plugin_loader_find (loader, ANNOT_PLUGIN_STATE, "redis", &error));
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG);
  g_assert_cmpstr (error->message, ==, redis);
  g_clear_error (&error);
  g_assert_null (annot_plugin_loader_find (loader, ANNOT_PLUGIN_STORE, "other", &error));
  g_assert_cmpstr (error->message, ==, other);
  g_clear_error (&error);
  g_assert_null (annot_plugin_loader_find (loader, ANNOT_PLUGIN_STORE, "broken", &error));
  g_assert_cmpstr (error->message, ==, "broken is a state plugin, not a store");
}

#define ADD(name, function) g_test_add (name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/plugin-loader/good", test_good);
  ADD ("/plugin-loader/abi", test_abi);
  ADD ("/plugin-loader/size", test_size);
  ADD ("/plugin-loader/symbol", test_symbol);
  ADD ("/plugin-loader/incomplete", test_incomplete);
  ADD ("/plugin-loader/writable", test_writable);
  ADD ("/plugin-loader/owner", test_owner);
  ADD ("/plugin-loader/no-module", test_no_module);
  ADD ("/plugin-loader/folder", test_folder);
  ADD ("/plugin-loader/not-installed", test_not_installed);
  ADD ("/plugin-loader/type", test_type);
  return g_test_run ();
}
