/* SPDX-License-Identifier: Apache-2.0 */
/* Growing delay after failed sign-ins, by account and by address, in bounded memory. */
#include "annot-lockout.h"

typedef struct {
  char *key;
  guint failures;
  gint64 last_failure;
  gint64 locked_until;
  GList link; /* in `by_age` */
} Entry;

struct _AnnotLockout {
  guint capacity;
  GHashTable *entries; /* key (of the entry) to Entry */
  GQueue by_age;       /* least recent failure first */
};

static void
entry_free (Entry *entry)
{
  g_free (entry->key);
  g_free (entry);
}

AnnotLockout *
annot_lockout_new (guint capacity)
{
  AnnotLockout *self = g_new0 (AnnotLockout, 1);

  self->capacity = MAX (capacity, 2);
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) entry_free);
  g_queue_init (&self->by_age);
  return self;
}

void
annot_lockout_free (AnnotLockout *self)
{
  if (!self)
    return;
  g_hash_table_unref (self->entries);
  g_free (self);
}

static void
drop (AnnotLockout *self, Entry *entry)
{
  g_queue_unlink (&self->by_age, &entry->link);
  g_hash_table_remove (self->entries, entry->key);
}

static void
forget_old (AnnotLockout *self, gint64 now)
{
  Entry *oldest;

  while ((oldest = g_queue_peek_head (&self->by_age))
         && oldest->last_failure + ANNOT_LOCKOUT_MEMORY * G_USEC_PER_SEC <= now)
    drop (self, oldest);
}

static gint64
delay_of (AnnotLockout *self, const char *key, gint64 now)
{
  const Entry *entry = g_hash_table_lookup (self->entries, key);

  return entry ? MAX (entry->locked_until - now, 0) : 0;
}

/* The two kinds of key cannot meet: neither a name nor an address holds a blank. */
static char *
account_key (const char *account)
{
  return g_strconcat ("account ", account, NULL);
}

static char *
client_key (const char *client)
{
  return g_strconcat ("client ", client, NULL);
}

gint64
annot_lockout_get_delay (AnnotLockout *self, const char *account, const char *client, gint64 now)
{
  g_autofree char *by_account = account_key (account);
  g_autofree char *by_client = client_key (client);

  forget_old (self, now);
  return MAX (delay_of (self, by_account, now), delay_of (self, by_client, now));
}

static Entry *
take_entry (AnnotLockout *self, const char *key)
{
  Entry *entry = g_hash_table_lookup (self->entries, key);

  if (entry) {
    g_queue_unlink (&self->by_age, &entry->link);
  } else {
    if (g_hash_table_size (self->entries) >= self->capacity)
      drop (self, g_queue_peek_head (&self->by_age));
    entry = g_new0 (Entry, 1);
    entry->key = g_strdup (key);
    entry->link.data = entry;
    g_hash_table_insert (self->entries, entry->key, entry);
  }
  g_queue_push_tail_link (&self->by_age, &entry->link);
  return entry;
}

static void
count (AnnotLockout *self, const char *key, guint free_failures, gint64 longest, gint64 now)
{
  Entry *entry = take_entry (self, key);

  entry->failures++;
  entry->last_failure = now;
  if (entry->failures >= free_failures) {
    guint doublings = MIN (entry->failures - free_failures, 20);

    entry->locked_until = now + MIN ((gint64) 1 << doublings, longest) * G_USEC_PER_SEC;
  }
}

void
annot_lockout_failed (AnnotLockout *self, const char *account, const char *client, gint64 now)
{
  g_autofree char *by_account = account_key (account);
  g_autofree char *by_client = client_key (client);

  forget_old (self, now);
  count (self, by_account, ANNOT_LOCKOUT_ACCOUNT_FREE, ANNOT_LOCKOUT_ACCOUNT_LONGEST, now);
  count (self, by_client, ANNOT_LOCKOUT_CLIENT_FREE, ANNOT_LOCKOUT_CLIENT_LONGEST, now);
}

void
annot_lockout_succeeded (AnnotLockout *self, const char *account)
{
  g_autofree char *key = account_key (account);
  Entry *entry = g_hash_table_lookup (self->entries, key);

  if (entry)
    drop (self, entry);
}

guint
annot_lockout_get_size (AnnotLockout *self)
{
  return g_hash_table_size (self->entries);
}
