/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters of a statement, in binary form. */
#pragma once

#include <annotationd/annotationd.h>
#include <libpq-fe.h>

G_BEGIN_DECLS

/* An array under construction: one parameter for a column of many rows. */
typedef struct _PostgresArray PostgresArray;

typedef enum {
  POSTGRES_ARRAY_TEXT,
  POSTGRES_ARRAY_INT4,
  POSTGRES_ARRAY_INT8,
  POSTGRES_ARRAY_FLOAT8,
} PostgresArrayType;

PostgresArray *postgres_array_new (PostgresArrayType type);
void postgres_array_free (PostgresArray *self);
/* text NULL: null */
void postgres_array_add_text (PostgresArray *self, const char *text);
/* int4 or int8, as the array's type is */
void postgres_array_add_integer (PostgresArray *self, gint64 value);
void postgres_array_add_double (PostgresArray *self, double value);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PostgresArray, postgres_array_free)

/* What PQsendQueryParams() takes; grows by the functions below. */
typedef struct {
  GArray *types;
  GPtrArray *values;
  GArray *lengths;
  GArray *formats;
  GPtrArray *owned;
  gsize size;
} PostgresParameters;

/**
 * postgres_parameters_new:
 * @format: a letter for each parameter: `t` const char * (NULL is null), `i` gint64, `n` int, `d` double (NaN is null),
 *  `f` gboolean, `b` GBytes *, `T` const char *const * (NULL is empty), `A` PostgresArray * (transfer full). Texts and
 *  bytes stay valid until the parameters are freed
 */
PostgresParameters *postgres_parameters_new (const char *format, ...);
void postgres_parameters_free (PostgresParameters *self);
/* More of them, likewise. */
void postgres_parameters_append (PostgresParameters *self, const char *format, ...);
/* The seven parameters of a message for the outbox, all null for none. */
void postgres_parameters_add_outgoing (PostgresParameters *self, const AnnotOutgoing *outgoing);
/* The two parameters of a lease's token, null for none. */
void postgres_parameters_add_token (PostgresParameters *self, const AnnotLeaseToken *token);
/* One more parameter, for statements that are put together. */
void postgres_parameters_add_text (PostgresParameters *self, const char *text);
void postgres_parameters_add_integer (PostgresParameters *self, gint64 value);
void postgres_parameters_add_double (PostgresParameters *self, double value);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PostgresParameters, postgres_parameters_free)

G_END_DECLS
