/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords and opaque tokens: hashing, checking, making. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/* Hashes with yescrypt by crypt(3). Takes about a tenth of a second of CPU: not on the main loop.
 * Returns: (transfer full) (nullable): crypt(5) string; INVALID for a password that is too short (8) or too long (512 bytes) */
ANNOT_API char *annot_password_hash (const char *password, GError **error);
/* Compares in constant time; a NULL hash costs the same and fails. Not on the main loop. */
ANNOT_API gboolean annot_password_verify (const char *password, const char *hash);
/* Overwrites and frees. */
ANNOT_API void annot_secret_free (char *secret);
/* Equal lengths are compared in constant time. */
ANNOT_API gboolean annot_secret_equal (const char *a, const char *b);
/* Returns: (transfer full): n random bytes of the kernel in base64url */
ANNOT_API char *annot_secret_random (gsize n);
/* Returns: (transfer full): a new opaque API token, `annot_` and 32 random bytes in base64url (not a JWT by its form) */
ANNOT_API char *annot_token_make (void);
/* Returns: (transfer full): SHA-256 hex, as AnnotToken.hash keeps it */
ANNOT_API char *annot_token_digest (const char *token);
/* INVALID unless `[A-Za-z0-9._@-]{1,64}`. */
ANNOT_API gboolean annot_account_name_check (const char *name, GError **error);

G_END_DECLS
