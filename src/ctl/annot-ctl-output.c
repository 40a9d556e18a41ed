/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for people, JSON for scripts, a progress bar on a terminal. */
#include "annot-ctl-output.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static void
print_json (JsonNode *node)
{
  g_autofree char *text = json_to_string (node, TRUE);

  g_print ("%s\n", text);
}

static char *
value_to_text (JsonNode *node)
{
  if (!node || JSON_NODE_HOLDS_NULL (node))
    return g_strdup ("-");
  if (JSON_NODE_HOLDS_ARRAY (node)) {
    JsonArray *array = json_node_get_array (node);
    GString *text = g_string_new (NULL);

    for (guint i = 0; i < json_array_get_length (array); i++) {
      g_autofree char *item = value_to_text (json_array_get_element (array, i));

      g_string_append_printf (text, "%s%s", i > 0 ? "," : "", item);
    }
    return g_string_free (text, FALSE);
  }
  if (JSON_NODE_HOLDS_OBJECT (node))
    return json_to_string (node, FALSE);
  if (json_node_get_value_type (node) == G_TYPE_STRING)
    return g_strdup (json_node_get_string (node));
  if (json_node_get_value_type (node) == G_TYPE_BOOLEAN)
    return g_strdup (json_node_get_boolean (node) ? _ ("yes") : _ ("no"));
  if (json_node_get_value_type (node) == G_TYPE_DOUBLE)
    return g_strdup_printf ("%.4g", json_node_get_double (node));
  return g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node));
}

/* Stored text must not steer the terminal. */
static char *
make_harmless (char *text)
{
  GString *safe = g_string_new (NULL);
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  g_free (text);
  for (const char *at = valid; *at; at = g_utf8_next_char (at)) {
    gunichar c = g_utf8_get_char (at);

    g_string_append_unichar (safe, g_unichar_isprint (c) ? c : '?');
  }
  return g_string_free (safe, FALSE);
}

static gsize
text_width (const char *text)
{
  gsize width = 0;

  for (const char *at = text; *at; at = g_utf8_next_char (at)) {
    gunichar c = g_utf8_get_char (at);

    width += g_unichar_iszerowidth (c) ? 0 : g_unichar_iswide (c) ? 2 : 1;
  }
  return width;
}

static gboolean
is_number (JsonNode *node)
{
  return node && JSON_NODE_HOLDS_VALUE (node)
         && (json_node_get_value_type (node) == G_TYPE_INT64 || json_node_get_value_type (node) == G_TYPE_DOUBLE);
}

static void
print_cell (const char *text, gsize width, gboolean right, gboolean last)
{
  gsize own = text_width (text);
  int pad = own < width ? (int) (width - own) : 0;

  if (right)
    g_print ("%*s%s%s", pad, "", text, last ? "\n" : "  ");
  else
    g_print ("%s%*s", text, last ? 0 : pad + 2, last ? "" : " ");
  if (last && !right)
    g_print ("\n");
}

void
annot_ctl_print_rows (AnnotCtl *ctl, JsonArray *rows, const AnnotCtlColumn *columns)
{
  guint n_rows = json_array_get_length (rows);
  guint n_columns = 0;
  g_autoptr (GPtrArray) cells = g_ptr_array_new_with_free_func (g_free);
  g_autofree gsize *widths = NULL;

  if (ctl->json) {
    g_autoptr (JsonNode) node = json_node_init_array (json_node_alloc (), rows);

    print_json (node);
    return;
  }
  while (columns[n_columns].member)
    n_columns++;
  widths = g_new0 (gsize, n_columns);
  for (guint c = 0; c < n_columns; c++)
    widths[c] = text_width (_ (columns[c].heading));
  for (guint r = 0; r < n_rows; r++)
    for (guint c = 0; c < n_columns; c++) {
      JsonObject *row = json_array_get_object_element (rows, r);
      char *text = make_harmless (value_to_text (json_object_get_member (row, columns[c].member)));

      widths[c] = MAX (widths[c], text_width (text));
      g_ptr_array_add (cells, text);
    }
  for (guint c = 0; c < n_columns; c++) {
    gboolean right
        = n_rows > 0 && is_number (json_object_get_member (json_array_get_object_element (rows, 0), columns[c].member));

    print_cell (_ (columns[c].heading), widths[c], right, c + 1 == n_columns);
  }
  for (guint i = 0; i < cells->len; i++) {
    guint c = i % n_columns;
    JsonObject *row = json_array_get_object_element (rows, i / n_columns);

    print_cell (g_ptr_array_index (cells, i), widths[c], is_number (json_object_get_member (row, columns[c].member)),
                c + 1 == n_columns);
  }
}

void
annot_ctl_print_object (AnnotCtl *ctl, JsonObject *object)
{
  g_autoptr (GList) members = NULL;
  gsize width = 0;

  if (ctl->json) {
    g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);

    print_json (node);
    return;
  }
  members = json_object_get_members (object);
  for (GList *member = members; member; member = member->next)
    width = MAX (width, text_width (member->data));
  for (GList *member = members; member; member = member->next) {
    g_autofree char *text = make_harmless (value_to_text (json_object_get_member (object, member->data)));

    g_print ("%s:%*s %s\n", (const char *) member->data, (int) (width - text_width (member->data)), "", text);
  }
}

void
annot_ctl_say (AnnotCtl *ctl, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  if (ctl->json)
    return;
  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_print ("%s\n", text);
}

void
annot_ctl_progress (AnnotCtl *ctl, const char *what, guint64 now, guint64 total, gboolean done)
{
  static const char bar[] = "########################################";
  const int width = (int) sizeof bar - 1;
  static gint64 last;
  gint64 time = g_get_monotonic_time ();

  if (ctl->json || !isatty (STDERR_FILENO) || (!done && time - last < G_USEC_PER_SEC / 10))
    return;
  last = time;
  if (total > 0) {
    int filled = (int) ((double) MIN (now, total) / (double) total * width);

    g_printerr ("\r%s [%.*s%*s] %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT, what, filled, bar, width - filled, "", now,
                total);
  } else {
    g_printerr ("\r%s %" G_GUINT64_FORMAT, what, now);
  }
  if (done)
    g_printerr ("\n");
}

gboolean
annot_ctl_confirm (AnnotCtl *ctl, const char *question)
{
  char answer[16] = "";

  if (!isatty (STDIN_FILENO))
    return FALSE;
  g_printerr ("%s [y/N] ", question);
  return fgets (answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

gboolean
annot_ctl_write (int descriptor, const guint8 *data, gsize length, GError **error)
{
  while (length > 0) {
    gssize n = write (descriptor, data, length);

    if (n < 0 && errno == EINTR)
      continue;
    if (n < 0) {
      int code = errno;

      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), _ ("cannot write: %s"), g_strerror (code));
      return FALSE;
    }
    data += n;
    length -= (gsize) n;
  }
  return TRUE;
}
