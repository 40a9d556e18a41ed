/* SPDX-License-Identifier: Apache-2.0 */
/* Signed session tokens: JSON Web Tokens (RFC 7519) with HS256 and nothing else. */
#include "annot-jwt.h"

#include <string.h>

#include "model/annot-json-reader.h"
#include "model/annot-json-writer.h"
#include "model/annot-password.h"

/* Longer ones are not ours: the check must not cost more than its answer is worth. */
#define MAX_TOKEN 4096
#define SHA256_BYTES 32

void
annot_claims_free (AnnotClaims *self)
{
  if (!self)
    return;
  g_free (self->account);
  g_free (self->jti);
  g_free (self);
}

static char *
encode (const void *data, gsize length)
{
  char *text = g_base64_encode (data, length);

  g_strdelimit (text, "+", '-');
  g_strdelimit (text, "/", '_');
  text[strcspn (text, "=")] = '\0';
  return text;
}

/* base64url without padding, strictly: any other byte fails. */
static char *
decode (const char *text, gsize length, gsize *size)
{
  g_autoptr (GString) padded = g_string_sized_new (length + 4);
  gsize i;

  for (i = 0; i < length; i++) {
    char c = text[i];

    if (!g_ascii_isalnum (c) && c != '-' && c != '_')
      return NULL;
    g_string_append_c (padded, c == '-' ? '+' : c == '_' ? '/' : c);
  }
  if (length == 0 || length % 4 == 1)
    return NULL;
  while (padded->len % 4 != 0)
    g_string_append_c (padded, '=');
  return (char *) g_base64_decode (padded->str, size);
}

char *
annot_jwt_hmac (GBytes *secret, const char *text, gsize length)
{
  g_autoptr (GHmac) hmac = NULL;
  guint8 digest[SHA256_BYTES];
  gsize digest_length = sizeof (digest);
  gsize secret_length;
  const guint8 *key = g_bytes_get_data (secret, &secret_length);

  hmac = g_hmac_new (G_CHECKSUM_SHA256, key, secret_length);
  g_hmac_update (hmac, (const guchar *) text, (gssize) length);
  g_hmac_get_digest (hmac, digest, &digest_length);
  return encode (digest, digest_length);
}

static void
append_roles (GString *out, const char *name, AnnotRoles roles)
{
  g_autofree const char **names = annot_roles_to_strv (roles);
  guint i;

  annot_json_append_name (out, name);
  g_string_append_c (out, '[');
  for (i = 0; names[i]; i++) {
    if (i > 0)
      g_string_append_c (out, ',');
    annot_json_append_string (out, names[i], -1);
  }
  g_string_append_c (out, ']');
}

/**
 * annot_jwt_sign:
 * @claims: what the token is to say
 * @secret: the signing secret
 *
 * Returns: (transfer full): the token
 */
char *
annot_jwt_sign (const AnnotClaims *claims, GBytes *secret)
{
  static const char header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
  g_autoptr (GString) body = g_string_new ("{");
  g_autofree char *first = encode (header, sizeof (header) - 1);
  g_autofree char *second = NULL;
  g_autofree char *input = NULL;
  g_autofree char *signature = NULL;

  annot_json_append_name (body, "sub");
  annot_json_append_string (body, claims->account, -1);
  annot_json_append_name (body, "iat");
  annot_json_append_int (body, claims->issued_at);
  annot_json_append_name (body, "exp");
  annot_json_append_int (body, claims->expires_at);
  annot_json_append_name (body, "jti");
  annot_json_append_string (body, claims->jti, -1);
  append_roles (body, "roles", claims->roles);
  append_roles (body, "scopes", claims->roles);
  g_string_append_c (body, '}');

  second = encode (body->str, body->len);
  input = g_strconcat (first, ".", second, NULL);
  signature = annot_jwt_hmac (secret, input, strlen (input));
  return g_strconcat (input, ".", signature, NULL);
}

/* A header that names another algorithm, or an extension that must be understood, is refused. */
static gboolean
header_is_ours (const char *text, gsize length)
{
  AnnotJsonReader reader;
  AnnotJsonSpan name;
  gboolean algorithm = FALSE;

  annot_json_reader_init (&reader, text, length, 4);
  if (!annot_json_reader_begin_object (&reader))
    return FALSE;
  while (annot_json_reader_next_member (&reader, &name)) {
    AnnotJsonSpan value;

    if (annot_json_span_equal (&name, "crit"))
      return FALSE;
    if (!annot_json_span_equal (&name, "alg")) {
      if (!annot_json_reader_skip (&reader, NULL))
        return FALSE;
      continue;
    }
    if (algorithm || !annot_json_reader_read_string (&reader, &value) || !annot_json_span_equal (&value, "HS256"))
      return FALSE;
    algorithm = TRUE;
  }
  return annot_json_reader_finish (&reader) && algorithm;
}

static gboolean
read_text (AnnotJsonReader *reader, char **text)
{
  AnnotJsonSpan span;

  if (*text || !annot_json_reader_read_string (reader, &span))
    return FALSE;
  *text = annot_json_span_dup (&span);
  return *text && **text;
}

static gboolean
read_seconds (AnnotJsonReader *reader, gint64 *seconds)
{
  double value;

  if (!annot_json_reader_read_number (reader, &value) || !(value > 0 && value < 1e12))
    return FALSE;
  *seconds = (gint64) value;
  return TRUE;
}

static gboolean
read_roles (AnnotJsonReader *reader, AnnotRoles *roles)
{
  if (!annot_json_reader_begin_array (reader))
    return FALSE;
  while (annot_json_reader_next_element (reader)) {
    AnnotJsonSpan span;
    g_autofree char *name = NULL;

    if (!annot_json_reader_read_string (reader, &span))
      return FALSE;
    name = annot_json_span_dup (&span);
    if (name)
      *roles |= annot_role_from_string (name);
  }
  return !annot_json_reader_failed (reader);
}

static gboolean
read_member (AnnotJsonReader *reader, const AnnotJsonSpan *name, AnnotClaims *claims, gint64 *not_before)
{
  if (annot_json_span_equal (name, "sub"))
    return read_text (reader, &claims->account);
  if (annot_json_span_equal (name, "jti"))
    return read_text (reader, &claims->jti);
  if (annot_json_span_equal (name, "iat"))
    return read_seconds (reader, &claims->issued_at);
  if (annot_json_span_equal (name, "exp"))
    return read_seconds (reader, &claims->expires_at);
  if (annot_json_span_equal (name, "nbf"))
    return read_seconds (reader, not_before);
  if (annot_json_span_equal (name, "roles"))
    return read_roles (reader, &claims->roles);
  return annot_json_reader_skip (reader, NULL);
}

static AnnotClaims *
read_claims (const char *text, gsize length, gint64 now, GError **error)
{
  g_autoptr (AnnotClaims) claims = g_new0 (AnnotClaims, 1);
  AnnotJsonReader reader;
  AnnotJsonSpan name;
  gint64 not_before = 0;
  gboolean good;

  annot_json_reader_init (&reader, text, length, 8);
  good = annot_json_reader_begin_object (&reader);
  while (good && annot_json_reader_next_member (&reader, &name))
    good = read_member (&reader, &name, claims, &not_before);
  if (!good || !annot_json_reader_finish (&reader) || !claims->account || !claims->jti || claims->issued_at == 0
      || claims->expires_at == 0) {
    g_set_error_literal (error, ANNOT_ERROR, ANNOT_ERROR_AUTH, "the token lacks sub, jti, iat or exp");
    return NULL;
  }
  if (claims->expires_at <= now || claims->expires_at <= claims->issued_at) {
    g_set_error_literal (error, ANNOT_ERROR, ANNOT_ERROR_AUTH, "the token has expired");
    return NULL;
  }
  /* A token of our own from before the clock went back has an `iat` to come: the signature says that it is good. */
  if (not_before > now + ANNOT_JWT_LEEWAY) {
    g_set_error_literal (error, ANNOT_ERROR, ANNOT_ERROR_AUTH, "the token is not valid yet");
    return NULL;
  }
  return g_steal_pointer (&claims);
}

/**
 * annot_jwt_verify:
 * @token: what came
 * @secret: the signing secret
 * @now: seconds since 1970 UTC
 * @error: %ANNOT_ERROR_AUTH
 *
 * Returns: (transfer full) (nullable): what the token says
 */
AnnotClaims *
annot_jwt_verify (const char *token, GBytes *secret, gint64 now, GError **error)
{
  gsize length = strnlen (token, MAX_TOKEN + 1);
  const char *first_dot = length <= MAX_TOKEN ? strchr (token, '.') : NULL;
  const char *second_dot = first_dot ? strchr (first_dot + 1, '.') : NULL;
  g_autofree char *signature = NULL;
  g_autofree char *header = NULL;
  g_autofree char *body = NULL;
  gsize header_length = 0;
  gsize body_length = 0;

  if (!second_dot || strchr (second_dot + 1, '.')) {
    g_set_error_literal (error, ANNOT_ERROR, ANNOT_ERROR_AUTH, "the token is not a signed session token");
    return NULL;
  }
  signature = annot_jwt_hmac (secret, token, (gsize) (second_dot - token));
  if (!annot_secret_equal (signature, second_dot + 1)) {
    g_set_error_literal (error, ANNOT_ERROR, ANNOT_ERROR_AUTH, "the token's signature is wrong");
    return NULL;
  }
  header = decode (token, (gsize) (first_dot - token), &header_length);
  body = decode (first_dot + 1, (gsize) (second_dot - first_dot - 1), &body_length);
  if (!header || !body || !header_is_ours (header, header_length)) {
    g_set_error_literal (error, ANNOT_ERROR, ANNOT_ERROR_AUTH, "the token is not one of HS256");
    return NULL;
  }
  return read_claims (body, body_length, now, error);
}
