/* SPDX-License-Identifier: Apache-2.0 */
/* Which message ids a topic's file holds. */
#include "local-journal.h"

#include "local-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define HEAD_BYTES 32

struct LocalJournal {
  char *path;
  LocalFd fd;
  guint64 device;
  guint64 inode;
  gint64 read;         /* bytes of the file that are in the table */
  gint64 before_write; /* its size before the last write */
  GHashTable *entries; /* id → LocalEntry */
  GQueue order;        /* char *: ids as they came, repeated ones too */
  GString *added;      /* lines that are not written yet */
};

void
local_entry_describe (LocalEntry *self, guint64 device, guint64 inode, gint64 offset, GBytes *value)
{
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (value, &size);
  GString *head = g_string_new (NULL);

  for (gsize i = 0; i < MIN (size, HEAD_BYTES); i++)
    g_string_append_printf (head, "%02x", data[i]);
  self->device = device;
  self->inode = inode;
  self->offset = offset;
  self->length = (gint64) size + 1;
  self->head = g_string_free (head, FALSE);
  self->digest = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, value);
}

void
local_entry_clear (LocalEntry *self)
{
  g_clear_pointer (&self->head, g_free);
  g_clear_pointer (&self->digest, g_free);
}

static void
entry_free (LocalEntry *self)
{
  local_entry_clear (self);
  g_free (self);
}

LocalJournal *
local_journal_new (const char *path)
{
  LocalJournal *self = g_new0 (LocalJournal, 1);

  self->path = g_strdup (path);
  self->fd = -1;
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) entry_free);
  self->added = g_string_new (NULL);
  g_queue_init (&self->order);
  return self;
}

static void
forget (LocalJournal *self)
{
  local_fd_clear (&self->fd);
  g_hash_table_remove_all (self->entries);
  g_queue_clear_full (&self->order, g_free);
  self->read = 0;
}

void
local_journal_free (LocalJournal *self)
{
  forget (self);
  g_hash_table_unref (self->entries);
  g_string_free (self->added, TRUE);
  g_free (self->path);
  g_free (self);
}

/* Takes entry, not id. */
static void
remember (LocalJournal *self, const char *id, LocalEntry *entry)
{
  g_hash_table_replace (self->entries, g_strdup (id), entry);
  g_queue_push_tail (&self->order, g_strdup (id));
}

static char *
format_line (const char *id, const LocalEntry *entry)
{
  g_autofree char *escaped = g_uri_escape_string (id, NULL, FALSE);

  return g_strdup_printf (
      "%" G_GINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %s %s %s\n", entry->offset,
      entry->length, entry->device, entry->inode, entry->head, entry->digest, escaped);
}

/* A line that cannot be read is passed over: the worst is a message that is written twice. */
static void
parse_line (LocalJournal *self, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", 8);
  g_autofree char *id = NULL;
  LocalEntry *entry = NULL;
  guint64 offset = 0;
  guint64 length = 0;
  guint64 device = 0;
  guint64 inode = 0;

  if (g_strv_length (words) != 7 || !g_ascii_string_to_unsigned (words[0], 10, 0, G_MAXINT64, &offset, NULL)
      || !g_ascii_string_to_unsigned (words[1], 10, 1, G_MAXINT64, &length, NULL)
      || !g_ascii_string_to_unsigned (words[2], 10, 0, G_MAXUINT64, &device, NULL)
      || !g_ascii_string_to_unsigned (words[3], 10, 0, G_MAXUINT64, &inode, NULL))
    return;
  id = g_uri_unescape_string (words[6], NULL);
  if (!id)
    return;
  entry = g_new0 (LocalEntry, 1);
  entry->offset = (gint64) offset;
  entry->length = (gint64) length;
  entry->device = device;
  entry->inode = inode;
  entry->head = g_strdup (words[4]);
  entry->digest = g_strdup (words[5]);
  remember (self, id, entry);
}

/* Opens the file that has the name now; another process may have replaced it. */
static gboolean
reopen (LocalJournal *self, GError **error)
{
  struct stat status;

  if (self->fd >= 0 && stat (self->path, &status) == 0 && status.st_dev == self->device && status.st_ino == self->inode)
    return TRUE;
  forget (self);
  self->fd = local_open (self->path, O_RDWR | O_APPEND | O_CREAT, 0600);
  if (self->fd < 0 || fstat (self->fd, &status) < 0)
    return local_set_errno (error, errno, "open", self->path);
  self->device = status.st_dev;
  self->inode = status.st_ino;
  return TRUE;
}

static gboolean
read_added (LocalJournal *self, gint64 size, GError **error)
{
  g_autofree char *text = NULL;
  char *line = NULL;
  char *newline = NULL;

  text = g_malloc0 ((gsize) (size - self->read) + 1);
  if (local_read_at (self->fd, text, (gsize) (size - self->read), self->read) < 0)
    return local_set_errno (error, errno, "read", self->path);
  for (line = text; (newline = strchr (line, '\n')); line = newline + 1) {
    *newline = '\0';
    parse_line (self, line);
  }
  self->read += line - text;
  /* A torn last line: nobody else writes while the lock is held, so it is of a crash. */
  if (self->read < size && ftruncate (self->fd, self->read) < 0)
    return local_set_errno (error, errno, "mend", self->path);
  return TRUE;
}

/* Writes the file anew with the latest ids only. */
static gboolean
shorten (LocalJournal *self, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);

  while (g_queue_get_length (&self->order) > LOCAL_JOURNAL_KEPT)
    g_free (g_queue_pop_head (&self->order));
  for (GList *link = self->order.head; link; link = link->next) {
    g_autofree char *line = format_line (link->data, g_hash_table_lookup (self->entries, link->data));

    g_string_append (text, line);
  }
  return local_replace_file (self->path, text->str, text->len, error);
}

gboolean
local_journal_refresh (LocalJournal *self, GError **error)
{
  struct stat status;

  if (!reopen (self, error))
    return FALSE;
  if (fstat (self->fd, &status) < 0)
    return local_set_errno (error, errno, "look at", self->path);
  if (status.st_size < self->read) {
    forget (self);
    return local_journal_refresh (self, error);
  }
  if (status.st_size > self->read && !read_added (self, status.st_size, error))
    return FALSE;
  if (g_queue_get_length (&self->order) < 2 * LOCAL_JOURNAL_KEPT)
    return TRUE;
  return shorten (self, error) && local_journal_refresh (self, error);
}

const LocalEntry *
local_journal_find (LocalJournal *self, const char *id)
{
  return g_hash_table_lookup (self->entries, id);
}

const LocalEntry *
local_journal_find_torn (LocalJournal *self, guint64 device, guint64 inode, gint64 end)
{
  for (GList *link = self->order.tail; link; link = link->prev) {
    const LocalEntry *entry = g_hash_table_lookup (self->entries, link->data);

    if (entry->device == device && entry->inode == inode && entry->offset < end && end < entry->offset + entry->length)
      return entry;
  }
  return NULL;
}

void
local_journal_add (LocalJournal *self, const char *id, LocalEntry *entry)
{
  g_autofree char *line = format_line (id, entry);

  g_string_append (self->added, line);
  remember (self, id, g_memdup2 (entry, sizeof *entry));
  *entry = (LocalEntry){ 0 };
}

gboolean
local_journal_write (LocalJournal *self, GError **error)
{
  gsize written = 0;

  self->before_write = self->read;
  if (self->added->len == 0)
    return TRUE;
  if (local_write_all (self->fd, self->added->str, self->added->len, &written) && fdatasync (self->fd) == 0) {
    self->read += (gint64) written;
    g_string_truncate (self->added, 0);
    return TRUE;
  }
  local_set_errno (error, errno, "write", self->path);
  local_journal_undo (self);
  return FALSE;
}

void
local_journal_undo (LocalJournal *self)
{
  if (ftruncate (self->fd, self->before_write) < 0)
    g_message ("local: cannot take lines back from %s: %s", self->path, g_strerror (errno));
  g_string_truncate (self->added, 0);
  /* An earlier line of the same id counts again: the next refresh reads them all. */
  forget (self);
}
