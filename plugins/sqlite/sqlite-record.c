/* SPDX-License-Identifier: Apache-2.0 */
/* Rows to records and back: one flat JSON object for each (docs/records.md). */
#include "sqlite-record.h"

#include <string.h>

static gboolean
is_plain (char c)
{
  return (guchar) c >= 0x20 && c != '"' && c != '\\';
}

static void
append_text (GString *json, const char *text)
{
  g_string_append_c (json, '"');
  while (*text) {
    const char *start = text;

    while (is_plain (*text))
      text++;
    g_string_append_len (json, start, text - start);
    if (*text == '"' || *text == '\\')
      g_string_append_printf (json, "\\%c", *text++);
    else if (*text)
      g_string_append_printf (json, "\\u%04x", (guint) *text++);
  }
  g_string_append_c (json, '"');
}

static void
append_real (GString *json, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_dtostr (text, sizeof text, value);
  g_string_append (json, text);
  /* A whole one stays a real number for the reader. */
  if (!strpbrk (text, ".e"))
    g_string_append (json, ".0");
}

static void
append_bytes (GString *json, sqlite3_stmt *row, int column)
{
  const guchar *bytes = sqlite3_column_blob (row, column);
  g_autofree char *text = g_base64_encode (bytes, (gsize) sqlite3_column_bytes (row, column));

  g_string_append_c (json, '"');
  g_string_append (json, text);
  g_string_append_c (json, '"');
}

static void
append_value (GString *json, sqlite3_stmt *row, int column)
{
  switch (sqlite3_column_type (row, column)) {
  case SQLITE_INTEGER:
    g_string_append_printf (json, "%" G_GINT64_FORMAT, (gint64) sqlite3_column_int64 (row, column));
    break;
  case SQLITE_FLOAT:
    append_real (json, sqlite3_column_double (row, column));
    break;
  case SQLITE_TEXT:
    append_text (json, (const char *) sqlite3_column_text (row, column));
    break;
  case SQLITE_BLOB:
    append_bytes (json, row, column);
    break;
  default:
    g_string_append (json, "null");
    break;
  }
}

GBytes *
sqlite_record_write (sqlite3_stmt *row)
{
  GString *json = g_string_new ("{");

  for (int i = 0; i < sqlite3_column_count (row); i++) {
    if (i > 0)
      g_string_append_c (json, ',');
    append_text (json, sqlite3_column_name (row, i));
    g_string_append_c (json, ':');
    append_value (json, row, i);
  }
  g_string_append_c (json, '}');
  return g_string_free_to_bytes (json);
}

JsonObject *
sqlite_record_read (GBytes *bytes, const char **kind, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) problem = NULL;
  gsize size;
  const char *text = g_bytes_get_data (bytes, &size);
  JsonNode *root = NULL;
  JsonObject *record;

  if (json_parser_load_from_data (parser, text ? text : "", (gssize) size, &problem))
    root = json_parser_get_root (parser);
  if (!root || !JSON_NODE_HOLDS_OBJECT (root)) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "a record is no JSON object: %s",
                 problem ? problem->message : "something else");
    return NULL;
  }
  record = json_node_get_object (root);
  *kind = json_object_get_string_member_with_default (record, "record", NULL);
  if (!*kind) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "record: must be there and name a kind of record");
    return NULL;
  }
  return json_object_ref (record);
}

static int
bind_base64 (sqlite3_stmt *statement, int index, const char *text)
{
  gsize size;
  guchar *bytes = g_base64_decode (text, &size);

  return sqlite3_bind_blob64 (statement, index, bytes, size, g_free);
}

static int
bind_value (sqlite3_stmt *statement, int index, JsonObject *record)
{
  const char *parameter = sqlite3_bind_parameter_name (statement, index);
  JsonNode *node = json_object_get_member (record, parameter + 1);
  GType type = node && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;

  if (type == G_TYPE_STRING && parameter[0] == '$')
    return bind_base64 (statement, index, json_node_get_string (node));
  if (type == G_TYPE_STRING)
    return sqlite3_bind_text (statement, index, json_node_get_string (node), -1, SQLITE_STATIC);
  if (type == G_TYPE_INT64 || type == G_TYPE_BOOLEAN)
    return sqlite3_bind_int64 (statement, index, json_node_get_int (node));
  if (type == G_TYPE_DOUBLE)
    return sqlite3_bind_double (statement, index, json_node_get_double (node));
  return sqlite3_bind_null (statement, index);
}

gboolean
sqlite_record_run (SqliteConnection *connection, const char *name, JsonObject *record, GError **error)
{
  g_autoptr (SqliteStatement) statement = sqlite_query (connection, error, name, "");
  int step = 1;

  if (!statement)
    return FALSE;
  for (int i = 1; i <= sqlite3_bind_parameter_count (statement); i++)
    if (bind_value (statement, i, record) != SQLITE_OK)
      return sqlite_connection_fail (connection, error);
  while (step == 1)
    step = sqlite_step (connection, statement, error);
  return step == 0;
}
