/* SPDX-License-Identifier: Apache-2.0 */
/* When leases that this instance has seen were first taken: the lead time of an annotation is measured from there. */
#include "annot-lease-book.h"

typedef struct {
  AnnotLeaseToken token;
  gint64 leased_at;
  GList link;
} Entry;

struct _AnnotLeaseBook {
  GHashTable *entries;
  GQueue order;
  guint limit;
};

static guint
token_hash (gconstpointer key)
{
  const AnnotLeaseToken *token = key;

  return g_int64_hash (&token->seq) ^ (g_int64_hash (&token->fence) * 31u);
}

static gboolean
token_equal (gconstpointer a, gconstpointer b)
{
  const AnnotLeaseToken *left = a;
  const AnnotLeaseToken *right = b;

  return left->seq == right->seq && left->fence == right->fence;
}

AnnotLeaseBook *
annot_lease_book_new (guint limit)
{
  AnnotLeaseBook *self = g_new0 (AnnotLeaseBook, 1);

  self->entries = g_hash_table_new_full (token_hash, token_equal, NULL, g_free);
  g_queue_init (&self->order);
  self->limit = limit;
  return self;
}

void
annot_lease_book_free (AnnotLeaseBook *self)
{
  g_hash_table_unref (self->entries);
  g_free (self);
}

static void
forget (AnnotLeaseBook *self, Entry *entry)
{
  g_queue_unlink (&self->order, &entry->link);
  g_hash_table_remove (self->entries, &entry->token);
}

void
annot_lease_book_note (AnnotLeaseBook *self, const AnnotLease *lease)
{
  Entry *entry;

  if (g_hash_table_contains (self->entries, &lease->token))
    return;
  entry = g_new0 (Entry, 1);
  entry->token = lease->token;
  entry->leased_at = lease->leased_at;
  entry->link.data = entry;
  g_queue_push_tail_link (&self->order, &entry->link);
  g_hash_table_insert (self->entries, &entry->token, entry);
  while (self->order.length > self->limit)
    forget (self, self->order.head->data);
}

void
annot_lease_book_strike (AnnotLeaseBook *self, const AnnotLeaseToken *token)
{
  Entry *entry = g_hash_table_lookup (self->entries, token);

  if (entry)
    forget (self, entry);
}

gint64
annot_lease_book_get_leased_at (AnnotLeaseBook *self, const AnnotLeaseToken *token)
{
  const Entry *entry = g_hash_table_lookup (self->entries, token);

  return entry ? entry->leased_at : 0;
}
