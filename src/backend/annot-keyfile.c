/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a keyfile line by line. Not by GKeyFile: it forgets the lines, and lets a key be set twice. */
#include "annot-keyfile.h"

#include <string.h>

typedef struct {
  GPtrArray *entries;
  GHashTable *seen; /* "group\nkey" to its line */
  const char *group;
  guint line;
} Parser;

static void
entry_free (AnnotKeyfileEntry *entry)
{
  g_free (entry->group);
  g_free (entry->key);
  g_free (entry->value);
  g_free (entry);
}

static gboolean
fail (Parser *self, GError **error, const char *format, ...) G_GNUC_PRINTF (3, 4);

static gboolean
fail (Parser *self, GError **error, const char *format, ...)
{
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG, "%u: %s", self->line, message);
  return FALSE;
}

static AnnotKeyfileEntry *
add_entry (Parser *self, const char *group)
{
  AnnotKeyfileEntry *entry = g_new0 (AnnotKeyfileEntry, 1);

  entry->line = self->line;
  entry->group = g_strdup (group);
  g_ptr_array_add (self->entries, entry);
  return entry;
}

static gboolean
is_name (const char *text)
{
  return *text != '\0' && text[strspn (text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0';
}

static gboolean
parse_group (Parser *self, char *text, GError **error)
{
  gsize length = strlen (text);

  if (text[length - 1] != ']')
    return fail (self, error, "a group is written [group], with nothing after it");
  text[length - 1] = '\0';
  if (!is_name (text + 1))
    return fail (self, error, "[%s]: a group's name has letters, digits, \".\", \"-\" and \"_\" only", text + 1);
  self->group = add_entry (self, text + 1)->group;
  return TRUE;
}

static gboolean
parse_key (Parser *self, char *text, GError **error)
{
  char *equals = strchr (text, '=');
  AnnotKeyfileEntry *entry;
  char *name;
  guint first;

  if (!equals)
    return fail (self, error, "the line is neither [group] nor key=value nor a # comment");
  *equals = '\0';
  g_strstrip (text);
  if (!self->group)
    return fail (self, error, "a key stands before the first [group]; write its group above it");
  if (!is_name (text))
    return fail (self, error, "[%s] %s: a key has letters, digits, \".\", \"-\" and \"_\" only", self->group, text);
  name = g_strconcat (self->group, "\n", text, NULL);
  first = GPOINTER_TO_UINT (g_hash_table_lookup (self->seen, name));
  g_hash_table_insert (self->seen, name, GUINT_TO_POINTER (self->line));
  if (first)
    return fail (self, error, "[%s] %s: set already in line %u; remove one of the two", self->group, text, first);
  entry = add_entry (self, self->group);
  entry->key = g_strdup (text);
  entry->value = g_strstrip (g_strdup (equals + 1));
  return TRUE;
}

static gboolean
parse_line (Parser *self, const char *text, gsize length, GError **error)
{
  g_autofree char *line = NULL;

  if (memchr (text, '\0', length) || !g_utf8_validate (text, (gssize) length, NULL))
    return fail (self, error, "the line is not UTF-8 text; save the file as UTF-8");
  line = g_strstrip (g_strndup (text, length));
  if (*line == '\0' || *line == '#' || *line == ';')
    return TRUE;
  for (const char *at = line; *at; at++) {
    if (g_ascii_iscntrl (*at) && *at != '\t')
      return fail (self, error, "the line has a control character; remove it");
  }
  return *line == '[' ? parse_group (self, line, error) : parse_key (self, line, error);
}

GPtrArray *
annot_keyfile_parse (const char *text, gsize length, GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify) entry_free);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Parser self = {.entries = entries, .seen = seen};
  const char *at = text;
  const char *end = text + length;

  if (length >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0)
    at += 3;
  while (at < end) {
    const char *newline = memchr (at, '\n', (gsize) (end - at));
    const char *stop = newline ? newline : end;

    self.line++;
    if (!parse_line (&self, at, (gsize) (stop - at), error))
      return NULL;
    at = newline ? newline + 1 : end;
  }
  return g_steal_pointer (&entries);
}
