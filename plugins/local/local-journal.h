/* SPDX-License-Identifier: Apache-2.0 */
/* Which message ids a topic's file holds: `.<topic>.ids`, written ahead of the file. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * One line for each message with an `id` header: where its line is going to be, in which file, how long, its first
 * bytes and its digest. It is durable before the line itself is written, so after a crash each of them can be looked
 * for: a line that is wholly there is not written again, and a torn one is known to be ours and taken back. That makes
 * repeated producing of the same message harmless, by one process or by several (who read each other's lines, under the
 * topic file's lock).
 *
 * The last LOCAL_JOURNAL_KEPT ids are kept; the file is written anew when it has twice as many.
 */
#define LOCAL_JOURNAL_KEPT 10000

typedef struct LocalJournal LocalJournal;

/**
 * LocalEntry:
 * @device, @inode: file
 * @offset: where the line begins
 * @length: bytes, with the newline
 * @head: (transfer full): hexadecimal digits of its first bytes
 * @digest: (transfer full): SHA-256 of its bytes without the newline
 */
typedef struct {
  guint64 device;
  guint64 inode;
  gint64 offset;
  gint64 length;
  char *head;
  char *digest;
} LocalEntry;

/* Fills in head and digest of a value whose line is going to be there. Takes nothing over. */
void local_entry_describe (LocalEntry *self, guint64 device, guint64 inode, gint64 offset, GBytes *value);
void local_entry_clear (LocalEntry *self);

LocalJournal *local_journal_new (const char *path);
void local_journal_free (LocalJournal *self);
/* Reads what was added since. Under the lock. */
gboolean local_journal_refresh (LocalJournal *self, GError **error);
/* Returns: (transfer none) (nullable): the latest entry of that id; valid until the next call */
const LocalEntry *local_journal_find (LocalJournal *self, const char *id);
/* Returns: (transfer none) (nullable): the latest entry whose line the end of that file would cut */
const LocalEntry *local_journal_find_torn (LocalJournal *self, guint64 device, guint64 inode, gint64 end);
/* Adds an entry (takes its strings) to what the next write makes durable. */
void local_journal_add (LocalJournal *self, const char *id, LocalEntry *entry);
/* Makes the added entries durable; forgets them when it fails. */
gboolean local_journal_write (LocalJournal *self, GError **error);
/* Takes back what the last write added: its lines did not get into the file. */
void local_journal_undo (LocalJournal *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LocalJournal, local_journal_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LocalEntry, local_entry_clear)

G_END_DECLS
