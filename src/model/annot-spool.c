/* SPDX-License-Identifier: Apache-2.0 */
/* A temporary file that nobody else sees and that goes away with its descriptor. */
#include "annot-spool.h"

#include <annotationd/annotationd.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

#define BUFFER_SIZE (64 * 1024)

struct _AnnotSpool {
  int fd;
  guint64 length;
  guint64 taken;
  GByteArray *buffer;
  GError *error;
};

AnnotSpool *
annot_spool_new (void)
{
  AnnotSpool *self = g_new0 (AnnotSpool, 1);

  self->fd = -1;
  self->buffer = g_byte_array_sized_new (BUFFER_SIZE);
  return self;
}

void
annot_spool_free (AnnotSpool *self)
{
  if (self->fd >= 0)
    close (self->fd);
  g_byte_array_unref (self->buffer);
  g_clear_error (&self->error);
  g_free (self);
}

static gboolean
fail (AnnotSpool *self, const char *what, int code)
{
  if (!self->error)
    self->error
        = g_error_new (ANNOT_ERROR, code == ENOSPC || code == EDQUOT ? ANNOT_ERROR_NO_SPACE : ANNOT_ERROR_TEMPORARY,
                       "The temporary file in %s cannot be %s: %s", g_get_tmp_dir (), what, g_strerror (code));
  return FALSE;
}

static gboolean
open_file (AnnotSpool *self)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) error = NULL;

  if (self->fd >= 0)
    return TRUE;
  self->fd = g_file_open_tmp ("annotationd-XXXXXX", &path, &error);
  if (self->fd < 0) {
    g_set_error (&self->error, ANNOT_ERROR, ANNOT_ERROR_TEMPORARY, "%s", error->message);
    return FALSE;
  }
  g_unlink (path);
  return TRUE;
}

static gboolean
flush (AnnotSpool *self)
{
  gsize done = 0;

  if (self->error || (self->buffer->len > 0 && !open_file (self)))
    return FALSE;
  while (done < self->buffer->len) {
    gssize written = write (self->fd, self->buffer->data + done, self->buffer->len - done);

    if (written < 0 && errno != EINTR)
      return fail (self, "written", errno);
    done += written > 0 ? (gsize) written : 0;
  }
  g_byte_array_set_size (self->buffer, 0);
  return TRUE;
}

void
annot_spool_append (AnnotSpool *self, gconstpointer data, gsize length)
{
  if (self->error)
    return;
  g_byte_array_append (self->buffer, data, (guint) length);
  self->length += length;
  if (self->buffer->len >= BUFFER_SIZE)
    flush (self);
}

guint64
annot_spool_get_length (AnnotSpool *self)
{
  return self->length;
}

gboolean
annot_spool_read (AnnotSpool *self, GByteArray *out)
{
  guint start = out->len;
  gsize wanted = MIN (BUFFER_SIZE, self->length - self->taken), done = 0;

  if (wanted == 0 || !flush (self))
    return FALSE;
  g_byte_array_set_size (out, start + (guint) wanted);
  while (done < wanted && !self->error) {
    gssize got = pread (self->fd, out->data + start + done, wanted - done, (off_t) (self->taken + done));

    if (got == 0 || (got < 0 && errno != EINTR))
      fail (self, "read", got < 0 ? errno : EIO);
    done += got > 0 ? (gsize) got : 0;
  }
  g_byte_array_set_size (out, start + (guint) done);
  self->taken += done;
  return !self->error && self->taken < self->length;
}

const GError *
annot_spool_get_error (AnnotSpool *self)
{
  return self->error;
}
