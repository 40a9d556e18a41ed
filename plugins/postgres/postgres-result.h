/* SPDX-License-Identifier: Apache-2.0 */
/* Values and model structures from the rows of a result, in binary form. */
#pragma once

#include <annotationd/annotationd.h>
#include <libpq-fe.h>

G_BEGIN_DECLS

/* How many columns {example-columns} has: the first one that a statement adds. */
#define POSTGRES_EXAMPLE_COLUMNS 20

/* Any integer or boolean; 0 for null. */
gint64 postgres_result_integer (const PGresult *result, int row, int column);
/* NaN for null. */
double postgres_result_double (const PGresult *result, int row, int column);
/* Returns: (transfer full) (nullable): a copy of a text; NULL for null */
char *postgres_result_text (const PGresult *result, int row, int column);
/* Returns: (transfer full) (nullable): a copy of a bytea; NULL for null */
GBytes *postgres_result_bytes (const PGresult *result, int row, int column);
/* Returns: (transfer full) (element-type gint64): a bigint[] without nulls */
GArray *postgres_result_integers (const PGresult *result, int row, int column);

/* Returns: (transfer full): the example in a row that begins with {example-columns}, without its frame */
AnnotExample *postgres_result_example (const PGresult *result, int row);
/* Returns: (transfer full) (nullable): the annotation in {annotation-columns} from that column on; NULL: there is none
 */
AnnotAnnotation *postgres_result_annotation (const PGresult *result, int row, int column, const char *event_id);
/* Returns: (transfer full): the message in a row that begins with {outgoing-columns}, without its frame */
AnnotOutgoing *postgres_result_outgoing (const PGresult *result, int row);

G_END_DECLS
