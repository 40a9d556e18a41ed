/* SPDX-License-Identifier: Apache-2.0 */
/* Opaque API tokens: looked up by their digest in the store, remembered for a few seconds. */
#include "annot-token-cache.h"

#include "model/annot-password.h"

typedef struct {
  AnnotTokenOwner owner;
  gint64 until; /* monotonic */
} Entry;

struct _AnnotTokenCache {
  GObject parent_instance;
  AnnotStore *store;
  GHashTable *entries; /* digest to Entry */
  guint generation;    /* counts forgetting: an answer that was under way meanwhile is not remembered */
};

G_DEFINE_FINAL_TYPE (AnnotTokenCache, annot_token_cache, G_TYPE_OBJECT)

typedef struct {
  char *digest;
  guint generation;
  AnnotToken *token;
} Lookup;

static void
lookup_free (Lookup *lookup)
{
  g_free (lookup->digest);
  g_clear_pointer (&lookup->token, annot_token_free);
  g_free (lookup);
}

static void
entry_free (Entry *entry)
{
  g_free (entry->owner.account);
  g_free (entry);
}

void
annot_token_owner_free (AnnotTokenOwner *self)
{
  if (!self)
    return;
  g_free (self->account);
  g_free (self);
}

static AnnotTokenOwner *
owner_new (const char *account, AnnotRoles roles, gint64 expires_at)
{
  AnnotTokenOwner *owner = g_new (AnnotTokenOwner, 1);

  owner->account = g_strdup (account);
  owner->roles = roles;
  owner->expires_at = expires_at;
  return owner;
}

static void
annot_token_cache_init (AnnotTokenCache *self)
{
  self->entries = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) entry_free);
}

static void
annot_token_cache_finalize (GObject *object)
{
  AnnotTokenCache *self = ANNOT_TOKEN_CACHE (object);

  g_clear_object (&self->store);
  g_hash_table_unref (self->entries);
  G_OBJECT_CLASS (annot_token_cache_parent_class)->finalize (object);
}

static void
annot_token_cache_class_init (AnnotTokenCacheClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = annot_token_cache_finalize;
}

AnnotTokenCache *
annot_token_cache_new (AnnotStore *store)
{
  AnnotTokenCache *self = g_object_new (ANNOT_TYPE_TOKEN_CACHE, NULL);

  self->store = g_object_ref (store);
  return self;
}

static gboolean
is_old (gpointer digest, gpointer value, gpointer user_data)
{
  (void) digest;
  return ((const Entry *) value)->until <= *(const gint64 *) user_data;
}

static void
remember (AnnotTokenCache *self, const char *digest, const AnnotTokenOwner *owner)
{
  gint64 now = g_get_monotonic_time ();
  Entry *entry;

  if (g_hash_table_size (self->entries) >= ANNOT_TOKEN_CACHE_ENTRIES)
    g_hash_table_foreach_remove (self->entries, is_old, &now);
  if (g_hash_table_size (self->entries) >= ANNOT_TOKEN_CACHE_ENTRIES)
    g_hash_table_remove_all (self->entries);
  entry = g_new (Entry, 1);
  entry->owner = *owner;
  entry->owner.account = g_strdup (owner->account);
  entry->until = now + ANNOT_TOKEN_CACHE_SECONDS * G_USEC_PER_SEC;
  g_hash_table_replace (self->entries, g_strdup (digest), entry);
}

static gboolean
has_expired (gint64 expires_at)
{
  return expires_at > 0 && expires_at <= g_get_real_time ();
}

static void
refuse (GTask *task)
{
  g_task_return_new_error (task, ANNOT_ERROR, ANNOT_ERROR_AUTH, "the API token is not known, or not valid any more");
}

static void
account_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  AnnotTokenCache *self = g_task_get_source_object (task);
  const Lookup *lookup = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotAccount) account = annot_store_get_account_finish (ANNOT_STORE (source), result, &error);
  AnnotTokenOwner *owner;

  if (!account && !g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND)) {
    g_task_return_error (task, g_steal_pointer (&error));
    return;
  }
  if (!account || account->disabled || has_expired (lookup->token->expires_at)) {
    refuse (task);
    return;
  }
  owner = owner_new (account->name, lookup->token->roles & account->roles, lookup->token->expires_at);
  if (lookup->generation == self->generation)
    remember (self, lookup->digest, owner);
  g_task_return_pointer (task, owner, (GDestroyNotify) annot_token_owner_free);
}

static void
token_found (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Lookup *lookup = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  lookup->token = annot_store_find_token_finish (ANNOT_STORE (source), result, &error);
  if (lookup->token) {
    annot_store_get_account (ANNOT_STORE (source), lookup->token->account, g_task_get_cancellable (task), account_found,
                             g_object_ref (task));
  } else if (g_error_matches (error, ANNOT_ERROR, ANNOT_ERROR_NOT_FOUND)) {
    refuse (task);
  } else {
    g_task_return_error (task, g_steal_pointer (&error));
  }
}

void
annot_token_cache_find (AnnotTokenCache *self, const char *token, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data)
{
  g_autofree char *digest = annot_token_digest (token);

  annot_token_cache_find_digest (self, digest, cancellable, callback, user_data);
}

void
annot_token_cache_find_digest (AnnotTokenCache *self, const char *digest, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Lookup *lookup = g_new0 (Lookup, 1);
  const Entry *entry;

  g_task_set_source_tag (task, annot_token_cache_find);
  g_task_set_task_data (task, lookup, (GDestroyNotify) lookup_free);
  lookup->digest = g_strdup (digest);
  lookup->generation = self->generation;
  entry = g_hash_table_lookup (self->entries, lookup->digest);
  if (entry && entry->until > g_get_monotonic_time ()) {
    if (has_expired (entry->owner.expires_at))
      refuse (task);
    else
      g_task_return_pointer (task, owner_new (entry->owner.account, entry->owner.roles, entry->owner.expires_at),
                             (GDestroyNotify) annot_token_owner_free);
    return;
  }
  annot_store_find_token (self->store, lookup->digest, cancellable, token_found, g_steal_pointer (&task));
}

AnnotTokenOwner *
annot_token_cache_find_finish (AnnotTokenCache *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static gboolean
is_of_account (gpointer digest, gpointer value, gpointer user_data)
{
  (void) digest;
  return !user_data || g_str_equal (((const Entry *) value)->owner.account, user_data);
}

void
annot_token_cache_forget (AnnotTokenCache *self, const char *account)
{
  self->generation++;
  g_hash_table_foreach_remove (self->entries, is_of_account, (gpointer) account);
}
