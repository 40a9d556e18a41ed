/* SPDX-License-Identifier: Apache-2.0 */
/* Writes a manual page from its template: the line @OPTIONS@ becomes the options of the core and of all plugins. */
#include "backend/annot-plugin-loader.h"
#include "backend/annot-settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK "\n@OPTIONS@\n"

static char *
make_page (const char *plugin_dir, const char *template, GError **error)
{
  g_autoptr (AnnotPluginLoader) loader = annot_plugin_loader_new (plugin_dir);
  g_autofree const AnnotOption **tables = NULL;
  g_autofree char *text = NULL;
  g_autofree char *options = NULL;
  const char *mark;
  GPtrArray *refused;

  if (!annot_plugin_loader_scan (loader, error) || !g_file_get_contents (template, &text, NULL, error))
    return NULL;
  refused = annot_plugin_loader_get_refused (loader);
  mark = strstr (text, MARK);
  if (refused->len > 0 || !mark) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG, "%s",
                 refused->len > 0 ? (char *) refused->pdata[0] : "the template has no line @OPTIONS@");
    return NULL;
  }
  tables = annot_plugin_loader_get_tables (loader);
  options = annot_settings_manual (tables);
  return g_strdup_printf ("%.*s\n%s%s", (int) (mark - text), text, options, mark + strlen (MARK));
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *page = NULL;

  if (argc != 3) {
    fputs ("usage: annot-manual PLUGIN-DIR TEMPLATE\n", stderr);
    return EXIT_FAILURE;
  }
  page = make_page (argv[1], argv[2], &error);
  if (!page) {
    fprintf (stderr, "annot-manual: %s\n", error->message);
    return EXIT_FAILURE;
  }
  return fputs (page, stdout) < 0 || fflush (stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
