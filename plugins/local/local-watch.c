/* SPDX-License-Identifier: Apache-2.0 */
/* Tells of changes in a directory, by inotify. */
#include "local-watch.h"

#include "local-file.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/inotify.h>
#include <unistd.h>

#define CHANGES (IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ONLYDIR)

struct LocalWatch {
  char *directory;
  LocalFd fd;
  int descriptor; /* -1: not watching */
  GSource *source;
  LocalWatchFunc func;
  gpointer user_data;
};

static void
take_event (LocalWatch *self, const struct inotify_event *event)
{
  if (event->mask & IN_IGNORED)
    self->descriptor = -1;
  /* After an overflow nobody knows what changed. */
  if (event->mask & IN_Q_OVERFLOW)
    self->func ("", self->user_data);
  else if (event->len > 0)
    self->func (event->name, self->user_data);
}

static gboolean
on_readable (int fd, GIOCondition condition, gpointer user_data)
{
  LocalWatch *self = user_data;
  _Alignas(struct inotify_event) char buffer[16384];
  gssize count = read (fd, buffer, sizeof buffer);

  if (count <= 0)
    return count < 0 && (errno == EAGAIN || errno == EINTR) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
  for (gssize at = 0; at < count;) {
    const struct inotify_event *event = (const void *) (buffer + at);

    take_event (self, event);
    at += (gssize) (sizeof *event + event->len);
  }
  return G_SOURCE_CONTINUE;
}

void
local_watch_refresh (LocalWatch *self)
{
  if (self->fd >= 0 && self->descriptor < 0)
    self->descriptor = inotify_add_watch (self->fd, self->directory, CHANGES);
}

LocalWatch *
local_watch_new (const char *directory, GMainContext *context, LocalWatchFunc func, gpointer user_data)
{
  LocalWatch *self = g_new0 (LocalWatch, 1);

  self->directory = g_strdup (directory);
  self->func = func;
  self->user_data = user_data;
  self->descriptor = -1;
  self->fd = inotify_init1 (IN_CLOEXEC | IN_NONBLOCK);
  if (self->fd < 0) {
    g_message ("local: no inotify (%s): %s is looked at once a second", g_strerror (errno), directory);
    return self;
  }
  local_watch_refresh (self);
  self->source = g_unix_fd_source_new (self->fd, G_IO_IN);
  g_source_set_callback (self->source, G_SOURCE_FUNC (on_readable), self, NULL);
  g_source_set_static_name (self->source, "local watch");
  g_source_attach (self->source, context);
  return self;
}

void
local_watch_free (LocalWatch *self)
{
  if (self->source) {
    g_source_destroy (self->source);
    g_source_unref (self->source);
  }
  local_fd_clear (&self->fd);
  g_free (self->directory);
  g_free (self);
}
