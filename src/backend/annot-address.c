/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the passwords in the address of a server, so that the rest of it can be printed. */
#include "annot-config-private.h"

#include <string.h>

#define HIDDEN "(hidden)"

static gboolean
is_password_key (const char *key, gsize length)
{
  static const char *const suffixes[] = { "password", "passwd", "passphrase", "pwd" };

  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++) {
    gsize size = strlen (suffixes[i]);

    if (length >= size && g_ascii_strncasecmp (key + length - size, suffixes[i], size) == 0)
      return TRUE;
  }
  return FALSE;
}

/* Hosts with their ports, and no user. */
#define HOSTS "^((\\[[^\\]]+\\]|[^:\\[\\],;]+)(:\\d*)?([,;]|$))*$"
/* The same, where a host may be left out. */
#define PORTS "^((\\[[^\\]]+\\]|[^:\\[\\],;]*)(:\\d*)?([,;]|$))*$"

static gboolean
is_authority (const char *pattern, const char *text)
{
  g_autofree char *authority = g_strndup (text, strcspn (text, "/?#"));

  return g_regex_match_simple (pattern, authority, 0, 0);
}

/* The end of the user and password, which begin at text. A password should have its /, ? and @ percent-encoded; where
 * they are not, the @ before the host is still the last one. */
static const char *
find_user_end (const char *text)
{
  gsize before_query = strcspn (text, "?#");
  const char *at = memrchr (text, '@', before_query);

  /* An @ further on belongs to no password then. */
  if (!at && !is_authority (HOSTS, text))
    at = strrchr (text, '@');
  return at;
}

static void
mask_query (GString *out, const char *query)
{
  while (*query) {
    gsize length = strcspn (query, "&");
    gsize key = strcspn (query, "=&");
    gboolean hidden = key < length && is_password_key (query, key);

    g_string_append_len (out, query, hidden ? (gssize) key + 1 : (gssize) length);
    if (hidden)
      g_string_append (out, HIDDEN);
    query += length;
    if (*query == '&')
      g_string_append_c (out, *query++);
  }
}

/* marks: what the parameters may begin with */
static void
mask_parameters (GString *out, const char *text, const char *marks)
{
  gsize path = strcspn (text, marks);

  g_string_append_len (out, text, (gssize) path);
  text += path;
  if (*text)
    g_string_append_c (out, *text++);
  mask_query (out, text);
}

/* rest: where user and password may stand; NULL when the URL can have none. marks: as above */
static char *
mask_url (const char *url, const char *rest, const char *marks)
{
  g_autoptr (GString) out = g_string_new (NULL);
  const char *at = rest ? find_user_end (rest) : NULL;
  const char *colon = at ? memchr (rest, ':', (gsize) (at - rest)) : NULL;

  if (at) {
    g_string_append_len (out, url, (colon ? colon + 1 : at) - url);
    g_string_append (out, colon ? HIDDEN : "");
    url = at;
  } else if (rest && !is_authority (PORTS, rest)) {
    /* A user and password whose host has been left out. */
    g_string_append_len (out, url, rest - url);
    g_string_append (out, HIDDEN);
    url = rest + strcspn (rest, "/?#");
  }
  mask_parameters (out, url, marks);
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static char *
mask_unix (const char *address)
{
  gboolean has_user = g_str_has_prefix (address, "unix://") && !g_str_has_prefix (address, "unix:///");

  /* A slip that no host would hide. */
  return mask_url (address, has_user ? address + strlen ("unix://") : NULL, "?&");
}

/* Where a value of libpq's form ends: quoted by ', or up to a space; \ takes the next character as it is. */
static const char *
find_value_end (const char *value)
{
  gboolean quoted = *value == '\'';
  const char *at = quoted ? value + 1 : value;

  for (; *at; at++) {
    if (*at == '\\' && at[1])
      at++;
    else if (quoted && *at == '\'')
      return at + 1;
    else if (!quoted && g_ascii_isspace (*at))
      return at;
  }
  return at;
}

static const char *
skip_spaces (const char *text)
{
  while (g_ascii_isspace (*text))
    text++;
  return text;
}

static char *
mask_pairs (const char *text)
{
  g_autoptr (GString) out = g_string_new (NULL);
  gboolean hidden = FALSE;

  while (*text) {
    const char *key = skip_spaces (text);
    gsize length = strcspn (key, "= \t\r\n\f\v");
    const char *value = skip_spaces (key + length);
    const char *end = NULL;

    /* What has no name after a password is more of it, which should have been quoted. */
    if (hidden && *value != '=')
      break;
    if (*value == '=')
      value = skip_spaces (value + 1);
    end = find_value_end (value);
    if (is_password_key (key, length)) {
      g_string_append_printf (out, "%.*s" HIDDEN, (int) (value - text), text);
      hidden = TRUE;
    } else {
      g_string_append_len (out, text, end - text);
    }
    text = end;
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

char *
annot_address_mask (const char *address)
{
  const char *slashes = strstr (address, "://");

  if (g_str_has_prefix (address, "unix:"))
    return mask_unix (address);
  if (slashes && slashes - address == (gssize) strspn (address, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "+-."))
    return mask_url (address, slashes + strlen ("://"), "?");
  /* A URL that is written wrong: nobody knows what is what in it. */
  if (strchr (address, '@') && !strchr (address, '='))
    return g_strdup (HIDDEN);
  return mask_pairs (address);
}

/* Pass-through keys have no flags of their own; their names tell. */
static gboolean
is_secret_name (const char *key)
{
  static const char *const telling[] = { "password", "passphrase", "secret", "token", "key.pem", "oauth" };
  g_autofree char *lower = g_ascii_strdown (key, -1);

  for (guint i = 0; i < G_N_ELEMENTS (telling); i++) {
    if (strstr (lower, telling[i]))
      return TRUE;
  }
  return FALSE;
}

gboolean
annot_option_is_secret (const AnnotOption *option, const char *key, const char *text)
{
  g_autofree char *masked = NULL;

  if (option->flags & ANNOT_OPTION_SECRET || (option->type == ANNOT_OPTION_PREFIX && is_secret_name (key)))
    return TRUE;
  if (!(option->flags & ANNOT_OPTION_ADDRESS))
    return FALSE;
  masked = annot_address_mask (text);
  return !g_str_equal (masked, text);
}
