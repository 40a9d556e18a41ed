/* SPDX-License-Identifier: Apache-2.0 */
/* Signed session tokens: JSON Web Tokens (RFC 7519) with HS256 and nothing else. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/* Clocks of two instances may differ by so much, seconds. */
#define ANNOT_JWT_LEEWAY 60

/**
 * AnnotClaims:
 * @account: `sub`
 * @jti: id of the token
 * @issued_at: `iat`, seconds since 1970 UTC
 * @expires_at: `exp`, seconds since 1970 UTC
 * @roles: `roles`
 *
 * What a token says.
 */
typedef struct {
  char *account;
  char *jti;
  gint64 issued_at;
  gint64 expires_at;
  AnnotRoles roles;
} AnnotClaims;

void annot_claims_free (AnnotClaims *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotClaims, annot_claims_free)

/* Returns: (transfer full): the compact form of the token; `scopes` repeats the roles for older readers */
char *annot_jwt_sign (const AnnotClaims *claims, GBytes *secret);
/* Checks the signature in constant time before anything else is read; the algorithm is HS256, whatever the header says.
 * now: seconds since 1970 UTC. Returns: (transfer full) (nullable): ANNOT_ERROR_AUTH with the reason */
AnnotClaims *annot_jwt_verify (const char *token, GBytes *secret, gint64 now, GError **error);
/* Returns: (transfer full): HMAC-SHA256 of text in base64url without padding */
char *annot_jwt_hmac (GBytes *secret, const char *text, gsize length);

G_END_DECLS
