/* SPDX-License-Identifier: Apache-2.0 */
/* The scanner's inner loops: strings and numbers of a JSON document. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* From behind the opening quote to the closing one. Sets problem, and returns where it is, when the string is wrong. */
const char *annot_json_scan_string (const char *at, const char *end, gboolean *escaped, const char **problem);
/* To the byte behind the number. */
const char *annot_json_scan_number (const char *at, const char *end, const char **problem);
/* The nearest double of a scanned number; FALSE when there is none. */
gboolean annot_json_number_value (const char *text, gsize length, double *value);
/* Writes the UTF-8 of a scanned string to out, which has room for length bytes. Returns: bytes written */
gsize annot_json_unescape (const char *text, gsize length, char *out);

G_END_DECLS
