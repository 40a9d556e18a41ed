/* SPDX-License-Identifier: Apache-2.0 */
/* The error domain and what follows from a code. */
#include <annotationd/annotationd.h>

#include <string.h>

GQuark
annot_error_quark (void)
{
  return g_quark_from_static_string ("annot-error");
}

gboolean
annot_error_is_transient (const GError *error)
{
  return g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY)
         || g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_NOT_CONNECTED)
         || g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_TIMEOUT)
         || g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_NO_SPACE);
}

const char *
annot_error_name (AnnotError code)
{
  static const char *const names[] = {
    [ANNOT_ERROR_TEMPORARY] = "temporary",
    [ANNOT_ERROR_PERMANENT] = "permanent",
    [ANNOT_ERROR_AUTH] = "auth",
    [ANNOT_ERROR_CONFIG] = "config",
    [ANNOT_ERROR_NOT_CONNECTED] = "not-connected",
    [ANNOT_ERROR_TIMEOUT] = "timeout",
    [ANNOT_ERROR_NO_SPACE] = "no-space",
    [ANNOT_ERROR_NOT_FOUND] = "not-found",
    [ANNOT_ERROR_EXISTS] = "exists",
    [ANNOT_ERROR_STALE] = "stale",
    [ANNOT_ERROR_FINISHED] = "finished",
    [ANNOT_ERROR_INVALID] = "invalid",
  };

  return (guint) code < G_N_ELEMENTS (names) ? names[code] : "unknown";
}

char *
annot_error_split_field (const GError *error, const char **message)
{
  const char *end = error->message;

  while (g_ascii_isalnum (*end) || (*end && strchr ("_.[]*-", *end)))
    end++;
  if (end == error->message || !g_str_has_prefix (end, ": ")) {
    if (message)
      *message = error->message;
    return NULL;
  }
  if (message)
    *message = end + 2;
  return g_strndup (error->message, (gsize) (end - error->message));
}
