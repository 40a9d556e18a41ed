/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts, API tokens and sessions, as a store keeps them. */
#pragma once

#if !defined(ANNOTATIOND_INSIDE) && !defined(ANNOTATIOND_COMPILATION)
#error "Include <annotationd/annotationd.h>"
#endif

#include <glib-object.h>

#include <annotationd/annot-macros.h>

G_BEGIN_DECLS

typedef enum {
  ANNOT_ROLE_ANNOTATOR = 1 << 0,
  ANNOT_ROLE_PRODUCER = 1 << 1,
  ANNOT_ROLE_COMPLIANCE_OFFICER = 1 << 2,
  ANNOT_ROLE_ADMIN = 1 << 3,
} AnnotRoles;

#define ANNOT_ROLES_ALL \
  (ANNOT_ROLE_ANNOTATOR | ANNOT_ROLE_PRODUCER | ANNOT_ROLE_COMPLIANCE_OFFICER | ANNOT_ROLE_ADMIN)

/* "annotator", "producer", "compliance_officer", "admin"; NULL when role is not exactly one of them */
ANNOT_API const char *annot_role_to_string (AnnotRoles role);
/* Returns: the role, 0 when there is none of that name */
ANNOT_API AnnotRoles annot_role_from_string (const char *name);
/* Returns: (transfer container) (array zero-terminated=1): the names of all roles in the set */
ANNOT_API const char **annot_roles_to_strv (AnnotRoles roles);

/**
 * AnnotAccount:
 * @name: `[A-Za-z0-9._@-]{1,64}`
 * @password_hash: (nullable): crypt(5) string; %NULL: no sign-in by password
 * @roles: roles
 * @disabled: may not sign in; its sessions and tokens are void
 * @created_at: microseconds since 1970 UTC
 */
typedef struct {
  char *name;
  char *password_hash;
  AnnotRoles roles;
  gboolean disabled;
  gint64 created_at;
} AnnotAccount;

ANNOT_API AnnotAccount *annot_account_new (const char *name, AnnotRoles roles);
ANNOT_API AnnotAccount *annot_account_copy (const AnnotAccount *self);
ANNOT_API void annot_account_free (AnnotAccount *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotAccount, annot_account_free)

/**
 * AnnotToken:
 * @id: short public id, to list and revoke by
 * @account: whose it is
 * @description: what it is for
 * @hash: SHA-256 hex of the token; the token itself is shown once and not kept
 * @roles: a subset of the account's roles (checked against them at use)
 * @created_at: microseconds since 1970 UTC
 * @expires_at: microseconds since 1970 UTC, 0 for never
 */
typedef struct {
  char *id;
  char *account;
  char *description;
  char *hash;
  AnnotRoles roles;
  gint64 created_at;
  gint64 expires_at;
} AnnotToken;

ANNOT_API AnnotToken *annot_token_new (void);
ANNOT_API void annot_token_free (AnnotToken *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotToken, annot_token_free)

/**
 * AnnotSession:
 * @jti: id of the signed token
 * @account: whose it is
 * @expires_at: when it ends anyway, microseconds since 1970 UTC
 * @revoked: ended before its time (logout, disabled account, changed password or roles)
 */
typedef struct {
  char *jti;
  char *account;
  gint64 expires_at;
  gboolean revoked;
} AnnotSession;

ANNOT_API AnnotSession *annot_session_new (const char *jti, const char *account, gint64 expires_at);
ANNOT_API void annot_session_free (AnnotSession *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotSession, annot_session_free)

G_END_DECLS
