/* SPDX-License-Identifier: Apache-2.0 */
/* The web page's files, read once and served from memory. */
#include "annot-static.h"

#include "annot-compress.h"
#include "annot-request-private.h"

#define MAX_FILE (16 * 1024 * 1024)
#define MAX_DEPTH 4
#define COMPRESS_LEVEL 9

typedef struct {
  const char *type;
  GBytes *plain;
  GBytes *gzip; /* NULL when that is not smaller */
  char *etag;
  char *gzip_etag;
  gboolean is_hashed;
} File;

struct _AnnotStatic {
  GHashTable *files; /* "/js/main.js" to File */
};

static const struct {
  const char *extension;
  const char *type;
} types[] = {
  { ".html", "text/html; charset=utf-8" },
  { ".js", "text/javascript; charset=utf-8" },
  { ".mjs", "text/javascript; charset=utf-8" },
  { ".css", "text/css; charset=utf-8" },
  { ".json", "application/json" },
  { ".webmanifest", "application/manifest+json" },
  { ".svg", "image/svg+xml" },
  { ".png", "image/png" },
  { ".ico", "image/x-icon" },
  { ".webp", "image/webp" },
  { ".woff2", "font/woff2" },
  { ".txt", "text/plain; charset=utf-8" },
};

static void
free_file (File *file)
{
  g_bytes_unref (file->plain);
  g_clear_pointer (&file->gzip, g_bytes_unref);
  g_free (file->etag);
  g_free (file->gzip_etag);
  g_free (file);
}

static const char *
type_of (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    if (g_str_has_suffix (name, types[i].extension)) {
      return types[i].type;
    }
  }
  return NULL;
}

/* "main-3f2a9c01.js": a part of eight or more hex digits before the extension. */
static gboolean
has_hash (const char *name)
{
  const char *dot = strrchr (name, '.');
  gsize digits = 0;
  while (dot != NULL && dot - digits > name && g_ascii_isxdigit (dot[-1 - (gssize)digits])) {
    digits++;
  }
  return digits >= 8 && dot - digits > name && strchr ("-._", dot[-1 - (gssize)digits]) != NULL;
}

static void
load_file (AnnotStatic *self, const char *file_name, const char *path)
{
  const char *type = type_of (path);
  g_autoptr (GMappedFile) mapped = type != NULL ? g_mapped_file_new (file_name, FALSE, NULL) : NULL;
  if (mapped == NULL || g_mapped_file_get_length (mapped) > MAX_FILE) {
    return;
  }
  File *file = g_new0 (File, 1);
  file->type = type;
  /* A copy: the file may be replaced under a mapping. */
  file->plain = g_bytes_new (g_mapped_file_get_contents (mapped), g_mapped_file_get_length (mapped));
  if (g_bytes_get_size (file->plain) >= ANNOT_COMPRESS_FROM && annot_compress_is_text (type)) {
    file->gzip = annot_compress (file->plain, COMPRESS_LEVEL);
  }
  g_autofree char *hash = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, file->plain);
  file->etag = g_strdup_printf ("\"%.32s\"", hash);
  file->gzip_etag = g_strdup_printf ("\"%.32s-gz\"", hash);
  file->is_hashed = has_hash (path);
  g_hash_table_insert (self->files, g_strdup (path), file);
}

static void
load_directory (AnnotStatic *self, const char *directory, const char *prefix, guint depth)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    if (name[0] == '.') {
      continue;
    }
    g_autofree char *file_name = g_build_filename (directory, name, NULL);
    g_autofree char *path = g_strconcat (prefix, "/", name, NULL);
    if (!g_file_test (file_name, G_FILE_TEST_IS_DIR)) {
      load_file (self, file_name, path);
    } else if (depth < MAX_DEPTH) {
      load_directory (self, file_name, path, depth + 1);
    }
  }
}

AnnotStatic *
annot_static_new (const char *directory)
{
  AnnotStatic *self = g_new0 (AnnotStatic, 1);
  self->files = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)free_file);
  load_directory (self, directory, "", 0);
  return self;
}

void
annot_static_free (AnnotStatic *self)
{
  g_hash_table_unref (self->files);
  g_free (self);
}

static File *
find (AnnotStatic *self, const char *path)
{
  if (g_str_equal (path, "/")) {
    return g_hash_table_lookup (self->files, "/index.html");
  }
  File *file = g_hash_table_lookup (self->files, path);
  if (file == NULL && strchr (path, '.') == NULL) {
    g_autofree char *page = g_strconcat (path, ".html", NULL);
    file = g_hash_table_lookup (self->files, page);
    /* The page asks for the password itself. */
    if (file == NULL && g_str_equal (path, "/login")) {
      file = g_hash_table_lookup (self->files, "/index.html");
    }
  }
  return file;
}

/* The weak comparison of RFC 9110, 13.1.2, over a list. */
static gboolean
has_etag (const char *if_none_match, const char *etag)
{
  return if_none_match != NULL && (g_str_equal (if_none_match, "*") || strstr (if_none_match, etag) != NULL);
}

gboolean
annot_static_respond (AnnotStatic *self, AnnotRequest *request)
{
  File *file = find (self, annot_request_get_path (request));
  if (file == NULL) {
    return FALSE;
  }
  gboolean zipped
      = file->gzip != NULL && annot_compress_accepted (annot_request_get_header (request, "Accept-Encoding"));
  const char *etag = zipped ? file->gzip_etag : file->etag;
  annot_request_set_header (request, "ETag", etag);
  annot_request_set_header (request, "Cache-Control",
                            file->is_hashed ? "public, max-age=31536000, immutable" : "no-cache");
  if (file->gzip != NULL) {
    annot_request_add_header (request, "Vary", "Accept-Encoding");
  }
  if (has_etag (annot_request_get_header (request, "If-None-Match"), etag)) {
    annot_request_respond (request, 304, NULL, NULL);
    return TRUE;
  }
  request->is_encoded = TRUE;
  if (zipped) {
    annot_request_set_header (request, "Content-Encoding", "gzip");
  }
  annot_request_respond (request, 200, file->type, zipped ? file->gzip : file->plain);
  return TRUE;
}
