/* SPDX-License-Identifier: Apache-2.0 */
/* The chain of a topic's files: which one to open, and when one is finished. */
#include "local-chain.h"

#include "local-file.h"

#include <errno.h>
#include <fcntl.h>

void
local_segment_free (LocalSegment *self)
{
  local_fd_clear (&self->fd);
  g_free (self);
}

static gboolean
has_identity (const LocalFile *file, guint64 device, guint64 inode)
{
  return file->device == device && file->inode == inode;
}

/* Opens a listed file, if it is still the listed one. */
static LocalSegment *
open_listed (const LocalFile *file, GError **error)
{
  g_autoptr (LocalSegment) segment = g_new0 (LocalSegment, 1);
  struct stat status;

  segment->fd = local_open (file->path, O_RDONLY, 0);
  if (segment->fd < 0) {
    /* Renamed in between: the next look finds it under its new name. */
    if (errno != ENOENT)
      local_set_errno (error, errno, "open", file->path);
    return NULL;
  }
  if (fstat (segment->fd, &status) < 0 || status.st_dev != file->device || status.st_ino != file->inode)
    return NULL;
  segment->device = file->device;
  segment->inode = file->inode;
  return g_steal_pointer (&segment);
}

static gboolean
is_finished (const LocalFile *file, const LocalOffset *stored, GPtrArray *segments)
{
  g_autofree char *mark = local_file_mark (file->device, file->inode, file->size);

  if (stored && g_ptr_array_find_with_equal_func (stored->finished, mark, g_str_equal, NULL))
    return TRUE;
  for (guint i = 0; i < segments->len; i++) {
    const LocalSegment *segment = g_ptr_array_index (segments, i);

    if (segment->finished && has_identity (file, segment->device, segment->inode))
      return TRUE;
  }
  return FALSE;
}

/* Tries to go on at a known place: in the same file, or (if @copies) in another one. */
static LocalSegment *
open_at (GPtrArray *files, const LocalOffset *last, gboolean copies)
{
  for (guint i = 0; i < files->len; i++) {
    const LocalFile *file = g_ptr_array_index (files, i);
    g_autoptr (LocalSegment) segment = NULL;
    g_autofree char *fingerprint = NULL;

    if (file->size < last->position || has_identity (file, last->device, last->inode) == copies)
      continue;
    segment = open_listed (file, NULL);
    if (!segment)
      continue;
    fingerprint = local_fingerprint (segment->fd, last->position);
    if (g_strcmp0 (fingerprint, last->fingerprint) != 0)
      continue;
    segment->start = last->position;
    segment->base = last->offset - last->position;
    return g_steal_pointer (&segment);
  }
  return NULL;
}

static LocalSegment *
open_oldest (GPtrArray *files, gint64 offset, const LocalOffset *stored, GPtrArray *segments, GError **error)
{
  for (guint i = files->len; i > 0; i--) {
    const LocalFile *file = g_ptr_array_index (files, i - 1);
    LocalSegment *segment = NULL;

    /* The topic's own file is never finished, whatever its inode was used for before. */
    if (i > 1 && is_finished (file, stored, segments))
      continue;
    segment = open_listed (file, error);
    if (segment)
      segment->base = offset;
    return segment;
  }
  return NULL;
}

LocalSegment *
local_chain_open (const char *path, const LocalOffset *last, GPtrArray *segments, GError **error)
{
  g_autoptr (GPtrArray) files = local_list_rotated (path);
  LocalSegment *segment = NULL;

  if (last)
    segment = open_at (files, last, FALSE);
  if (!segment && last && last->position > 0)
    segment = open_at (files, last, TRUE);
  if (!segment)
    segment = open_oldest (files, last ? last->offset : 0, last, segments, error);
  return segment;
}

LocalSegment *
local_chain_open_next (const char *path, const LocalSegment *current, gint64 offset, const LocalOffset *stored,
                       GPtrArray *segments, GError **error)
{
  g_autoptr (GPtrArray) files = local_list_rotated (path);
  LocalSegment *segment = NULL;

  for (guint i = 0; i < files->len; i++) {
    if (!has_identity (g_ptr_array_index (files, i), current->device, current->inode))
      continue;
    if (i == 0)
      return NULL;
    segment = open_listed (g_ptr_array_index (files, i - 1), error);
    if (segment)
      segment->base = offset;
    return segment;
  }
  return open_oldest (files, offset, stored, segments, error);
}

gboolean
local_chain_is_rotated (const char *path, const LocalSegment *current)
{
  struct stat status;

  return stat (path, &status) < 0 || status.st_dev != current->device || status.st_ino != current->inode;
}
