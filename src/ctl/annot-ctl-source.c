/* SPDX-License-Identifier: Apache-2.0 */
/* Where imported examples come from: JSON Lines files, standard input, folders of images. */
#include "annot-ctl-source.h"

#include "model/annot-json-writer.h"

#include <gio/gunixinputstream.h>
#include <string.h>
#include <unistd.h>

static gboolean
is_image (const char *name)
{
  static const char *const endings[] = { ".jpg", ".jpeg", ".png", ".webp" };
  g_autofree char *lower = g_ascii_strdown (name, -1);

  for (guint i = 0; i < G_N_ELEMENTS (endings); i++)
    if (g_str_has_suffix (lower, endings[i]))
      return TRUE;
  return FALSE;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* The folder's images in the order of their names. */
static GPtrArray *
list_images (const char *folder, GError **error)
{
  g_autoptr (GDir) directory = g_dir_open (folder, 0, error);
  GPtrArray *names;
  const char *name;

  if (!directory)
    return NULL;
  names = g_ptr_array_new_with_free_func (g_free);
  while ((name = g_dir_read_name (directory)))
    if (is_image (name))
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  return names;
}

guint64
annot_ctl_source_count (const char *name)
{
  g_autoptr (GPtrArray) images = NULL;
  g_autoptr (GMappedFile) file = NULL;
  const char *at;
  const char *end;
  guint64 lines = 0;

  if (g_file_test (name, G_FILE_TEST_IS_DIR)) {
    images = list_images (name, NULL);
    return images ? images->len : 0;
  }
  if (is_image (name))
    return 1;
  if (!g_file_test (name, G_FILE_TEST_IS_REGULAR) || !(file = g_mapped_file_new (name, FALSE, NULL)))
    return 0;
  at = g_mapped_file_get_contents (file);
  end = at + g_mapped_file_get_length (file);
  for (const char *next; at && at < end && (next = memchr (at, '\n', (gsize) (end - at))); at = next + 1)
    lines++;
  return at < end ? lines + 1 : lines;
}

static GString *
describe_image (const char *folder, const char *path, GError **error)
{
  g_autofree char *data = NULL;
  gsize length;
  g_autofree char *digest = NULL;
  g_autofree char *absolute = g_canonicalize_filename (folder, NULL);
  g_autofree char *camera = g_path_get_basename (absolute);
  g_autofree char *name = g_path_get_basename (path);
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInfo) info = NULL;
  g_autoptr (GBytes) bytes = NULL;
  GString *text;

  if (!g_file_get_contents (path, &data, &length, error))
    return NULL;
  info = g_file_query_info (file, G_FILE_ATTRIBUTE_TIME_MODIFIED, G_FILE_QUERY_INFO_NONE, NULL, error);
  if (!info)
    return NULL;
  digest = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) data, length);
  bytes = g_bytes_new_take (g_steal_pointer (&data), length);
  text = g_string_new ("{\"event_id\":");
  annot_json_append_string (text, digest, 32);
  g_string_append (text, ",\"camera_id\":");
  annot_json_append_string (text, camera, -1);
  g_string_append (text, ",\"timestamp\":");
  annot_json_append_time (text, (gint64) g_file_info_get_attribute_uint64 (info, G_FILE_ATTRIBUTE_TIME_MODIFIED)
                                    * G_USEC_PER_SEC);
  g_string_append (text, ",\"metadata\":{\"file\":");
  annot_json_append_string (text, name, -1);
  g_string_append (text, "},\"detections\":[],\"frame_data\":");
  annot_json_append_base64 (text, bytes);
  g_string_append_c (text, '}');
  return text;
}

/* One image by itself: of its folder's camera. */
static gboolean
read_image (const char *path, AnnotCtlDocument callback, gpointer user_data, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr (GString) text = describe_image (folder, path, error);

  return text && callback (path, text->str, text->len, user_data, error);
}

static gboolean
read_folder (const char *folder, AnnotCtlDocument callback, gpointer user_data, GError **error)
{
  g_autoptr (GPtrArray) names = list_images (folder, error);

  if (!names)
    return FALSE;
  if (names->len == 0) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, _ ("%s: no .jpg, .png or .webp in this folder"), folder);
    return FALSE;
  }
  for (guint i = 0; i < names->len; i++) {
    g_autofree char *path = g_build_filename (folder, g_ptr_array_index (names, i), NULL);
    g_autoptr (GString) text = describe_image (folder, path, error);

    if (!text || !callback (path, text->str, text->len, user_data, error))
      return FALSE;
  }
  return TRUE;
}

static GInputStream *
open_lines (const char *name, GError **error)
{
  g_autoptr (GFile) file = NULL;

  if (g_str_equal (name, "-"))
    return g_unix_input_stream_new (STDIN_FILENO, FALSE);
  file = g_file_new_for_commandline_arg (name);
  return G_INPUT_STREAM (g_file_read (file, NULL, error));
}

/* A file on its way to lines. Its bytes are bounded by the longest line that is taken. */
typedef struct {
  const char *name;
  gsize max_line;
  AnnotCtlDocument callback;
  gpointer user_data;
  GByteArray *bytes; /* from the start of a line on */
  gsize scanned;     /* of these, known to hold no newline */
  guint64 number;
} Lines;

static gboolean
take_line (Lines *self, const char *line, gsize length, GError **error)
{
  g_autofree char *where = g_strdup_printf ("%s:%" G_GUINT64_FORMAT, self->name, ++self->number);

  if (length > 0 && line[length - 1] == '\r')
    length--;
  if (length == 0)
    return TRUE;
  if (length <= self->max_line)
    return self->callback (where, line, length, self->user_data, error);
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, _ ("%s: the line is longer than %" G_GSIZE_FORMAT " bytes"),
               where, self->max_line);
  return FALSE;
}

/* Takes the lines that are whole, and the rest as one when it has grown too long to become one. */
static gboolean
take_lines (Lines *self, GError **error)
{
  const char *data = (const char *) self->bytes->data;
  gsize head = 0;
  const char *newline;

  while ((newline = memchr (data + head + self->scanned, '\n', self->bytes->len - head - self->scanned))) {
    if (!take_line (self, data + head, (gsize) (newline - data) - head, error))
      return FALSE;
    head = (gsize) (newline - data) + 1;
    self->scanned = 0;
  }
  if (head > 0)
    g_byte_array_remove_range (self->bytes, 0, (guint) head);
  self->scanned = self->bytes->len;
  /* One more for a carriage return. */
  return self->scanned <= self->max_line + 1
         || take_line (self, (const char *) self->bytes->data, self->scanned, error);
}

static gboolean
read_lines (const char *name, gsize max_line, AnnotCtlDocument callback, gpointer user_data, GError **error)
{
  g_autoptr (GInputStream) stream = NULL;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GError) inner = NULL;
  Lines lines = { name, max_line, callback, user_data, bytes, 0, 0 };
  guint8 piece[65536];
  gssize count;

  stream = open_lines (name, &inner);
  if (!stream) {
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "%s: %s", name, inner->message);
    return FALSE;
  }
  while ((count = g_input_stream_read (stream, piece, sizeof piece, NULL, &inner)) > 0) {
    g_byte_array_append (bytes, piece, (guint) count);
    if (!take_lines (&lines, error))
      return FALSE;
  }
  if (count < 0) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "%s: %s", name, inner->message);
    return FALSE;
  }
  return bytes->len == 0 || take_line (&lines, (const char *) bytes->data, bytes->len, error);
}

gboolean
annot_ctl_source_read (const char *name, gsize max_line, AnnotCtlDocument callback, gpointer user_data, GError **error)
{
  if (g_file_test (name, G_FILE_TEST_IS_DIR))
    return read_folder (name, callback, user_data, error);
  if (is_image (name))
    return read_image (name, callback, user_data, error);
  return read_lines (name, max_line, callback, user_data, error);
}
