/* SPDX-License-Identifier: Apache-2.0 */
/* Builds JSON text in a GString, without a tree. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/* "text" with quotes and escapes; NULL gives null. length -1: zero-terminated. Valid UTF-8 is the caller's duty. */
ANNOT_API void annot_json_append_string (GString *out, const char *text, gssize length);
/* Shortest form that reads back to the same double; NaN and infinity give null. */
ANNOT_API void annot_json_append_double (GString *out, double value);
ANNOT_API void annot_json_append_int (GString *out, gint64 value);
/* "2026-11-23T08:00:00Z", with a fraction when there is one. Microseconds since 1970 UTC. */
ANNOT_API void annot_json_append_time (GString *out, gint64 time);
/* The bytes in base64, between quotes. */
ANNOT_API void annot_json_append_base64 (GString *out, GBytes *bytes);
/* Appends `"name":` after a comma when the object has members already (the last byte is not '{'). A name needs no
 * escapes.
 */
ANNOT_API void annot_json_append_name (GString *out, const char *name);
/* A whole member: name and value. */
ANNOT_API void annot_json_append_member_string (GString *out, const char *name, const char *value);
ANNOT_API void annot_json_append_member_int (GString *out, const char *name, gint64 value);
ANNOT_API void annot_json_append_member_double (GString *out, const char *name, double value);
ANNOT_API void annot_json_append_member_time (GString *out, const char *name, gint64 time);
/* Appends every member of object (JSON text of an object) whose name is not in leave_out; comma as above. */
ANNOT_API void annot_json_append_members (GString *out, const char *object, const char *const *leave_out);

G_END_DECLS
