/* SPDX-License-Identifier: Apache-2.0 */
/* The options of the group [postgres], checked and made ready for use. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/* One server of the connection string; what is NULL is libpq's to choose. */
typedef struct {
  char *host;
  char *hostaddr;
  char *port;
} PostgresHost;

/**
 * PostgresSettings:
 * @conninfo: the connection string, as libpq takes it; may hold a password
 * @password: (nullable): the password that counts before the string's
 * @label: which database it is, for people; no secret
 * @role: (nullable): the user that the string names
 * @hosts: (element-type PostgresHost): at least one, in the order in which they are tried
 * @pool_max: most connections
 * @pool_wait: how long a call may wait for one, microseconds
 * @connect_milliseconds: how long one server may take to let us in
 * @statement_milliseconds: how long a statement may take
 * @lock_milliseconds: how long it may wait for a lock
 * @search_milliseconds: how long a search or a page of an export may take
 * @named: whether statements are prepared and a session keeps its settings; not behind a pooler of transactions
 * @migrate: whether opening brings the database to this plugin's schema
 *
 * Immutable, reference-counted: threads read it.
 */
typedef struct {
  char *conninfo;
  char *password;
  char *label;
  char *role;
  GPtrArray *hosts;
  guint pool_max;
  gint64 pool_wait;
  guint connect_milliseconds;
  guint statement_milliseconds;
  guint lock_milliseconds;
  guint search_milliseconds;
  gboolean named;
  gboolean migrate;
} PostgresSettings;

extern const AnnotOption postgres_options[];

/* CONFIG: the connection string or a secret's file is wrong. */
PostgresSettings *postgres_settings_new (AnnotConfig *config, GError **error);
PostgresSettings *postgres_settings_ref (PostgresSettings *self);
void postgres_settings_unref (PostgresSettings *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PostgresSettings, postgres_settings_unref)

G_END_DECLS
