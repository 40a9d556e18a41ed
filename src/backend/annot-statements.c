/* SPDX-License-Identifier: Apache-2.0 */
/* SQL from .sql files that a plugin has built into it. */
#include <annotationd/annotationd.h>
#include <string.h>

#define MARK "-- name: "

struct _AnnotStatements {
  GHashTable *table;
};

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

AnnotStatements *
annot_statements_load (const char *directory)
{
  AnnotStatements *self = g_new (AnnotStatements, 1);
  g_auto (GStrv) files = g_resources_enumerate_children (directory, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  GHashTableIter iter;
  gpointer section;

  self->table = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, section_free);
  for (char **file = files; file && *file; file++) {
    g_autofree char *path = g_strconcat (directory, *file, NULL);
    g_autoptr (GBytes) bytes = NULL;

    if (!g_str_has_suffix (*file, ".sql"))
      continue;
    bytes = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    add_sections (self->table, g_bytes_get_data (bytes, NULL));
  }
  g_hash_table_iter_init (&iter, self->table);
  while (g_hash_table_iter_next (&iter, NULL, &section))
    expand (self->table, section);
  return self;
}

void
annot_statements_free (AnnotStatements *self)
{
  g_hash_table_unref (self->table);
  g_free (self);
}

const char *
annot_statements_get (const AnnotStatements *self, const char *name)
{
  const GString *section = g_hash_table_lookup (self->table, name);

  if (!section)
    g_error ("no statement is named %s", name);
  return section->str;
}

void
annot_migration_free (AnnotMigration *self)
{
  g_bytes_unref (self->script);
  g_free (self->name);
  g_free (self);
}

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  const AnnotMigration *left = *(const AnnotMigration *const *) a;
  const AnnotMigration *right = *(const AnnotMigration *const *) b;

  return left->number < right->number ? -1 : left->number > right->number;
}

GPtrArray *
annot_migrations_list (const char *directory)
{
  g_auto (GStrv) names = g_resources_enumerate_children (directory, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  GPtrArray *all = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_migration_free);

  for (char **name = names; name && *name; name++) {
    g_autofree char *path = g_strconcat (directory, *name, NULL);
    AnnotMigration *migration = g_new (AnnotMigration, 1);

    migration->number = (guint) g_ascii_strtoull (*name, NULL, 10);
    migration->name = g_strdup (*name);
    migration->script = g_resources_lookup_data (path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    g_ptr_array_add (all, migration);
  }
  g_ptr_array_sort (all, compare_numbers);
  for (guint i = 0; i < all->len; i++)
    g_assert (((const AnnotMigration *) all->pdata[i])->number == i + 1);
  return all;
}
