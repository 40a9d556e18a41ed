/* SPDX-License-Identifier: Apache-2.0 */
/* Makes backends for tests, by the real loader and from a real configuration. */
#include "annot-test-backend.h"

#include "backend/annot-plugin-loader.h"
#include "backend/annot-settings.h"

static AnnotPluginLoader *
load_all (void)
{
  const char *directory = g_getenv ("ANNOT_TEST_PLUGIN_DIR");
  g_autoptr (AnnotPluginLoader) loader = NULL;
  g_autoptr (GError) error = NULL;

  if (!directory)
    g_error ("ANNOT_TEST_PLUGIN_DIR is not set: run the test by make check, or set it to <build>/plugins/.libs");
  loader = annot_plugin_loader_new (directory);
  annot_plugin_loader_scan (loader, &error);
  g_assert_no_error (error);
  return g_steal_pointer (&loader);
}

static AnnotConfig *
load_config (AnnotPluginLoader *loader, const char *state_dir, const char *const *options)
{
  g_autofree const AnnotOption **tables = annot_plugin_loader_get_tables (loader);
  g_autofree char *keyfile = g_build_filename (state_dir, "annotationd.conf", NULL);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) environment = g_get_environ ();
  g_auto (GStrv) overrides = NULL;
  g_autofree char *override = g_strconcat ("service.state-dir=", state_dir, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotConfig) config = NULL;

  g_file_set_contents_full (keyfile, "", 0, G_FILE_SET_CONTENTS_NONE, 0600, &error);
  g_assert_no_error (error);
  g_strv_builder_add (builder, override);
  for (guint i = 0; options && options[i]; i++)
    g_strv_builder_add (builder, options[i]);
  overrides = g_strv_builder_end (builder);
  config = annot_settings_load (tables, keyfile, NULL, environment, overrides, &error);
  g_assert_no_error (error);
  annot_settings_name_instance (config);
  return g_steal_pointer (&config);
}

AnnotConfig *
annot_test_config_new (const char *state_dir, const char *const *options)
{
  g_autoptr (AnnotPluginLoader) loader = load_all ();

  return load_config (loader, state_dir, options);
}

gboolean
annot_test_backend_is_built (AnnotPluginClass plugin_class, const char *name)
{
  g_autoptr (AnnotPluginLoader) loader = load_all ();

  return annot_plugin_loader_find (loader, plugin_class, name, NULL) != NULL;
}

gpointer
annot_test_backend_new (AnnotPluginClass plugin_class, const char *name, const char *state_dir,
                        const char *const *options)
{
  g_autoptr (AnnotPluginLoader) loader = load_all ();
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *choice = g_strdup_printf ("%s.plugin=%s", annot_plugin_class_to_string (plugin_class), name);
  g_auto (GStrv) all = NULL;
  g_autoptr (AnnotConfig) config = NULL;
  g_autoptr (GError) error = NULL;
  GObject *backend = NULL;

  g_strv_builder_add (builder, choice);
  for (guint i = 0; options && options[i]; i++)
    g_strv_builder_add (builder, options[i]);
  all = g_strv_builder_end (builder);
  config = load_config (loader, state_dir, (const char *const *) all);
  backend = annot_plugin_loader_make (loader, plugin_class, config, &error);
  g_assert_no_error (error);
  return backend;
}
