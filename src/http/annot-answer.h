/* SPDX-License-Identifier: Apache-2.0 */
/* Members of JSON answers, and fields of JSON questions with their complaints. */
#pragma once

#include "annot-request.h"

G_BEGIN_DECLS

/* Each appends `"name":value`, after a comma when it is not the first. */
void annot_answer_text (GString *out, const char *name, const char *text);
void annot_answer_int (GString *out, const char *name, gint64 value);
void annot_answer_boolean (GString *out, const char *name, gboolean value);
/* Microseconds since 1970 UTC; 0 gives null. */
void annot_answer_time (GString *out, const char *name, gint64 time);
/* An array of strings; NULL-terminated. */
void annot_answer_strings (GString *out, const char *name, const char *const *strings);
void annot_answer_roles (GString *out, const char *name, AnnotRoles roles);
/* JSON text as it is. */
void annot_answer_raw (GString *out, const char *name, const char *json);
/* {"status":"success","message":…,"timestamp":…, the shape that older clients know, still open for more members. */
GString *annot_answer_begin_success (const char *message);
/* Closes the object and answers. Takes out. */
void annot_answer_send (AnnotRequest *request, guint status, GString *out);

/* Answers 422 with this one field. */
void annot_answer_refuse (AnnotRequest *request, const char *field, const char *message, const char *code);

/* Whether the body says, or may be taken, to be JSON. */
gboolean annot_body_is_json (AnnotRequest *request);
/* Fields of a body; each answers 422 itself when it returns FALSE. A field that is absent or null leaves value alone.
 */
gboolean annot_body_get_text (AnnotRequest *request, JsonObject *body, const char *name, gboolean required,
                              const char **value);
gboolean annot_body_get_boolean (AnnotRequest *request, JsonObject *body, const char *name, gboolean *value);
gboolean annot_body_get_int (AnnotRequest *request, JsonObject *body, const char *name, gint64 min, gint64 max,
                             gint64 *value);
gboolean annot_body_get_roles (AnnotRequest *request, JsonObject *body, const char *name, AnnotRoles *roles);
/* Whether the body has the member and it is not null. */
gboolean annot_body_has (JsonObject *body, const char *name);

G_END_DECLS
