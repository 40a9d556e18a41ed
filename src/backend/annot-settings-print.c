/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the configuration out: as the keyfile that would say the same, and as a manual page. */
#include "annot-settings-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

static void
print_prefixed (GString *out, const AnnotValue *value)
{
  g_autoptr (GList) keys = g_list_sort (g_hash_table_get_keys (value->prefixed), (GCompareFunc) strcmp);

  for (GList *item = keys; item; item = item->next) {
    const char *key = item->data;
    const char *text = g_hash_table_lookup (value->prefixed, key);
    gboolean hidden = annot_option_is_secret (value->option, key, text);

    g_string_append_printf (out, "%s%.*s%s=%s\n", hidden ? "#" : "", (int) strlen (value->option->key) - 1,
                            value->option->key, key, hidden ? "(hidden)" : text);
  }
}

static void
print_value (GString *out, const AnnotValue *value)
{
  const AnnotOption *option = value->option;
  g_autofree char *masked = NULL;

  g_string_append_printf (out, "# %s.", g_dgettext (GETTEXT_PACKAGE, option->summary));
  if (value->origin)
    g_string_append_printf (out, " (%s)", value->origin);
  g_string_append_c (out, '\n');
  if (option->type == ANNOT_OPTION_PREFIX)
    print_prefixed (out, value);
  else if (!value->text)
    g_string_append_printf (out, "#%s=\n", option->key);
  else if (option->flags & ANNOT_OPTION_SECRET)
    g_string_append_printf (out, "#%s=(hidden)\n", option->key);
  else if (annot_option_is_secret (option, option->key, value->text))
    g_string_append_printf (out, "#%s=%s\n", option->key, masked = annot_address_mask (value->text));
  else
    g_string_append_printf (out, "%s=%s\n", option->key, value->text);
}

char *
annot_settings_print (AnnotConfig *config)
{
  g_autoptr (GString) out = g_string_new (NULL);
  GPtrArray *values = annot_config_get_values (config);
  const char *group = "";

  for (guint i = 0; i < values->len; i++) {
    const AnnotValue *value = values->pdata[i];

    if (!g_str_equal (group, value->option->group)) {
      group = value->option->group;
      g_string_append_printf (out, "%s[%s]\n", i ? "\n" : "", group);
    }
    print_value (out, value);
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* Text as roff takes it literally. */
static void
append_roff (GString *out, const char *text)
{
  for (const char *at = text; *at; at++) {
    if (*at == '-')
      g_string_append (out, "\\-");
    else if (*at == '\\')
      g_string_append (out, "\\e");
    else if ((*at == '.' || *at == '\'') && (at == text || at[-1] == '\n'))
      g_string_append_printf (out, "\\&%c", *at);
    else
      g_string_append_c (out, *at);
  }
}

static void
append_paragraph (GString *out, const AnnotOption *option)
{
  g_autofree char *takes = annot_option_describe (option);
  g_autofree char *fallback = annot_option_format_default (option);

  g_string_append (out, ".TP\n.B ");
  append_roff (out, option->key);
  g_string_append_c (out, '\n');
  append_roff (out, option->summary);
  g_string_append (out, ".\nTakes ");
  append_roff (out, takes);
  /* In brackets: what it takes may end in a semicolon itself. */
  if (fallback && *fallback) {
    g_string_append (out, "\n(default \\fI");
    append_roff (out, fallback);
    g_string_append (out, "\\fR).\n");
  } else {
    g_string_append (out, fallback ? " (empty by default).\n" : " (unset by default).\n");
  }
  if (option->variable)
    g_string_append_printf (out, "Also set by the environment variable\n.BR %s .\n", option->variable);
  if (option->flags & ANNOT_OPTION_SECRET)
    g_string_append (out, "A secret: never printed, and not taken from the command line.\n");
  if (option->flags & ANNOT_OPTION_ADDRESS)
    g_string_append (out, "A password in it is a secret: never printed, and not taken from the command line.\n");
}

char *
annot_settings_manual (const AnnotOption *const *tables)
{
  g_autoptr (GString) out = g_string_new (NULL);
  const char *group = "";

  for (gsize i = 0; tables[i]; i++) {
    for (const AnnotOption *option = tables[i]; option->group; option++) {
      if (!g_str_equal (group, option->group)) {
        group = option->group;
        g_string_append_printf (out, ".SS [%s]\n", group);
      }
      append_paragraph (out, option);
    }
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}
