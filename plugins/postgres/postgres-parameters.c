/* SPDX-License-Identifier: Apache-2.0 */
/* The parameters of a statement, in binary form. */
#include "postgres-parameters.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

/* pg_type.dat; these never change. */
enum {
  OID_BOOL = 16,
  OID_BYTEA = 17,
  OID_INT8 = 20,
  OID_INT4 = 23,
  OID_TEXT = 25,
  OID_FLOAT8 = 701,
  OID_INT4_ARRAY = 1007,
  OID_TEXT_ARRAY = 1009,
  OID_INT8_ARRAY = 1016,
  OID_FLOAT8_ARRAY = 1022,
};

#define FIXED_PARAMETERS 20

/* The form of array_send(): number of dimensions, whether there are nulls, element type; length and lower bound of the
 * dimension; then each element as its length (-1: null) and its bytes. */
struct _PostgresArray {
  PostgresArrayType type;
  GByteArray *bytes;
  guint n;
  gboolean has_null;
};

#define HEADER_BYTES 20
#define EMPTY_BYTES 12

static const struct {
  Oid element;
  Oid array;
} array_types[] = {
  [POSTGRES_ARRAY_TEXT] = { OID_TEXT, OID_TEXT_ARRAY },
  [POSTGRES_ARRAY_INT4] = { OID_INT4, OID_INT4_ARRAY },
  [POSTGRES_ARRAY_INT8] = { OID_INT8, OID_INT8_ARRAY },
  [POSTGRES_ARRAY_FLOAT8] = { OID_FLOAT8, OID_FLOAT8_ARRAY },
};

static void
append_int4 (GByteArray *bytes, guint32 value)
{
  guint32 order = GUINT32_TO_BE (value);

  g_byte_array_append (bytes, (const guint8 *) &order, sizeof order);
}

static void
append_int8 (GByteArray *bytes, guint64 value)
{
  guint64 order = GUINT64_TO_BE (value);

  g_byte_array_append (bytes, (const guint8 *) &order, sizeof order);
}

static guint64
bits_of (double value)
{
  guint64 bits;

  memcpy (&bits, &value, sizeof bits);
  return bits;
}

PostgresArray *
postgres_array_new (PostgresArrayType type)
{
  PostgresArray *self = g_new0 (PostgresArray, 1);

  self->type = type;
  self->bytes = g_byte_array_new ();
  g_byte_array_set_size (self->bytes, HEADER_BYTES);
  return self;
}

void
postgres_array_free (PostgresArray *self)
{
  g_byte_array_unref (self->bytes);
  g_free (self);
}

void
postgres_array_add_text (PostgresArray *self, const char *text)
{
  gsize length = text ? strlen (text) : 0;

  self->n++;
  self->has_null |= text == NULL;
  append_int4 (self->bytes, text ? (guint32) length : G_MAXUINT32);
  g_byte_array_append (self->bytes, (const guint8 *) text, (guint) length);
}

void
postgres_array_add_integer (PostgresArray *self, gint64 value)
{
  gboolean small = self->type == POSTGRES_ARRAY_INT4;

  self->n++;
  append_int4 (self->bytes, small ? 4 : 8);
  if (small)
    append_int4 (self->bytes, (guint32) value);
  else
    append_int8 (self->bytes, (guint64) value);
}

void
postgres_array_add_double (PostgresArray *self, double value)
{
  self->n++;
  append_int4 (self->bytes, 8);
  append_int8 (self->bytes, bits_of (value));
}

static void
put_int4 (GByteArray *bytes, guint at, guint32 value)
{
  guint32 order = GUINT32_TO_BE (value);

  memcpy (bytes->data + at, &order, sizeof order);
}

static GByteArray *
finish_array (PostgresArray *self)
{
  put_int4 (self->bytes, 0, self->n > 0);
  put_int4 (self->bytes, 4, self->has_null);
  put_int4 (self->bytes, 8, array_types[self->type].element);
  put_int4 (self->bytes, 12, self->n);
  put_int4 (self->bytes, 16, 1);
  if (self->n == 0)
    g_byte_array_set_size (self->bytes, EMPTY_BYTES);
  return self->bytes;
}

static void
add (PostgresParameters *self, Oid type, gconstpointer value, gsize length)
{
  int size = (int) length;
  int binary = 1;

  g_array_append_val (self->types, type);
  g_ptr_array_add (self->values, (gpointer) value);
  g_array_append_val (self->lengths, size);
  g_array_append_val (self->formats, binary);
  self->size += length;
}

static void
add_fixed (PostgresParameters *self, Oid type, guint64 value, gsize length)
{
  guint8 *bytes = g_malloc (sizeof value);

  g_ptr_array_add (self->owned, bytes);
  for (gsize i = 0; i < length; i++)
    bytes[i] = (guint8) (value >> (8 * (length - 1 - i)));
  add (self, type, bytes, length);
}

void
postgres_parameters_add_text (PostgresParameters *self, const char *text)
{
  add (self, OID_TEXT, text, text ? strlen (text) : 0);
}

void
postgres_parameters_add_integer (PostgresParameters *self, gint64 value)
{
  add_fixed (self, OID_INT8, (guint64) value, 8);
}

void
postgres_parameters_add_double (PostgresParameters *self, double value)
{
  if (isnan (value))
    add (self, OID_FLOAT8, NULL, 0);
  else
    add_fixed (self, OID_FLOAT8, bits_of (value), 8);
}

static void
add_bytes (PostgresParameters *self, GBytes *bytes)
{
  gsize size = 0;
  gconstpointer data = bytes ? g_bytes_get_data (bytes, &size) : NULL;

  /* An empty value has no address, and is not null. */
  add (self, OID_BYTEA, bytes && !data ? "" : data, size);
}

/* Takes over array. */
static void
add_array (PostgresParameters *self, PostgresArray *array)
{
  GByteArray *bytes = finish_array (array);
  gsize length = bytes->len;
  guint8 *data = g_byte_array_free (bytes, FALSE);

  g_ptr_array_add (self->owned, data);
  add (self, array_types[array->type].array, data, length);
  g_free (array);
}

static void
add_texts (PostgresParameters *self, const char *const *texts)
{
  PostgresArray *array = postgres_array_new (POSTGRES_ARRAY_TEXT);

  for (; texts && *texts; texts++)
    postgres_array_add_text (array, *texts);
  add_array (self, array);
}

static PostgresParameters *
new_empty (void)
{
  PostgresParameters *self = g_new0 (PostgresParameters, 1);

  self->types = g_array_sized_new (FALSE, FALSE, sizeof (Oid), FIXED_PARAMETERS);
  self->values = g_ptr_array_sized_new (FIXED_PARAMETERS);
  self->lengths = g_array_sized_new (FALSE, FALSE, sizeof (int), FIXED_PARAMETERS);
  self->formats = g_array_sized_new (FALSE, FALSE, sizeof (int), FIXED_PARAMETERS);
  self->owned = g_ptr_array_new_with_free_func (g_free);
  return self;
}

static void
add_next (PostgresParameters *self, char letter, va_list *arguments)
{
  switch (letter) {
  case 't':
    postgres_parameters_add_text (self, va_arg (*arguments, const char *));
    break;
  case 'i':
    postgres_parameters_add_integer (self, va_arg (*arguments, gint64));
    break;
  case 'n':
    add_fixed (self, OID_INT4, (guint64) va_arg (*arguments, int), 4);
    break;
  case 'd':
    postgres_parameters_add_double (self, va_arg (*arguments, double));
    break;
  case 'f':
    add_fixed (self, OID_BOOL, va_arg (*arguments, gboolean) != FALSE, 1);
    break;
  case 'b':
    add_bytes (self, va_arg (*arguments, GBytes *));
    break;
  case 'T':
    add_texts (self, va_arg (*arguments, const char *const *));
    break;
  case 'A':
    add_array (self, va_arg (*arguments, PostgresArray *));
    break;
  default:
    g_assert_not_reached ();
  }
}

PostgresParameters *
postgres_parameters_new (const char *format, ...)
{
  PostgresParameters *self = new_empty ();
  va_list arguments;

  va_start (arguments, format);
  for (; *format; format++)
    add_next (self, *format, &arguments);
  va_end (arguments);
  return self;
}

void
postgres_parameters_append (PostgresParameters *self, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  for (; *format; format++)
    add_next (self, *format, &arguments);
  va_end (arguments);
}

void
postgres_parameters_free (PostgresParameters *self)
{
  g_array_unref (self->types);
  g_ptr_array_unref (self->values);
  g_array_unref (self->lengths);
  g_array_unref (self->formats);
  g_ptr_array_unref (self->owned);
  g_free (self);
}

void
postgres_parameters_add_outgoing (PostgresParameters *self, const AnnotOutgoing *outgoing)
{
  static const AnnotOutgoing none;

  if (!outgoing)
    outgoing = &none;
  postgres_parameters_add_text (self, outgoing->id);
  postgres_parameters_add_text (self, outgoing->topic);
  postgres_parameters_add_text (self, outgoing->key);
  postgres_parameters_add_text (self, outgoing->event_id);
  add_fixed (self, OID_BOOL, outgoing->inline_frame != FALSE, 1);
  postgres_parameters_add_integer (self, outgoing->due_at);
  postgres_parameters_add_text (self, outgoing->payload);
}

void
postgres_parameters_add_token (PostgresParameters *self, const AnnotLeaseToken *token)
{
  if (token) {
    postgres_parameters_add_integer (self, token->seq);
    postgres_parameters_add_integer (self, token->fence);
  } else {
    add (self, OID_INT8, NULL, 0);
    add (self, OID_INT8, NULL, 0);
  }
}
