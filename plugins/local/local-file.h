/* SPDX-License-Identifier: Apache-2.0 */
/* Files as the broker needs them: identity, fingerprint, complete reads and writes, errors that say what to do. */
#pragma once

#include <annotationd/annotationd.h>

#include <sys/stat.h>

G_BEGIN_DECLS

/* A file descriptor that closes itself. */
typedef int LocalFd;

void local_fd_clear (LocalFd *fd);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LocalFd, local_fd_clear)

/* Sets error from an errno: no space (disk, quota or file size limit) or temporary. Returns FALSE. */
gboolean local_set_errno (GError **error, int saved_errno, const char *what, const char *path);
/* Opens a regular file; anything else (a pipe, a directory) is refused. Returns -1 with errno set (EINVAL: not
 * regular). */
int local_open (const char *path, int flags, mode_t mode);
/* As pread(), but less than length only at the end of the file. -1 on error. */
gssize local_read_at (int fd, gpointer data, gsize length, gint64 offset);
/* Writes all; @written: how much of it is in the file, also on failure. */
gboolean local_write_all (int fd, gconstpointer data, gsize length, gsize *written);
/* Replaces a file as a whole, durably, by way of `<path>.new`: callers hold a lock, so a left one is of a crash. */
gboolean local_replace_file (const char *path, const char *data, gsize length, GError **error);
/* Makes a new name in the directory durable. */
gboolean local_sync_directory (const char *directory, GError **error);

/**
 * local_fingerprint:
 * @fd: an open file
 * @offset: a position in it
 *
 * A digest of the first and the last kilobyte before @offset: two files, or two lives of one, that agree in it are
 * taken to be the same up to there.
 *
 * Returns: (transfer full) (nullable): the digest, empty when @offset is 0, %NULL when the file is shorter or
 * unreadable
 */
char *local_fingerprint (int fd, gint64 offset);

/**
 * LocalFile:
 * @path: path
 * @device: its device
 * @inode: its inode
 * @size: bytes
 */
typedef struct {
  char *path;
  guint64 device;
  guint64 inode;
  gint64 size;
} LocalFile;

/* Returns: (transfer full) (element-type LocalFile): `path`, then `path.1`, `path.2` …: as far as they are there,
 * newest first */
GPtrArray *local_list_rotated (const char *path);
/* Returns: (transfer full): device, inode and size as one word */
char *local_file_mark (guint64 device, guint64 inode, gint64 size);

G_END_DECLS
