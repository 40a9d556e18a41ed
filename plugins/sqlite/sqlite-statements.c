/* SPDX-License-Identifier: Apache-2.0 */
/* The SQL of this plugin by name, from the .sql files built into it. */
#include "sqlite-statements.h"

#include <gio/gio.h>
#include <string.h>

#define DIRECTORY "/annotationd/sqlite/sql/"
#define MARK "-- name: "

/* Parts one file at its marks. Comment lines are left out. */
static void
add_sections (GHashTable *table, const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  GString *section = NULL;

  for (char **line = lines; *line; line++) {
    if (g_str_has_prefix (*line, MARK)) {
      section = g_string_new (NULL);
      g_hash_table_insert (table, g_strdup (*line + strlen (MARK)), section);
    } else if (section && !g_str_has_prefix (*line, "--") && **line) {
      g_string_append (section, *line);
      g_string_append_c (section, '\n');
    }
  }
}

/* Puts the text of NAME for each {NAME}. */
static void
expand (GHashTable *table, GString *section)
{
  for (char *open = strchr (section->str, '{'); open; open = strchr (section->str, '{')) {
    gsize start = (gsize) (open - section->str);
    gsize length = strcspn (open, "}") + 1;
    g_autofree char *name = g_strndup (open + 1, length - 2);
    GString *part = g_hash_table_lookup (table, name);

    g_assert (part && part != section);
    g_string_erase (section, (gssize) start, (gssize) length);
    g_string_insert (section, (gssize) start, part->str);
  }
}

static void
section_free (gpointer section)
{
  g_string_free (section, TRUE);
}

static GHashTable *
load (void)
{
  GHashTable *table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, section_free);
  g_auto (GStrv) files = g_resources_enumerate_children (DIRECTORY, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  GHashTableIter iter;
  gpointer section;

  for (char **file = files; file && *file; file++) {
    g_autofree char *path = g_strconcat (DIRECTORY, *file, NULL);
    g_autoptr (GBytes) bytes = NULL;

    if (!g_str_has_suffix (*file, ".sql"))
      continue;
    bytes = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    add_sections (table, g_bytes_get_data (bytes, NULL));
  }
  g_hash_table_iter_init (&iter, table);
  while (g_hash_table_iter_next (&iter, NULL, &section))
    expand (table, section);
  return table;
}

const char *
sqlite_statements_get (const char *name)
{
  static GHashTable *table; /* made once, never changed */
  GString *section;

  if (g_once_init_enter (&table))
    g_once_init_leave (&table, load ()); /* cppcheck-suppress leakNoVarFunctionCall */
  section = g_hash_table_lookup (table, name);
  if (!section)
    g_error ("no statement is named %s", name);
  return section->str;
}
