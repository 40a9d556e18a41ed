/* SPDX-License-Identifier: Apache-2.0 */
/* Opaque API tokens: looked up by their digest in the store, remembered for a few seconds. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/* Seconds an answer is remembered: so long a revoked token may work on an instance that the news did not reach. */
#define ANNOT_TOKEN_CACHE_SECONDS 5
#define ANNOT_TOKEN_CACHE_ENTRIES 1024

/* Whose a good token is, and what it may do. */
typedef struct {
  char *account;
  AnnotRoles roles;
  gint64 expires_at;
} AnnotTokenOwner;

void annot_token_owner_free (AnnotTokenOwner *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotTokenOwner, annot_token_owner_free)

#define ANNOT_TYPE_TOKEN_CACHE (annot_token_cache_get_type ())
G_DECLARE_FINAL_TYPE (AnnotTokenCache, annot_token_cache, ANNOT, TOKEN_CACHE, GObject)

AnnotTokenCache *annot_token_cache_new (AnnotStore *store);
/* Pointer: AnnotTokenOwner; AUTH: unknown, expired, or of a disabled account. */
void annot_token_cache_find (AnnotTokenCache *self, const char *token, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data);
/* As annot_token_cache_find(), by the digest of the token. */
void annot_token_cache_find_digest (AnnotTokenCache *self, const char *digest, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer user_data);
AnnotTokenOwner *annot_token_cache_find_finish (AnnotTokenCache *self, GAsyncResult *result, GError **error);
/* Looks the account's tokens up anew; account NULL: all. */
void annot_token_cache_forget (AnnotTokenCache *self, const char *account);

G_END_DECLS
