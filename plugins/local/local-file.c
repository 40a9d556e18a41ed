/* SPDX-License-Identifier: Apache-2.0 */
/* Files as the broker needs them. */
#include "local-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FINGERPRINT_BYTES 1024

void
local_fd_clear (LocalFd *fd)
{
  if (*fd >= 0)
    close (*fd);
  *fd = -1;
}

gboolean
local_set_errno (GError **error, int saved_errno, const char *what, const char *path)
{
  gboolean full = saved_errno == ENOSPC || saved_errno == EDQUOT || saved_errno == EFBIG;
  const char *reason = saved_errno == EINVAL ? "not a regular file" : g_strerror (saved_errno);

  g_set_error (error, ANNOT_ERROR, full ? ANNOT_ERROR_NO_SPACE : ANNOT_ERROR_TEMPORARY, "local: cannot %s %s: %s", what,
               path, reason);
  return FALSE;
}

int
local_open (const char *path, int flags, mode_t mode)
{
  /* O_NONBLOCK: a pipe of that name must not hold the thread. */
  g_auto (LocalFd) fd = open (path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, mode);
  struct stat status;

  if (fd < 0)
    return -1;
  if (fstat (fd, &status) < 0)
    return -1;
  if (!S_ISREG (status.st_mode)) {
    local_fd_clear (&fd);
    errno = EINVAL;
    return -1;
  }
  return g_steal_fd (&fd);
}

gssize
local_read_at (int fd, gpointer data, gsize length, gint64 offset)
{
  gsize done = 0;

  while (done < length) {
    gssize count = pread (fd, (char *) data + done, length - done, offset + (gint64) done);

    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return -1;
    if (count == 0)
      break;
    done += (gsize) count;
  }
  return (gssize) done;
}

gboolean
local_write_all (int fd, gconstpointer data, gsize length, gsize *written)
{
  *written = 0;
  while (*written < length) {
    gssize count = write (fd, (const char *) data + *written, length - *written);

    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return FALSE;
    *written += (gsize) count;
  }
  return TRUE;
}

gboolean
local_sync_directory (const char *directory, GError **error)
{
  g_auto (LocalFd) fd = open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  if (fd < 0 || fsync (fd) < 0)
    return local_set_errno (error, errno, "sync directory", directory);
  return TRUE;
}

gboolean
local_replace_file (const char *path, const char *data, gsize length, GError **error)
{
  g_autofree char *beside = g_strconcat (path, ".new", NULL);
  g_autofree char *directory = g_path_get_dirname (path);
  g_auto (LocalFd) fd = local_open (beside, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  gsize written = 0;

  if (fd < 0)
    return local_set_errno (error, errno, "create", beside);
  if (!local_write_all (fd, data, length, &written) || fsync (fd) < 0)
    return local_set_errno (error, errno, "write", beside);
  if (rename (beside, path) < 0)
    return local_set_errno (error, errno, "replace", path);
  return local_sync_directory (directory, error);
}

char *
local_fingerprint (int fd, gint64 offset)
{
  g_autoptr (GChecksum) checksum = NULL;
  guint8 bytes[FINGERPRINT_BYTES];
  gsize length = (gsize) CLAMP (offset, 0, FINGERPRINT_BYTES);

  if (offset == 0)
    return g_strdup ("");
  checksum = g_checksum_new (G_CHECKSUM_SHA256);
  if (local_read_at (fd, bytes, length, 0) != (gssize) length)
    return NULL;
  g_checksum_update (checksum, bytes, (gssize) length);
  if (local_read_at (fd, bytes, length, offset - (gint64) length) != (gssize) length)
    return NULL;
  g_checksum_update (checksum, bytes, (gssize) length);
  return g_strdup (g_checksum_get_string (checksum));
}

static void
local_file_free (LocalFile *self)
{
  g_free (self->path);
  g_free (self);
}

static gboolean
append_if_there (GPtrArray *files, const char *path)
{
  struct stat status;
  LocalFile *file = NULL;

  if (stat (path, &status) < 0 || !S_ISREG (status.st_mode))
    return FALSE;
  file = g_new0 (LocalFile, 1);
  file->path = g_strdup (path);
  file->device = status.st_dev;
  file->inode = status.st_ino;
  file->size = status.st_size;
  g_ptr_array_add (files, file);
  return TRUE;
}

/* The number of `<base>.<number>`, 0 when the name is not of that form. */
static guint64
rotation_number (const char *name, const char *base)
{
  guint64 number = 0;

  if (!g_str_has_prefix (name, base) || name[strlen (base)] != '.'
      || !g_ascii_string_to_unsigned (name + strlen (base) + 1, 10, 1, G_MAXUINT32, &number, NULL))
    return 0;
  return number;
}

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  guint64 x = *(const guint64 *) a;
  guint64 y = *(const guint64 *) b;

  return x < y ? -1 : x > y;
}

GPtrArray *
local_list_rotated (const char *path)
{
  GPtrArray *files = g_ptr_array_new_with_free_func ((GDestroyNotify) local_file_free);
  g_autofree char *directory = g_path_get_dirname (path);
  g_autofree char *base = g_path_get_basename (path);
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (guint64));
  const char *name = NULL;

  append_if_there (files, path);
  while (dir && (name = g_dir_read_name (dir))) {
    guint64 number = rotation_number (name, base);

    if (number > 0)
      g_array_append_val (numbers, number);
  }
  g_array_sort (numbers, compare_numbers);
  for (guint i = 0; i < numbers->len; i++) {
    g_autofree char *rotated = g_strdup_printf ("%s.%" G_GUINT64_FORMAT, path, g_array_index (numbers, guint64, i));

    append_if_there (files, rotated);
  }
  return files;
}

char *
local_file_mark (guint64 device, guint64 inode, gint64 size)
{
  return g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT ":%" G_GINT64_FORMAT, device, inode, size);
}
