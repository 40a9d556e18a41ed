/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords by crypt(3), secrets by the kernel's random numbers. */
#include "annot-password.h"

#include <crypt.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define PASSWORD_MIN_CHARACTERS 8
/* A setting with the cost of crypt_gensalt(3)'s default: what is hashed for an account that does not exist. */
#define DUMMY_SETTING "$y$j9T$F5Jx5fExrKuPp53xLKQ..1"

/* Returns: (transfer full) (nullable): what crypt(3) makes of it, NULL when it refuses */
static char *
hash_with (const char *password, const char *setting)
{
  struct crypt_data *data = g_new0 (struct crypt_data, 1);
  const char *hash = crypt_r (password, setting, data);
  char *copy = hash && hash[0] != '*' ? g_strdup (hash) : NULL;

  explicit_bzero (data, sizeof *data);
  g_free (data);
  return copy;
}

static gboolean
password_check (const char *password, GError **error)
{
  gsize length = strlen (password);

  if (length >= CRYPT_MAX_PASSPHRASE_SIZE) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "password: must be shorter than %d bytes",
                 CRYPT_MAX_PASSPHRASE_SIZE);
    return FALSE;
  }
  if (!g_utf8_validate (password, (gssize) length, NULL)) {
    g_set_error_literal (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "password: must be UTF-8");
    return FALSE;
  }
  if (g_utf8_strlen (password, -1) < PASSWORD_MIN_CHARACTERS) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "password: must have at least %d characters",
                 PASSWORD_MIN_CHARACTERS);
    return FALSE;
  }
  return TRUE;
}

/**
 * annot_password_hash:
 * @password: the password, 8 characters to 511 bytes of UTF-8
 * @error: (nullable): %ANNOT_ERROR_INVALID
 *
 * Hashes with yescrypt at the default cost of crypt(3): about a tenth of a second. Any thread.
 *
 * Returns: (transfer full) (nullable): a crypt(5) string
 */
char *
annot_password_hash (const char *password, GError **error)
{
  char *setting = NULL, *hash;

  if (!password_check (password, error))
    return NULL;
  /* Plain memory of malloc(3), not GLib's: the salt comes from the kernel. */
  setting = crypt_gensalt_ra ("$y$", 0, NULL, 0);
  hash = setting ? hash_with (password, setting) : NULL;
  free (setting);
  if (!hash)
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "password: cannot be hashed: %s", g_strerror (errno));
  return hash;
}

/**
 * annot_password_verify:
 * @password: what was given
 * @hash: (nullable): the account's crypt(5) string
 *
 * Takes the same time for an account without a hash as for a wrong password. Any thread.
 *
 * Returns: %TRUE when @password is the one
 */
gboolean
annot_password_verify (const char *password, const char *hash)
{
  gboolean usable = hash && crypt_checksalt (hash) == CRYPT_SALT_OK && strlen (password) < CRYPT_MAX_PASSPHRASE_SIZE;
  char *computed = usable ? hash_with (password, hash) : hash_with ("", DUMMY_SETTING);
  gboolean equal = usable && computed && annot_secret_equal (computed, hash);

  annot_secret_free (computed);
  return equal;
}

/**
 * annot_secret_free:
 * @secret: (nullable) (transfer full): a secret text
 *
 * Overwrites and frees it.
 */
void
annot_secret_free (char *secret)
{
  if (secret)
    explicit_bzero (secret, strlen (secret));
  g_free (secret);
}

/**
 * annot_secret_equal:
 * @a: one text
 * @b: another
 *
 * The time it takes depends on the lengths only, not on where they differ.
 *
 * Returns: %TRUE when they are equal
 */
gboolean
annot_secret_equal (const char *a, const char *b)
{
  gsize length = strlen (a);
  guchar difference = 0;

  if (length != strlen (b))
    return FALSE;
  for (gsize i = 0; i < length; i++)
    difference |= (guchar) (a[i] ^ b[i]);
  return difference == 0;
}

/**
 * annot_secret_random:
 * @n: how many bytes
 *
 * Returns: (transfer full): that many random bytes in base64url without padding
 */
char *
annot_secret_random (gsize n)
{
  g_autofree guchar *bytes = g_malloc (n);
  char *text;

  for (gsize done = 0; done < n;) {
    gssize got = getrandom (bytes + done, n - done, 0);

    if (got < 0 && errno != EINTR)
      g_error ("The kernel gives no random numbers: %s", g_strerror (errno));
    done += got > 0 ? (gsize) got : 0;
  }
  text = g_base64_encode (bytes, n);
  explicit_bzero (bytes, n);
  text[strcspn (text, "=")] = '\0';
  g_strdelimit (text, "+", '-');
  return g_strdelimit (text, "/", '_');
}

char *
annot_token_make (void)
{
  char *secret = annot_secret_random (32);
  char *token = g_strconcat ("annot_", secret, NULL);

  annot_secret_free (secret);
  return token;
}

char *
annot_token_digest (const char *token)
{
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, token, -1);
}

gboolean
annot_account_name_check (const char *name, GError **error)
{
  const char *at = name;

  while (g_ascii_isalnum (*at) || (*at && strchr ("._@-", *at)))
    at++;
  if (at > name && at - name <= 64 && *at == '\0')
    return TRUE;
  g_set_error_literal (error, ANNOT_ERROR, ANNOT_ERROR_INVALID,
                       "username: must be 1 to 64 of the characters A-Z a-z 0-9 . _ @ -");
  return FALSE;
}
