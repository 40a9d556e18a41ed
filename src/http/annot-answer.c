/* SPDX-License-Identifier: Apache-2.0 */
/* Members of JSON answers, and fields of JSON questions with their complaints. */
#include "annot-answer.h"

#include "model/annot-json-writer.h"

void
annot_answer_text (GString *out, const char *name, const char *text)
{
  annot_json_append_member_string (out, name, text);
}

void
annot_answer_int (GString *out, const char *name, gint64 value)
{
  annot_json_append_member_int (out, name, value);
}

void
annot_answer_boolean (GString *out, const char *name, gboolean value)
{
  annot_answer_raw (out, name, value ? "true" : "false");
}

void
annot_answer_time (GString *out, const char *name, gint64 time)
{
  annot_json_append_name (out, name);
  if (time == 0)
    g_string_append (out, "null");
  else
    annot_json_append_time (out, time);
}

void
annot_answer_strings (GString *out, const char *name, const char *const *strings)
{
  guint i;

  annot_json_append_name (out, name);
  g_string_append_c (out, '[');
  for (i = 0; strings[i]; i++) {
    if (i > 0)
      g_string_append_c (out, ',');
    annot_json_append_string (out, strings[i], -1);
  }
  g_string_append_c (out, ']');
}

void
annot_answer_roles (GString *out, const char *name, AnnotRoles roles)
{
  g_autofree const char **names = annot_roles_to_strv (roles);

  annot_answer_strings (out, name, names);
}

void
annot_answer_raw (GString *out, const char *name, const char *json)
{
  annot_json_append_name (out, name);
  g_string_append (out, json);
}

GString *
annot_answer_begin_success (const char *message)
{
  GString *out = g_string_new ("{");

  annot_answer_text (out, "status", "success");
  annot_answer_text (out, "message", message);
  annot_answer_time (out, "timestamp", g_get_real_time ());
  return out;
}

void
annot_answer_send (AnnotRequest *request, guint status, GString *out)
{
  g_string_append_c (out, '}');
  annot_request_respond_json (request, status, out);
  g_string_free (out, TRUE);
}

void
annot_answer_refuse (AnnotRequest *request, const char *field, const char *message, const char *code)
{
  const AnnotFieldError errors[] = { { field, message, code }, { NULL, NULL, NULL } };
  g_autofree char *detail = g_strdup_printf ("%s: %s", field, message);

  annot_request_respond_problem (request, 422, detail, errors);
}

gboolean
annot_body_is_json (AnnotRequest *request)
{
  const char *type = annot_request_get_content_type (request);

  return *type == '\0' || g_ascii_strcasecmp (type, "application/json") == 0;
}

gboolean
annot_body_has (JsonObject *body, const char *name)
{
  return json_object_has_member (body, name) && !json_object_get_null_member (body, name);
}

/* FALSE only when it is there and of another type. */
static gboolean
find (JsonObject *body, const char *name, GType type, JsonNode **node)
{
  *node = annot_body_has (body, name) ? json_object_get_member (body, name) : NULL;
  return !*node || (JSON_NODE_HOLDS_VALUE (*node) && json_node_get_value_type (*node) == type);
}

gboolean
annot_body_get_text (AnnotRequest *request, JsonObject *body, const char *name, gboolean required, const char **value)
{
  JsonNode *node;

  if (!find (body, name, G_TYPE_STRING, &node)) {
    annot_answer_refuse (request, name, "must be text", "type");
    return FALSE;
  }
  if (!node) {
    if (required)
      annot_answer_refuse (request, name, "is required", "required");
    return !required;
  }
  *value = json_node_get_string (node);
  return TRUE;
}

gboolean
annot_body_get_boolean (AnnotRequest *request, JsonObject *body, const char *name, gboolean *value)
{
  JsonNode *node;

  if (!find (body, name, G_TYPE_BOOLEAN, &node)) {
    annot_answer_refuse (request, name, "must be true or false", "type");
    return FALSE;
  }
  if (node)
    *value = json_node_get_boolean (node);
  return TRUE;
}

gboolean
annot_body_get_int (AnnotRequest *request, JsonObject *body, const char *name, gint64 min, gint64 max, gint64 *value)
{
  g_autofree char *message = NULL;
  JsonNode *node;

  if (find (body, name, G_TYPE_INT64, &node)
      && (!node || (json_node_get_int (node) >= min && json_node_get_int (node) <= max))) {
    if (node)
      *value = json_node_get_int (node);
    return TRUE;
  }
  message = g_strdup_printf ("must be a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, min, max);
  annot_answer_refuse (request, name, message, "range");
  return FALSE;
}

gboolean
annot_body_get_roles (AnnotRequest *request, JsonObject *body, const char *name, AnnotRoles *roles)
{
  AnnotRoles found = 0;
  JsonArray *array;
  guint i;

  if (!annot_body_has (body, name))
    return TRUE;
  if (!JSON_NODE_HOLDS_ARRAY (json_object_get_member (body, name))) {
    annot_answer_refuse (request, name, "must be an array of role names", "type");
    return FALSE;
  }
  array = json_object_get_array_member (body, name);
  for (i = 0; i < json_array_get_length (array); i++) {
    JsonNode *node = json_array_get_element (array, i);
    const char *text = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
    AnnotRoles role = text ? annot_role_from_string (text) : 0;

    if (role == 0) {
      annot_answer_refuse (request, name, "must hold annotator, producer, compliance_officer or admin", "unknown");
      return FALSE;
    }
    found |= role;
  }
  if (found == 0) {
    annot_answer_refuse (request, name, "must hold a role", "required");
    return FALSE;
  }
  *roles = found;
  return TRUE;
}
