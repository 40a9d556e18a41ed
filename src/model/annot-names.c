/* SPDX-License-Identifier: Apache-2.0 */
/* A list of names as a JSON array, and back. */
#include <annotationd/annotationd.h>

#include "annot-json-writer.h"

char *
annot_names_to_json (char **names)
{
  GString *json = NULL;

  if (!*names)
    return g_strdup ("[]");
  json = g_string_new ("[");
  for (; *names; names++) {
    if (json->len > 1)
      g_string_append_c (json, ',');
    annot_json_append_string (json, *names, -1);
  }
  g_string_append_c (json, ']');
  return g_string_free (json, FALSE);
}

char **
annot_names_from_json (const char *json)
{
  g_autoptr (JsonNode) node = g_str_equal (json, "[]") ? NULL : json_from_string (json, NULL);
  JsonArray *array = node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  guint length = array ? json_array_get_length (array) : 0;
  char **names = g_new0 (char *, length + 1);

  for (guint i = 0; i < length; i++)
    names[i] = g_strdup (json_array_get_string_element (array, i));
  return names;
}
