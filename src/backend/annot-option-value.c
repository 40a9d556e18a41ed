/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the text of an option as its type, and says what a type takes. */
#include "annot-config-private.h"

#include <string.h>

/* A unit and what it multiplies by. */
typedef struct {
  const char *name;
  gint64 factor;
} Unit;

static const Unit size_units[] = {{"", 1}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {NULL}};
static const Unit time_units[] = {{"", 1}, {"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}, {NULL}};
static const Unit rate_units[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}, {NULL}};

static gboolean
fail (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
fail (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error)
    *error = g_error_new_valist (ANNOT_ERROR, ANNOT_ERROR_CONFIG, format, args);
  va_end (args);
  return FALSE;
}

static const Unit *
find_unit (const Unit *units, const char *name)
{
  for (const Unit *unit = units; unit->name; unit++) {
    if (g_str_equal (unit->name, name))
      return unit;
  }
  return NULL;
}

static const Unit *
units_of (AnnotOptionType type)
{
  if (type == ANNOT_OPTION_SIZE)
    return size_units;
  return type == ANNOT_OPTION_SECONDS ? time_units : NULL;
}

/* The amount as one would write it: in the largest unit that divides it. Zero is zero in all of them. */
static char *
format_amount (AnnotOptionType type, gint64 amount)
{
  const Unit *best = NULL;

  for (const Unit *unit = units_of (type); unit && unit->name; unit++) {
    if (*unit->name && amount != 0 && amount % unit->factor == 0)
      best = unit;
  }
  return g_strdup_printf ("%" G_GINT64_FORMAT "%s", best ? amount / best->factor : amount, best ? best->name : "");
}

static char *
describe_bounds (const AnnotOption *option)
{
  g_autofree char *min = format_amount (option->type, option->min);
  g_autofree char *max = format_amount (option->type, option->max);

  if (option->max == 0)
    return g_strdup_printf ("from %s", min);
  return g_strdup_printf ("from %s to %s", min, max);
}

char *
annot_option_describe (const AnnotOption *option)
{
  g_autofree char *bounds = describe_bounds (option);
  g_autofree char *choices = NULL;

  switch (option->type) {
  case ANNOT_OPTION_STRING:
    return g_strdup ("text");
  case ANNOT_OPTION_PATH:
    return g_strdup ("an absolute file name");
  case ANNOT_OPTION_BOOLEAN:
    return g_strdup ("true or false");
  case ANNOT_OPTION_INTEGER:
    return g_strdup_printf ("a whole number %s", bounds);
  case ANNOT_OPTION_SIZE:
    return g_strdup_printf ("bytes, or with K, M or G, %s", bounds);
  case ANNOT_OPTION_SECONDS:
    return g_strdup_printf ("seconds, or with s, min, h or d, %s", bounds);
  case ANNOT_OPTION_LIST:
    return g_strdup ("a list separated by ;");
  case ANNOT_OPTION_CHOICE:
    choices = g_strjoinv (" or ", (char **) option->choices);
    return g_steal_pointer (&choices);
  case ANNOT_OPTION_RATE:
    return g_strdup ("a rate such as 20/min, per s, min, h or d");
  case ANNOT_OPTION_PREFIX:
    return g_strdup ("passed through as it is");
  }
  g_return_val_if_reached (NULL);
}

char *
annot_option_format_default (const AnnotOption *option)
{
  AnnotValue value = {.option = option};

  if (option->fallback && units_of (option->type) && annot_value_parse (&value, option->fallback, ';', NULL))
    return format_amount (option->type, value.integer);
  return g_strdup (option->fallback);
}

/* Reads digits at the start of text. */
static gboolean
read_count (const char *text, gint64 *count, const char **rest)
{
  gsize digits = strspn (text, "0123456789");
  g_autofree char *number = g_strndup (text, digits);

  *rest = text + digits;
  return g_ascii_string_to_signed (number, 10, 0, G_MAXINT64, count, NULL);
}

static gboolean
parse_amount (AnnotValue *value, const char *text, GError **error)
{
  static const Unit no_units[] = {{"", 1}, {NULL}};
  const AnnotOption *option = value->option;
  const Unit *units = units_of (option->type) ? units_of (option->type) : no_units;
  g_autofree char *takes = annot_option_describe (option);
  const Unit *unit = NULL;
  const char *rest = text;
  gboolean negative = text[0] == '-' && option->min < 0;
  gint64 count = 0;

  if (read_count (text + (negative ? 1 : 0), &count, &rest))
    unit = find_unit (units, rest);
  if (!unit || count > G_MAXINT64 / unit->factor)
    return fail (error, "\"%s\" is not %s", text, takes);
  count *= negative ? -unit->factor : unit->factor;
  if (count < option->min || (option->max != 0 && count > option->max))
    return fail (error, "%s is out of range; it takes %s", text, takes);
  value->integer = count;
  return TRUE;
}

static gboolean
parse_rate (AnnotValue *value, const char *text, GError **error)
{
  const Unit *unit = NULL;
  const char *rest = NULL;
  gint64 count = 0;

  if (read_count (text, &count, &rest) && *rest == '/')
    unit = find_unit (rate_units, rest + 1);
  if (!unit || count < 1 || count > 1000000000)
    return fail (error, "\"%s\" is not a rate such as 20/min (per s, min, h or d, from 1 to 1000000000)", text);
  value->rate.count = (guint) count;
  value->rate.period = unit->factor * G_USEC_PER_SEC;
  return TRUE;
}

static gboolean
parse_list (AnnotValue *value, const char *text, char separator, GError **error)
{
  const char delimiter[] = {separator, '\0'};
  g_auto (GStrv) parts = g_strsplit (text, delimiter, -1);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (char **part = parts; *part; part++) {
    g_strstrip (*part);
    /* Keyfile lists may end in a separator; an item in between that is empty is a slip. */
    if (**part == '\0' && part[1])
      return fail (error, "the list has an empty item; items are separated by one %c", separator);
    if (**part != '\0')
      g_strv_builder_add (builder, *part);
  }
  g_strfreev (value->list);
  value->list = g_strv_builder_end (builder);
  return TRUE;
}

static gboolean
parse_boolean (AnnotValue *value, const char *text, GError **error)
{
  if (!g_str_equal (text, "true") && !g_str_equal (text, "false"))
    return fail (error, "\"%s\" is neither true nor false", text);
  value->integer = text[0] == 't';
  return TRUE;
}

gboolean
annot_value_parse (AnnotValue *value, const char *text, char separator, GError **error)
{
  const AnnotOption *option = value->option;
  g_autofree char *takes = NULL;

  if (*text == '\0' && option->type != ANNOT_OPTION_LIST && option->type != ANNOT_OPTION_PREFIX)
    return fail (error, "the value is empty; remove the line to have the default");
  switch (option->type) {
  case ANNOT_OPTION_STRING:
  case ANNOT_OPTION_PREFIX:
    return TRUE;
  case ANNOT_OPTION_PATH:
    return g_path_is_absolute (text) ||
           fail (error, "\"%s\" is not an absolute file name (it has to begin with /)", text);
  case ANNOT_OPTION_BOOLEAN:
    return parse_boolean (value, text, error);
  case ANNOT_OPTION_INTEGER:
  case ANNOT_OPTION_SIZE:
  case ANNOT_OPTION_SECONDS:
    return parse_amount (value, text, error);
  case ANNOT_OPTION_LIST:
    return parse_list (value, text, separator, error);
  case ANNOT_OPTION_CHOICE:
    if (g_strv_contains (option->choices, text))
      return TRUE;
    takes = annot_option_describe (option);
    return fail (error, "\"%s\" is not known; it takes %s", text, takes);
  case ANNOT_OPTION_RATE:
    return parse_rate (value, text, error);
  }
  g_return_val_if_reached (FALSE);
}
