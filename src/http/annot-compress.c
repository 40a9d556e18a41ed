/* SPDX-License-Identifier: Apache-2.0 */
/* gzip for answers. */
#include "annot-compress.h"

#include <string.h>

static gboolean
refuses (char **parameters)
{
  for (guint i = 1; parameters[i] != NULL; i++) {
    const char *parameter = g_strstrip (parameters[i]);
    if (g_ascii_strncasecmp (parameter, "q=", 2) == 0 && g_ascii_strtod (parameter + 2, NULL) <= 0) {
      return TRUE;
    }
  }
  return FALSE;
}

gboolean
annot_compress_accepted (const char *accept_encoding)
{
  if (accept_encoding == NULL) {
    return FALSE;
  }
  gboolean any = FALSE;
  g_auto (GStrv) codings = g_strsplit (accept_encoding, ",", 32);
  for (guint i = 0; codings[i] != NULL; i++) {
    g_auto (GStrv) parameters = g_strsplit (codings[i], ";", 4);
    if (parameters[0] == NULL) {
      continue;
    }
    const char *coding = g_strstrip (parameters[0]);
    if (g_ascii_strcasecmp (coding, "gzip") == 0) {
      return !refuses (parameters);
    }
    any |= g_str_equal (coding, "*") && !refuses (parameters);
  }
  return any;
}

gboolean
annot_compress_is_text (const char *content_type)
{
  static const char *const types[] = { "text/",
                                       "application/json",
                                       "application/problem+json",
                                       "application/x-ndjson",
                                       "application/javascript",
                                       "application/manifest+json",
                                       "application/xml",
                                       "image/svg+xml",
                                       NULL };
  for (guint i = 0; content_type != NULL && types[i] != NULL; i++) {
    if (g_str_has_prefix (content_type, types[i])) {
      return TRUE;
    }
  }
  return FALSE;
}

GBytes *
annot_compress (GBytes *plain, int level)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (plain, &size);
  g_autoptr (GZlibCompressor) compressor = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, level);
  g_autofree guint8 *out = g_malloc (size);
  gsize read = 0;
  gsize written = 0;
  GConverterResult result = G_CONVERTER_CONVERTED;
  while (result == G_CONVERTER_CONVERTED && written < size) {
    gsize used, made;
    result = g_converter_convert (G_CONVERTER (compressor), data + read, size - read, out + written, size - written,
                                  G_CONVERTER_INPUT_AT_END, &used, &made, NULL);
    if (result == G_CONVERTER_ERROR) {
      return NULL;
    }
    read += used;
    written += made;
  }
  return result == G_CONVERTER_FINISHED && written < size ? g_bytes_new (out, written) : NULL;
}
