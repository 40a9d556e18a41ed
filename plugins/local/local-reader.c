/* SPDX-License-Identifier: Apache-2.0 */
/* One topic as one group reads it: follows the file through growth, truncation and rotation. */
#include "local-reader.h"

#include "local-chain.h"
#include "local-file.h"
#include "local-lines.h"
#include "local-tally.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#define CHUNK (256 * 1024)
/* Taken in one visit at most, however few messages are in it: offsets to store, and the end, must not wait for a huge
 * line or for gigabytes of blank ones. */
#define VISIT_CHUNKS 256
/* A writer that had the file open when it was renamed gets this long to write its last lines. */
#define QUIET_USEC G_USEC_PER_SEC
#define MEASURE_BUDGET (256 * 1024 * 1024)

struct LocalReader {
  const LocalSettings *settings;
  char *topic;
  char *path;
  char *offset_path;
  LocalFd lock;
  LocalOffset *stored; /* as in the offset file, NULL when nothing was stored */
  GPtrArray *segments; /* LocalSegment: from that of the stored offset to the one being read, the last */
  LocalLines *lines;
  gint64 fill;          /* byte of the last segment up to which bytes were taken */
  char *mark;           /* its fingerprint there */
  struct timespec seen; /* its modification time when the mark was last compared */
  gint64 quiet_since;   /* since when it is rotated away and has not grown; 0: it has */
  GArray *outstanding;  /* gint64: next_offset of messages that were handed out and not stored */
  LocalTally unread;    /* of the last segment, from the next line on */
  GHashTable *later;    /* mark of device and inode → LocalTally of newer files */
};

LocalReader *
local_reader_new (const LocalSettings *settings, const char *topic)
{
  LocalReader *self = g_new0 (LocalReader, 1);

  self->settings = settings;
  self->topic = g_strdup (topic);
  self->path = local_settings_topic_path (settings, topic);
  self->offset_path = local_settings_group_path (settings, topic, "offset");
  self->lock = -1;
  self->segments = g_ptr_array_new_with_free_func ((GDestroyNotify) local_segment_free);
  self->lines = local_lines_new (settings->limit);
  self->outstanding = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->later = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
local_reader_free (LocalReader *self)
{
  local_fd_clear (&self->lock);
  g_clear_pointer (&self->stored, local_offset_free);
  g_ptr_array_unref (self->segments);
  local_lines_free (self->lines);
  g_array_unref (self->outstanding);
  g_hash_table_unref (self->later);
  g_free (self->mark);
  g_free (self->topic);
  g_free (self->path);
  g_free (self->offset_path);
  g_free (self);
}

const char *
local_reader_get_topic (LocalReader *self)
{
  return self->topic;
}

gboolean
local_reader_is_acquired (LocalReader *self)
{
  return self->lock >= 0;
}

gboolean
local_reader_acquire (LocalReader *self, GError **error)
{
  g_autofree char *path = local_settings_group_path (self->settings, self->topic, "lock");
  g_autoptr (GError) damage = NULL;
  g_auto (LocalFd) fd = -1;

  if (self->lock >= 0)
    return TRUE;
  fd = local_open (path, O_RDWR | O_CREAT, 0600);
  if (fd < 0)
    return local_set_errno (error, errno, "open", path);
  if (flock (fd, LOCK_EX | LOCK_NB) < 0)
    return errno == EWOULDBLOCK || errno == EINTR ? FALSE : local_set_errno (error, errno, "lock", path);
  self->stored = local_offset_load (self->offset_path, &damage);
  if (damage)
    g_warning ("%s; reading topic %s from its start", damage->message, self->topic);
  self->lock = g_steal_fd (&fd);
  return TRUE;
}

static LocalSegment *
last_segment (LocalReader *self)
{
  return self->segments->len > 0 ? g_ptr_array_index (self->segments, self->segments->len - 1) : NULL;
}

/* Takes bytes up to there as read, and remembers what they look like. */
static void
set_fill (LocalReader *self, gint64 fill)
{
  self->fill = fill;
  g_free (self->mark);
  self->mark = local_fingerprint (last_segment (self)->fd, fill);
}

static void
begin_segment (LocalReader *self, LocalSegment *segment)
{
  struct stat status;

  g_ptr_array_add (self->segments, segment);
  local_lines_reset (self->lines, segment->start);
  set_fill (self, segment->start);
  self->seen = fstat (segment->fd, &status) == 0 ? status.st_mtim : (struct timespec){ 0 };
  self->quiet_since = 0;
  self->unread = (LocalTally){ .counted_to = segment->start };
}

static gboolean
open_first (LocalReader *self, GError **error)
{
  LocalSegment *segment = local_chain_open (self->path, self->stored, self->segments, error);

  if (segment)
    begin_segment (self, segment);
  return segment != NULL;
}

/* Whether the bytes before the read position are gone or have become others. */
static gboolean
is_truncated (LocalReader *self, const struct stat *status)
{
  g_autofree char *mark = NULL;

  if (status->st_size < self->fill)
    return TRUE;
  if (status->st_mtim.tv_sec == self->seen.tv_sec && status->st_mtim.tv_nsec == self->seen.tv_nsec)
    return FALSE;
  mark = local_fingerprint (last_segment (self)->fd, self->fill);
  if (g_strcmp0 (mark, self->mark) != 0)
    return TRUE;
  self->seen = status->st_mtim;
  return FALSE;
}

/* Leaves a truncated file for its copy, or for its own start. */
static gboolean
restart (LocalReader *self, GError **error)
{
  LocalSegment *former = last_segment (self);
  g_autofree char *mark = g_strdup (self->mark ? self->mark : "?");
  LocalOffset last = { .offset = former->base + self->fill,
                       .position = self->fill,
                       .device = former->device,
                       .inode = former->inode,
                       .fingerprint = mark,
                       .finished = NULL };
  g_autoptr (GPtrArray) none = g_ptr_array_new ();
  LocalSegment *segment = NULL;

  last.finished = self->stored ? self->stored->finished : none;
  segment = local_chain_open (self->path, &last, self->segments, error);
  if (!segment)
    return FALSE;
  /* An unfinished line that had been taken is in the copy too, if there is one. */
  if (segment->start > 0)
    segment->start = local_lines_get_position (self->lines);
  g_debug ("local: %s was truncated", self->path);
  begin_segment (self, segment);
  return TRUE;
}

static gboolean
is_quiet (LocalReader *self, const struct stat *status)
{
  gint64 now = g_get_monotonic_time ();
  gint64 modified = (gint64) status->st_mtim.tv_sec * G_USEC_PER_SEC + status->st_mtim.tv_nsec / 1000;

  if (self->quiet_since == 0)
    self->quiet_since = now;
  return now - self->quiet_since >= QUIET_USEC || g_get_real_time () - modified >= QUIET_USEC;
}

static void
hand_out (LocalReader *self, LocalLine *line, GPtrArray *out)
{
  AnnotMessage *message = annot_message_new (self->topic, NULL, line->value);
  gint64 base = last_segment (self)->base;

  message->partition = 0;
  message->offset = base + line->start;
  message->next_offset = base + line->next;
  if (line->length > (gint64) self->settings->limit) {
    g_autofree char *length = g_strdup_printf ("%" G_GINT64_FORMAT, line->length);

    annot_message_add_header (message, "oversize", length);
  }
  g_clear_pointer (&line->value, g_bytes_unref);
  g_ptr_array_add (out, message);
  g_array_append_val (self->outstanding, message->next_offset);
  self->unread.lines = MAX (self->unread.lines - 1, 0);
}

/* At the end of the file: goes on with the next one if this one is finished. FALSE: wait. */
static gboolean
pass_end (LocalReader *self, const struct stat *status, GPtrArray *out, GError **error)
{
  LocalSegment *current = last_segment (self);
  LocalSegment *next = NULL;
  LocalLine line;

  if (!local_chain_is_rotated (self->path, current) || !is_quiet (self, status))
    return FALSE;
  next = local_chain_open_next (self->path, current, current->base + self->fill, self->stored, self->segments, error);
  if (!next)
    return FALSE;
  /* The newline of its last line will not come any more. */
  if (local_lines_take_rest (self->lines, &line))
    hand_out (self, &line, out);
  current->finished = TRUE;
  current->size = self->fill;
  begin_segment (self, next);
  return TRUE;
}

/* Takes more bytes. FALSE: there are none now. */
static gboolean
take_bytes (LocalReader *self, GPtrArray *out, GError **error)
{
  LocalSegment *current = last_segment (self);
  g_autofree char *chunk = NULL;
  struct stat status;
  gssize count = 0;

  if (!current)
    return open_first (self, error);
  if (fstat (current->fd, &status) < 0)
    return local_set_errno (error, errno, "look at", self->path);
  if (is_truncated (self, &status))
    return restart (self, error);
  if (status.st_size == self->fill)
    return pass_end (self, &status, out, error);
  chunk = g_malloc (CHUNK);
  count = local_read_at (current->fd, chunk, (gsize) MIN (CHUNK, status.st_size - self->fill), self->fill);
  if (count < 0)
    return local_set_errno (error, errno, "read", self->path);
  if (count == 0)
    return FALSE;
  local_lines_feed (self->lines, chunk, (gsize) count);
  set_fill (self, self->fill + count);
  self->quiet_since = 0;
  return TRUE;
}

gboolean
local_reader_read (LocalReader *self, guint messages, gsize bytes, GPtrArray *out, gboolean *more, GError **error)
{
  g_autoptr (GError) problem = NULL;
  guint count = 0;
  guint chunks = 0;
  gsize taken = 0;
  LocalLine line;

  *more = FALSE;
  while (count < messages && taken < bytes && chunks < VISIT_CHUNKS) {
    if (local_lines_next (self->lines, &line)) {
      taken += g_bytes_get_size (line.value);
      count++;
      hand_out (self, &line, out);
      continue;
    }
    if (!take_bytes (self, out, &problem))
      break;
    chunks++;
  }
  if (last_segment (self) && local_lines_get_position (self->lines) >= self->unread.counted_to)
    self->unread = (LocalTally){ .counted_to = local_lines_get_position (self->lines) };
  *more = count >= messages || taken >= bytes || chunks >= VISIT_CHUNKS;
  if (!problem)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&problem));
  return FALSE;
}

/* The segment in which a logical offset lies, or NULL when it was not read. */
static LocalSegment *
find_segment (LocalReader *self, gint64 offset, guint *index)
{
  LocalSegment *last = last_segment (self);

  if (!last || offset > last->base + self->fill)
    return NULL;
  for (guint i = self->segments->len; i > 0; i--) {
    LocalSegment *segment = g_ptr_array_index (self->segments, i - 1);

    *index = i - 1;
    if (segment->base + segment->start <= offset)
      return segment;
  }
  return NULL;
}

/* What would be stored: the place, and the files that are done with it. */
static LocalOffset *
describe (LocalReader *self, const LocalSegment *segment, guint index, gint64 offset)
{
  LocalOffset *next = g_new0 (LocalOffset, 1);

  next->offset = offset;
  next->position = offset - segment->base;
  next->device = segment->device;
  next->inode = segment->inode;
  next->fingerprint = local_fingerprint (segment->fd, next->position);
  /* Of a file that was truncated since: no place in it is this one. */
  if (!next->fingerprint)
    next->fingerprint = g_strdup ("?");
  next->finished = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; self->stored && i < self->stored->finished->len; i++)
    g_ptr_array_add (next->finished, g_strdup (g_ptr_array_index (self->stored->finished, i)));
  for (guint i = 0; i < index; i++) {
    const LocalSegment *done = g_ptr_array_index (self->segments, i);

    if (done->finished)
      g_ptr_array_add (next->finished, local_file_mark (done->device, done->inode, done->size));
  }
  if (next->finished->len > LOCAL_FINISHED_BOUND)
    g_ptr_array_remove_range (next->finished, 0, next->finished->len - LOCAL_FINISHED_BOUND);
  return next;
}

gboolean
local_reader_store (LocalReader *self, gint64 next_offset, GError **error)
{
  g_autoptr (LocalOffset) next = NULL;
  LocalSegment *segment = NULL;
  guint index = 0;
  guint done = 0;

  if (self->lock < 0) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_STALE, "local: topic %s is not assigned to this consumer",
                 self->topic);
    return FALSE;
  }
  segment = find_segment (self, next_offset, &index);
  if (!segment) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_PERMANENT,
                 "local: offset %" G_GINT64_FORMAT " of topic %s is none that was read", next_offset, self->topic);
    return FALSE;
  }
  next = describe (self, segment, index, next_offset);
  if (!local_offset_save (next, self->offset_path, error))
    return FALSE;
  g_clear_pointer (&self->stored, local_offset_free);
  self->stored = g_steal_pointer (&next);
  if (index > 0)
    g_ptr_array_remove_range (self->segments, 0, index);
  while (done < self->outstanding->len && g_array_index (self->outstanding, gint64, done) <= next_offset)
    done++;
  if (done > 0)
    g_array_remove_range (self->outstanding, 0, done);
  return TRUE;
}

/* Adds size and lines of the files after the last segment. FALSE when the lines are not all counted. */
static gboolean
measure_later (LocalReader *self, const LocalSegment *current, gint64 *end, gint64 *lines, gint64 *budget)
{
  g_autoptr (GPtrArray) files = local_list_rotated (self->path);
  gboolean complete = TRUE;

  for (guint i = 0; i < files->len; i++) {
    const LocalFile *file = g_ptr_array_index (files, i);
    g_autofree char *key = local_file_mark (file->device, file->inode, 0);
    LocalTally *tally = g_hash_table_lookup (self->later, key);
    g_auto (LocalFd) fd = -1;

    if (file->device == current->device && file->inode == current->inode)
      break;
    if (!tally) {
      tally = g_new0 (LocalTally, 1);
      g_hash_table_insert (self->later, g_steal_pointer (&key), tally);
    }
    fd = local_open (file->path, O_RDONLY, 0);
    complete = fd >= 0 && local_tally_advance (tally, fd, file->size, budget) && complete;
    *end += file->size;
    *lines += tally->lines;
  }
  return complete;
}

AnnotPartition *
local_reader_measure (LocalReader *self)
{
  AnnotPartition *partition = annot_partition_new (self->topic, 0);
  const LocalSegment *current = last_segment (self);
  gint64 budget = MEASURE_BUDGET;
  gint64 lines = 0;
  gboolean complete = TRUE;
  struct stat status;

  partition->offset = self->stored ? self->stored->offset : -1;
  partition->end = self->stored ? self->stored->offset : 0;
  partition->lag = 0;
  if (!current && open_first (self, NULL))
    current = last_segment (self);
  if (!current)
    return partition;
  partition->end = current->base + self->fill;
  if (fstat (current->fd, &status) == 0 && status.st_size > self->fill)
    partition->end = current->base + status.st_size;
  complete = local_tally_advance (&self->unread, current->fd, partition->end - current->base, &budget);
  if (local_chain_is_rotated (self->path, current))
    complete = measure_later (self, current, &partition->end, &lines, &budget) && complete;
  else
    g_hash_table_remove_all (self->later);
  partition->lag = complete ? lines + self->unread.lines + self->outstanding->len : -1;
  return partition;
}
