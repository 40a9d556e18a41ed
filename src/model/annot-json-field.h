/* SPDX-License-Identifier: Apache-2.0 */
/* Reads members of known types. Every function answers FALSE with error set when the member is not what it must be, and
 * FALSE without an error when the document itself is wrong, which the reader then knows. */
#pragma once

#include "annot-json-reader.h"

G_BEGIN_DECLS

/* Returns: FALSE, with error "name: what" (or "what" when name is NULL) */
gboolean annot_field_refuse (GError **error, const char *name, const char *what);
/* Marks one of the known members as seen; FALSE when it was before. */
gboolean annot_field_once (guint *seen, guint member, const char *name, GError **error);
/* Passes over null. */
gboolean annot_field_take_null (AnnotJsonReader *reader);
gboolean annot_field_read_object (AnnotJsonReader *reader, const char *name, GError **error);
gboolean annot_field_read_array (AnnotJsonReader *reader, const char *name, GError **error);
/* A string of 1 … max_bytes bytes without U+0000. span (optional) gets its bytes between the quotes. */
gboolean annot_field_read_text (AnnotJsonReader *reader, const char *name, gsize max_bytes, char **text,
                                AnnotJsonSpan *span, GError **error);
/* A number that a double can hold; bytes (optional) gets it as it came. */
gboolean annot_field_read_number (AnnotJsonReader *reader, const char *name, double *value, AnnotJsonSpan *bytes,
                                  GError **error);
/* A number of 0 … 1. */
gboolean annot_field_read_share (AnnotJsonReader *reader, const char *name, double *value, AnnotJsonSpan *bytes,
                                 GError **error);
gboolean annot_field_read_boolean (AnnotJsonReader *reader, const char *name, gboolean *value, GError **error);
/* Appends `"name":` and the bytes, after a comma when needed. */
void annot_field_append (GString *out, const char *name, const AnnotJsonSpan *value);
/* The same for a string's span, whose quotes stand around it. */
void annot_field_append_text (GString *out, const char *name, const AnnotJsonSpan *text);
/* Appends a member as it came: name is a string's span, value any value's. */
void annot_field_append_raw (GString *out, const AnnotJsonSpan *name, const AnnotJsonSpan *value);
/* Says what is wrong with a document that could not be read: error when a member is to blame, else the reader's. */
void annot_field_propagate (AnnotJsonReader *reader, GError *problem, GError **error);

G_END_DECLS
