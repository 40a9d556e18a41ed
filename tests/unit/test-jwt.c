/* SPDX-License-Identifier: Apache-2.0 */
/* Signed tokens: what is signed reads back, and nothing else is believed. */
#include "http/annot-jwt.h"

#include <string.h>

#define NOW 1800000000

static GBytes *
secret_new (const char *text)
{
  return g_bytes_new (text, strlen (text));
}

static AnnotClaims *
claims_new (void)
{
  AnnotClaims *claims = g_new0 (AnnotClaims, 1);

  claims->account = g_strdup ("ann@example.org");
  claims->jti = g_strdup ("abc-_123");
  claims->issued_at = NOW;
  claims->expires_at = NOW + 3600;
  claims->roles = ANNOT_ROLE_ANNOTATOR | ANNOT_ROLE_ADMIN;
  return claims;
}

static char *
encode (const char *text)
{
  char *encoded = g_base64_encode ((const guchar *) text, strlen (text));

  g_strdelimit (encoded, "+", '-');
  g_strdelimit (encoded, "/", '_');
  encoded[strcspn (encoded, "=")] = '\0';
  return encoded;
}

/* A token of any header and body, rightly signed. */
static char *
forge (const char *header, const char *body, GBytes *secret)
{
  g_autofree char *first = encode (header);
  g_autofree char *second = encode (body);
  g_autofree char *input = g_strconcat (first, ".", second, NULL);
  g_autofree char *signature = annot_jwt_hmac (secret, input, strlen (input));

  return g_strconcat (input, ".", signature, NULL);
}

static void
assert_refused (const char *token, GBytes *secret, gint64 now)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotClaims) claims = annot_jwt_verify (token, secret, now, &error);

  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_AUTH);
  g_assert_null (claims);
}

static void
assert_accepted (const char *token, GBytes *secret, gint64 now)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotClaims) claims = annot_jwt_verify (token, secret, now, &error);

  g_assert_no_error (error);
  g_assert_nonnull (claims);
}

static void
test_round_trip (void)
{
  g_autoptr (GBytes) secret = secret_new ("0123456789abcdef0123456789abcdef");
  g_autoptr (AnnotClaims) claims = claims_new ();
  g_autofree char *token = annot_jwt_sign (claims, secret);
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotClaims) read = annot_jwt_verify (token, secret, NOW, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (read->account, ==, claims->account);
  g_assert_cmpstr (read->jti, ==, claims->jti);
  g_assert_cmpint (read->issued_at, ==, claims->issued_at);
  g_assert_cmpint (read->expires_at, ==, claims->expires_at);
  g_assert_cmpuint (read->roles, ==, claims->roles);
}

/* The example of RFC 7515, A.1: header, body and signature made by others. It has no sub, iat and jti, so it is refused
 * for what it says; with another signature it is refused for that. */
static void
test_known_signature (void)
{
  static const char input[]
      = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
  static const char key[] = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
  g_autofree char *standard = g_strconcat (key, "==", NULL);
  g_autofree guchar *bytes = NULL;
  g_autoptr (GBytes) secret = NULL;
  g_autofree char *signature = NULL;
  gsize length;

  g_strdelimit (standard, "-", '+');
  g_strdelimit (standard, "_", '/');
  bytes = g_base64_decode (standard, &length);
  secret = g_bytes_new (bytes, length);
  signature = annot_jwt_hmac (secret, input, strlen (input));
  g_assert_cmpstr (signature, ==, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
}

static void
test_times (void)
{
  g_autoptr (GBytes) secret = secret_new ("0123456789abcdef0123456789abcdef");
  g_autoptr (AnnotClaims) claims = claims_new ();
  g_autofree char *token = annot_jwt_sign (claims, secret);
  g_autofree char *early
      = forge ("{\"alg\":\"HS256\"}",
               "{\"sub\":\"a\",\"jti\":\"j\",\"iat\":1800000000,\"exp\":1800009999,\"nbf\":1800001000}", secret);
  g_autofree char *backwards
      = forge ("{\"alg\":\"HS256\"}", "{\"sub\":\"a\",\"jti\":\"j\",\"iat\":1800000002,\"exp\":1800000001}", secret);

  assert_refused (token, secret, NOW + 3600);
  assert_refused (token, secret, NOW + 1000000);
  assert_accepted (token, secret, NOW - 3600); /* the clock went back after it was signed */
  assert_refused (early, secret, NOW);
  assert_refused (backwards, secret, NOW);
}

static void
test_signature (void)
{
  g_autoptr (GBytes) secret = secret_new ("0123456789abcdef0123456789abcdef");
  g_autoptr (GBytes) other = secret_new ("0123456789abcdef0123456789abcdeF");
  g_autoptr (AnnotClaims) claims = claims_new ();
  g_autofree char *token = annot_jwt_sign (claims, secret);
  gsize length = strlen (token);
  gsize i;

  assert_refused (token, other, NOW);
  /* Every single changed byte is noticed. */
  for (i = 0; i < length; i++) {
    g_autofree char *changed = g_strdup (token);

    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    assert_refused (changed, secret, NOW);
  }
  for (i = 0; i < length; i++) {
    g_autofree char *cut = g_strndup (token, i);

    assert_refused (cut, secret, NOW);
  }
}

static void
test_algorithm (void)
{
  static const char body[]
      = "{\"sub\":\"a\",\"jti\":\"j\",\"iat\":1800000000,\"exp\":1800009999,\"roles\":[\"admin\"]}";
  static const char *const headers[] = {
    "{\"alg\":\"none\"}",
    "{\"alg\":\"HS512\",\"typ\":\"JWT\"}",
    "{\"typ\":\"JWT\"}",
    "{\"alg\":\"HS256\",\"alg\":\"none\"}",
    "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}",
    "{\"alg\":256}",
    "[]",
    "",
    "{\"alg\":\"HS256\"",
  };
  g_autoptr (GBytes) secret = secret_new ("0123456789abcdef0123456789abcdef");
  g_autofree char *good = forge ("{\"alg\":\"HS256\",\"kid\":\"1\"}", body, secret);
  g_autoptr (AnnotClaims) claims = annot_jwt_verify (good, secret, NOW, NULL);
  g_autofree char *first = encode ("{\"alg\":\"none\"}");
  g_autofree char *second = encode (body);
  g_autofree char *unsigned_token = g_strconcat (first, ".", second, ".", NULL);
  guint i;

  g_assert_nonnull (claims);
  for (i = 0; i < G_N_ELEMENTS (headers); i++) {
    g_autofree char *token = forge (headers[i], body, secret);

    assert_refused (token, secret, NOW);
  }
  assert_refused (unsigned_token, secret, NOW);
}

static void
test_claims (void)
{
  static const char *const bodies[] = {
    "{\"jti\":\"j\",\"iat\":1800000000,\"exp\":1800009999}",
    "{\"sub\":\"a\",\"iat\":1800000000,\"exp\":1800009999}",
    "{\"sub\":\"a\",\"jti\":\"j\",\"exp\":1800009999}",
    "{\"sub\":\"a\",\"jti\":\"j\",\"iat\":1800000000}",
    "{\"sub\":\"\",\"jti\":\"j\",\"iat\":1800000000,\"exp\":1800009999}",
    "{\"sub\":\"a\",\"sub\":\"b\",\"jti\":\"j\",\"iat\":1800000000,\"exp\":1800009999}",
    "{\"sub\":1,\"jti\":\"j\",\"iat\":1800000000,\"exp\":1800009999}",
    "{\"sub\":\"a\",\"jti\":\"j\",\"iat\":1800000000,\"exp\":\"1800009999\"}",
    "{\"sub\":\"a\",\"jti\":\"j\",\"iat\":1800000000,\"exp\":1e300}",
    "{\"sub\":\"a\",\"jti\":\"j\",\"iat\":1800000000,\"exp\":1800009999,\"roles\":\"admin\"}",
    "{\"sub\":\"a\",\"jti\":\"j\",\"iat\":1800000000,\"exp\":1800009999} {}",
    "null",
  };
  g_autoptr (GBytes) secret = secret_new ("0123456789abcdef0123456789abcdef");
  g_autofree char *unknown_role = forge (
      "{\"alg\":\"HS256\"}",
      "{\"sub\":\"a\",\"jti\":\"j\",\"iat\":1800000000,\"exp\":1800009999,\"roles\":[\"root\",\"annotator\"]}", secret);
  g_autoptr (AnnotClaims) claims = annot_jwt_verify (unknown_role, secret, NOW, NULL);
  guint i;

  g_assert_nonnull (claims);
  g_assert_cmpuint (claims->roles, ==, ANNOT_ROLE_ANNOTATOR);
  for (i = 0; i < G_N_ELEMENTS (bodies); i++) {
    g_autofree char *token = forge ("{\"alg\":\"HS256\"}", bodies[i], secret);

    assert_refused (token, secret, NOW);
  }
}

static void
test_form (void)
{
  g_autoptr (GBytes) secret = secret_new ("0123456789abcdef0123456789abcdef");
  g_autoptr (AnnotClaims) claims = claims_new ();
  g_autofree char *token = annot_jwt_sign (claims, secret);
  g_autofree char *longer = g_strconcat (token, ".", token, NULL);
  g_autofree char *padded = g_strconcat (token, "=", NULL);
  g_autofree char *huge = g_strnfill (100000, 'a');

  assert_refused ("", secret, NOW);
  assert_refused (".", secret, NOW);
  assert_refused ("..", secret, NOW);
  assert_refused ("...", secret, NOW);
  assert_refused (longer, secret, NOW);
  assert_refused (padded, secret, NOW);
  assert_refused (huge, secret, NOW);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/jwt/round-trip", test_round_trip);
  g_test_add_func ("/jwt/known-signature", test_known_signature);
  g_test_add_func ("/jwt/times", test_times);
  g_test_add_func ("/jwt/signature", test_signature);
  g_test_add_func ("/jwt/algorithm", test_algorithm);
  g_test_add_func ("/jwt/claims", test_claims);
  g_test_add_func ("/jwt/form", test_form);
  return g_test_run ();
}
