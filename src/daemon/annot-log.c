/* SPDX-License-Identifier: Apache-2.0 */
/* Where log messages go: the journal with its fields, or lines on stderr. */
#include "annot-log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  GLogLevelFlags level;
  const char *name;
  const char *colour;
} LevelName;

static const LevelName levels[] = {
    {G_LOG_LEVEL_ERROR, "error", "\033[1;31m"},    {G_LOG_LEVEL_CRITICAL, "error", "\033[1;31m"},
    {G_LOG_LEVEL_WARNING, "warning", "\033[1;33m"}, {G_LOG_LEVEL_MESSAGE, "notice", "\033[1m"},
    {G_LOG_LEVEL_INFO, "info", ""},                 {G_LOG_LEVEL_DEBUG, "debug", "\033[2m"},
};

static const LevelName *
find_level (GLogLevelFlags flags)
{
  for (gsize i = 0; i < G_N_ELEMENTS (levels); i++) {
    if (flags & levels[i].level)
      return &levels[i];
  }
  return &levels[G_N_ELEMENTS (levels) - 1];
}

static const char *
find_field (const GLogField *fields, gsize count, const char *name)
{
  for (gsize i = 0; i < count; i++) {
    if (fields[i].length < 0 && g_str_equal (fields[i].key, name))
      return fields[i].value;
  }
  return NULL;
}

/* What clients send may stand in a message: no line of it may look like one of ours, or steer a terminal. */
static void
append_printable (GString *out, const char *text)
{
  for (const char *at = text; *at; at++) {
    if (g_ascii_iscntrl (*at))
      g_string_append_printf (out, "\\x%02x", (guint) (guchar) *at);
    else
      g_string_append_c (out, *at);
  }
}

static GString *
format_line (const AnnotLog *self, const LevelName *level, const GLogField *fields, gsize count)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format (now, "%Y-%m-%dT%H:%M:%S");
  const char *domain = find_field (fields, count, "GLIB_DOMAIN");
  const char *message = find_field (fields, count, "MESSAGE");
  GString *line = g_string_new (NULL);

  g_string_append_printf (line, "%s.%03dZ ", time, g_date_time_get_microsecond (now) / 1000);
  g_string_append_printf (line, "%s%s%s: ", self->colour ? level->colour : "", level->name,
                          self->colour ? "\033[0m" : "");
  if (domain && !g_str_equal (domain, G_LOG_DOMAIN))
    g_string_append_printf (line, "%s: ", domain);
  append_printable (line, message ? message : "(no message)");
  g_string_append_c (line, '\n');
  return line;
}

static GLogWriterOutput
write_message (GLogLevelFlags flags, const GLogField *fields, gsize count, gpointer user_data)
{
  const AnnotLog *self = user_data;
  const LevelName *level = find_level (flags);
  g_autoptr (GString) line = NULL;

  if (level->level > self->level)
    return G_LOG_WRITER_HANDLED;
  if (self->journal && g_log_writer_journald (flags, fields, count, NULL) == G_LOG_WRITER_HANDLED)
    return G_LOG_WRITER_HANDLED;
  line = format_line (self, level, fields, count);
  /* One write for each line: other threads and processes may share the descriptor. A full disk is no reason to stop. */
  return write (STDERR_FILENO, line->str, line->len) < 0 ? G_LOG_WRITER_UNHANDLED : G_LOG_WRITER_HANDLED;
}

void
annot_log_install (AnnotLog *self)
{
  self->level = G_LOG_LEVEL_MESSAGE;
  self->journal = g_log_writer_is_journald (STDERR_FILENO);
  self->colour = isatty (STDERR_FILENO) && !g_getenv ("NO_COLOR");
  g_log_set_writer_func (write_message, self, NULL);
}

void
annot_log_set_level (AnnotLog *self, const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (levels); i++) {
    if (g_str_equal (levels[i].name, name))
      self->level = levels[i].level;
  }
}
