/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts, API tokens and sessions. */
#include <annotationd/annotationd.h>

static const struct {
  AnnotRoles role;
  const char *name;
} role_names[] = {
  { ANNOT_ROLE_ANNOTATOR, "annotator" },
  { ANNOT_ROLE_PRODUCER, "producer" },
  { ANNOT_ROLE_COMPLIANCE_OFFICER, "compliance_officer" },
  { ANNOT_ROLE_ADMIN, "admin" },
};

const char *
annot_role_to_string (AnnotRoles role)
{
  for (guint i = 0; i < G_N_ELEMENTS (role_names); i++)
    if (role_names[i].role == role)
      return role_names[i].name;
  return NULL;
}

AnnotRoles
annot_role_from_string (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (role_names); i++)
    if (g_strcmp0 (role_names[i].name, name) == 0)
      return role_names[i].role;
  return 0;
}

const char **
annot_roles_to_strv (AnnotRoles roles)
{
  const char **names = g_new0 (const char *, G_N_ELEMENTS (role_names) + 1);
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (role_names); i++)
    if (roles & role_names[i].role)
      names[n++] = role_names[i].name;
  return names;
}

AnnotAccount *
annot_account_new (const char *name, AnnotRoles roles)
{
  AnnotAccount *self = g_new0 (AnnotAccount, 1);

  self->name = g_strdup (name);
  self->roles = roles;
  return self;
}

AnnotAccount *
annot_account_copy (const AnnotAccount *self)
{
  AnnotAccount *copy = g_memdup2 (self, sizeof *self);

  copy->name = g_strdup (self->name);
  copy->password_hash = g_strdup (self->password_hash);
  return copy;
}

void
annot_account_free (AnnotAccount *self)
{
  g_free (self->name);
  g_free (self->password_hash);
  g_free (self);
}

AnnotToken *
annot_token_new (void)
{
  return g_new0 (AnnotToken, 1);
}

void
annot_token_free (AnnotToken *self)
{
  g_free (self->id);
  g_free (self->account);
  g_free (self->description);
  g_free (self->hash);
  g_free (self);
}

AnnotSession *
annot_session_new (const char *jti, const char *account, gint64 expires_at)
{
  AnnotSession *self = g_new0 (AnnotSession, 1);

  self->jti = g_strdup (jti);
  self->account = g_strdup (account);
  self->expires_at = expires_at;
  return self;
}

void
annot_session_free (AnnotSession *self)
{
  g_free (self->jti);
  g_free (self->account);
  g_free (self);
}
