/* SPDX-License-Identifier: Apache-2.0 */
/* Appends messages to a topic's file: whole lines, durable, each id once. */
#include "local-writer.h"

#include "local-file.h"
#include "local-journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOCK_USEC (5 * G_USEC_PER_SEC)

struct LocalWriter {
  const LocalSettings *settings;
  char *path;
  LocalJournal *journal;
  LocalFd fd;
  guint64 device;
  guint64 inode;
  gint64 size; /* of the file, under the lock */
};

/* A batch as it goes into the file. */
typedef struct {
  GByteArray *bytes;
  GPtrArray *ids;     /* char * or NULL, one for each line */
  GPtrArray *lines;   /* GBytes */
  GPtrArray *appends; /* LocalAppend of each line */
  gboolean newline;   /* the file's last line is not finished: begin with a newline */
} Plan;

static void
plan_clear (Plan *plan)
{
  g_byte_array_unref (plan->bytes);
  g_ptr_array_unref (plan->ids);
  g_ptr_array_unref (plan->lines);
  g_ptr_array_unref (plan->appends);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Plan, plan_clear)

LocalWriter *
local_writer_new (const LocalSettings *settings, const char *topic)
{
  LocalWriter *self = g_new0 (LocalWriter, 1);
  g_autofree char *ids = local_settings_ids_path (settings, topic);

  self->settings = settings;
  self->path = local_settings_topic_path (settings, topic);
  self->journal = local_journal_new (ids);
  self->fd = -1;
  return self;
}

void
local_writer_free (LocalWriter *self)
{
  local_fd_clear (&self->fd);
  local_journal_free (self->journal);
  g_free (self->path);
  g_free (self);
}

/* Whether it is one JSON object or array in which line breaks stand between tokens only. JsonParser alone is too
 * lenient: it takes comments, which end at a line break, and several values one after the other. */
static gboolean
is_one_value (const char *data, gsize size)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  gboolean in_string = FALSE;
  gboolean ended = FALSE;
  guint depth = 0;

  for (gsize i = 0; i < size; i++) {
    if (in_string) {
      if (data[i] == '\n')
        return FALSE;
      if (data[i] == '\\')
        i++;
      else
        in_string = data[i] != '"';
      continue;
    }
    if (data[i] == '/' || (ended && !g_ascii_isspace (data[i])))
      return FALSE;
    in_string = data[i] == '"';
    if (data[i] == '{' || data[i] == '[')
      depth++;
    else if ((data[i] == '}' || data[i] == ']') && depth > 0)
      ended = --depth == 0;
  }
  return ended && json_parser_load_from_data (parser, data, (gssize) size, NULL);
}

GBytes *
local_line_of (const AnnotMessage *message, GError **error)
{
  g_autofree char *line = NULL;
  gsize size = 0;
  const char *data = message->value ? g_bytes_get_data (message->value, &size) : NULL;

  if (size == 0) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_PERMANENT, "local: a message without a value cannot be a line");
    return NULL;
  }
  if (!memchr (data, '\n', size))
    return g_bytes_ref (message->value);
  if (!is_one_value (data, size)) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_PERMANENT,
                 "local: a message with line breaks must be one JSON object or array to become a line");
    return NULL;
  }
  line = g_memdup2 (data, size);
  for (gsize i = 0; i < size; i++) {
    if (line[i] == '\n')
      line[i] = ' ';
  }
  return g_bytes_new_take (g_steal_pointer (&line), size);
}

/* Waits for a lock that ours hold for the time of one batch, but not forever for a stranger's. */
static gboolean
wait_for_lock (int fd)
{
  gint64 deadline = g_get_monotonic_time () + LOCK_USEC;

  while (flock (fd, LOCK_EX | LOCK_NB) < 0) {
    if ((errno != EWOULDBLOCK && errno != EINTR) || g_get_monotonic_time () > deadline)
      return FALSE;
    g_usleep (1000);
  }
  return TRUE;
}

/* Opens the file that has the topic's name now, and locks it. */
static gboolean
lock (LocalWriter *self, GError **error)
{
  for (guint attempt = 0; attempt < 16; attempt++) {
    struct stat status;
    gboolean made = FALSE;

    if (self->fd < 0) {
      self->fd = local_open (self->path, O_RDWR | O_APPEND, 0);
      made = self->fd < 0 && errno == ENOENT;
      if (made)
        self->fd = local_open (self->path, O_RDWR | O_APPEND | O_CREAT, 0640);
    }
    if (self->fd < 0 || (made && !local_sync_directory (self->settings->directory, error)))
      return self->fd < 0 ? local_set_errno (error, errno, "open", self->path) : FALSE;
    if (!wait_for_lock (self->fd))
      return local_set_errno (error, errno, "lock", self->path);
    if (fstat (self->fd, &status) < 0)
      return local_set_errno (error, errno, "look at", self->path);
    self->device = status.st_dev;
    self->inode = status.st_ino;
    self->size = status.st_size;
    if (stat (self->path, &status) == 0 && status.st_dev == self->device && status.st_ino == self->inode)
      return TRUE;
    /* Rotated away: the new one. Closing unlocks. */
    local_fd_clear (&self->fd);
  }
  return local_set_errno (error, EAGAIN, "lock", self->path);
}

static gboolean
has_head (int fd, const LocalEntry *entry, gint64 length)
{
  guint8 bytes[64];
  gsize count = MIN (MIN (strlen (entry->head) / 2, sizeof bytes), (gsize) length);

  if (local_read_at (fd, bytes, count, entry->offset) != (gssize) count)
    return FALSE;
  for (gsize i = 0; i < count; i++) {
    if (bytes[i] != g_ascii_xdigit_value (entry->head[2 * i]) * 16 + g_ascii_xdigit_value (entry->head[2 * i + 1]))
      return FALSE;
  }
  return TRUE;
}

static gboolean
ends_unfinished (LocalWriter *self)
{
  char last = '\n';

  return self->size > 0 && local_read_at (self->fd, &last, 1, self->size - 1) == 1 && last != '\n';
}

/* Takes back a line of ours that a crash has torn. One of a stranger, who may still be writing, is left. */
static gboolean
mend (LocalWriter *self, GError **error)
{
  const LocalEntry *entry = NULL;
  g_autofree char *bytes = NULL;
  gint64 torn = 0;

  if (!ends_unfinished (self))
    return TRUE;
  entry = local_journal_find_torn (self->journal, self->device, self->inode, self->size);
  torn = entry ? self->size - entry->offset : 0;
  if (!entry || !has_head (self->fd, entry, torn))
    return TRUE;
  bytes = g_malloc ((gsize) torn);
  if (local_read_at (self->fd, bytes, (gsize) torn, entry->offset) != (gssize) torn
      || memchr (bytes, '\n', (gsize) torn))
    return TRUE;
  if (ftruncate (self->fd, entry->offset) < 0)
    return local_set_errno (error, errno, "mend", self->path);
  self->size = entry->offset;
  return TRUE;
}

/* A file of that identity, be it the present one or one that was rotated away; -1 when it is gone. */
static int
open_identity (LocalWriter *self, const LocalEntry *entry)
{
  g_autoptr (GPtrArray) files = local_list_rotated (self->path);

  for (guint i = 0; i < files->len; i++) {
    const LocalFile *file = g_ptr_array_index (files, i);

    if (file->device == entry->device && file->inode == entry->inode)
      return local_open (file->path, O_RDONLY, 0);
  }
  return -1;
}

/* Whether that very line is wholly in its file. */
static gboolean
is_written (LocalWriter *self, const char *id, GBytes *line)
{
  const LocalEntry *entry = local_journal_find (self->journal, id);
  gsize size = g_bytes_get_size (line);
  g_autofree char *digest = NULL;
  g_autofree char *there = NULL;
  g_auto (LocalFd) fd = -1;

  if (!entry || entry->length != (gint64) size + 1)
    return FALSE;
  digest = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, line);
  if (!g_str_equal (digest, entry->digest))
    return FALSE;
  fd = open_identity (self, entry);
  there = g_malloc (size + 1);
  return fd >= 0 && local_read_at (fd, there, size + 1, entry->offset) == (gssize) size + 1 && there[size] == '\n'
         && memcmp (there, g_bytes_get_data (line, NULL), size) == 0;
}

static void
plan_line (Plan *plan, LocalAppend *append, const char *id, GBytes *line)
{
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (line, &size);

  g_byte_array_append (plan->bytes, data, (guint) size);
  g_byte_array_append (plan->bytes, (const guint8 *) "\n", 1);
  g_ptr_array_add (plan->ids, g_strdup (id));
  g_ptr_array_add (plan->lines, g_bytes_ref (line));
  g_ptr_array_add (plan->appends, append);
}

static char *
id_of (const AnnotMessage *message)
{
  GBytes *header = annot_message_get_header (message, "id");
  gsize size = 0;
  const char *data = header ? g_bytes_get_data (header, &size) : NULL;

  return size > 0 && size <= 1024 ? g_strndup (data, size) : NULL;
}

static gboolean
is_planned (const Plan *plan, const char *id, GBytes *line)
{
  for (guint i = 0; i < plan->ids->len; i++) {
    if (g_strcmp0 (g_ptr_array_index (plan->ids, i), id) == 0
        && g_bytes_equal (g_ptr_array_index (plan->lines, i), line))
      return TRUE;
  }
  return FALSE;
}

static void
plan_batch (LocalWriter *self, Plan *plan, GPtrArray *batch)
{
  plan->newline = ends_unfinished (self);
  if (plan->newline)
    g_byte_array_append (plan->bytes, (const guint8 *) "\n", 1);
  for (guint i = 0; i < batch->len; i++) {
    LocalAppend *append = g_ptr_array_index (batch, i);
    g_autofree char *id = id_of (append->message);
    g_autoptr (GBytes) line = local_line_of (append->message, &append->error);

    if (!line || (id && (is_written (self, id, line) || is_planned (plan, id, line))))
      continue;
    plan_line (plan, append, id, line);
  }
}

/* Notes in the journal where the lines go, the first one at start. */
static void
note_lines (LocalWriter *self, const Plan *plan, gint64 start)
{
  gint64 offset = start + (plan->newline ? 1 : 0);

  for (guint i = 0; i < plan->lines->len; i++) {
    GBytes *line = g_ptr_array_index (plan->lines, i);
    const char *id = g_ptr_array_index (plan->ids, i);

    if (id) {
      g_auto (LocalEntry) entry = { 0 };

      local_entry_describe (&entry, self->device, self->inode, offset, line);
      local_journal_add (self->journal, id, &entry);
    }
    offset += (gint64) g_bytes_get_size (line) + 1;
  }
}

/* Takes a part of a batch back out, so that it neither stays torn nor is there without having been confirmed. */
static void
take_back (LocalWriter *self, gint64 start, gsize written)
{
  struct stat status;

  if (written > 0 && fstat (self->fd, &status) == 0 && status.st_size == start + (gint64) written
      && ftruncate (self->fd, start) < 0)
    g_message ("local: cannot take a torn line back from %s: %s", self->path, g_strerror (errno));
  local_journal_undo (self->journal);
}

static gboolean
write_plan (LocalWriter *self, const Plan *plan, GError **error)
{
  gint64 start = self->size;
  gint64 end = 0;
  gsize written = 0;

  note_lines (self, plan, start);
  if (!local_journal_write (self->journal, error))
    return FALSE;
  if (!local_write_all (self->fd, plan->bytes->data, plan->bytes->len, &written)) {
    local_set_errno (error, errno, "append to", self->path);
    take_back (self, start, written);
    return FALSE;
  }
  end = lseek (self->fd, 0, SEEK_CUR);
  if (fdatasync (self->fd) < 0) {
    local_set_errno (error, errno, "sync", self->path);
    take_back (self, start, written);
    return FALSE;
  }
  /* A stranger has appended after we looked: say where the lines are really. */
  if (end - (gint64) written != start) {
    g_autoptr (GError) unnoted = NULL;

    note_lines (self, plan, end - (gint64) written);
    if (!local_journal_write (self->journal, &unnoted))
      g_message ("%s", unnoted->message);
  }
  return TRUE;
}

/* Under the lock. */
static gboolean
append_locked (LocalWriter *self, GPtrArray *batch, GError **error)
{
  g_auto (Plan) plan = { .bytes = g_byte_array_new (),
                         .ids = g_ptr_array_new_with_free_func (g_free),
                         .lines = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref),
                         .appends = g_ptr_array_new () };
  g_autoptr (GError) problem = NULL;

  if (!local_journal_refresh (self->journal, error) || !mend (self, error))
    return FALSE;
  plan_batch (self, &plan, batch);
  if (plan.lines->len == 0 || write_plan (self, &plan, &problem))
    return TRUE;
  /* Only those that were to be written have failed; the others are there, or can never be. */
  for (guint i = 0; i < plan.appends->len; i++) {
    LocalAppend *append = g_ptr_array_index (plan.appends, i);

    append->error = g_error_copy (problem);
  }
  return TRUE;
}

void
local_writer_append (LocalWriter *self, GPtrArray *batch)
{
  g_autoptr (GError) problem = NULL;

  if (!lock (self, &problem) || !append_locked (self, batch, &problem)) {
    for (guint i = 0; i < batch->len; i++) {
      LocalAppend *append = g_ptr_array_index (batch, i);

      g_clear_error (&append->error);
      append->error = g_error_copy (problem);
    }
  }
  if (self->fd >= 0)
    flock (self->fd, LOCK_UN);
}
