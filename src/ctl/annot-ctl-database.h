/* SPDX-License-Identifier: Apache-2.0 */
/* A store for administration: configured and not opened, called as the user who owns its files. */
#pragma once

#include "annot-ctl.h"

G_BEGIN_DECLS

/**
 * AnnotCtlDatabase:
 * @config: its configuration
 * @store: configured, not opened
 * @plugin: (transfer none): name of its plugin
 */
typedef struct {
  AnnotConfig *config;
  AnnotStore *store;
  const char *plugin;
} AnnotCtlDatabase;

/* Takes over config. Returns: FALSE with error set, and self empty */
gboolean annot_ctl_database_init (AnnotCtlDatabase *self, AnnotCtl *ctl, AnnotConfig *config, GError **error);
void annot_ctl_database_clear (AnnotCtlDatabase *self);

/* Each waits for the method of the store. */
AnnotSchema *annot_ctl_database_inspect (AnnotCtlDatabase *self, GError **error);
int annot_ctl_database_migrate (AnnotCtlDatabase *self, GError **error);
GPtrArray *annot_ctl_database_dump (AnnotCtlDatabase *self, GError **error);
gboolean annot_ctl_database_restore (AnnotCtlDatabase *self, GPtrArray *records, GError **error);
/* Refuses one that a newer annotationd has migrated, or that holds half a copy: CONFIG. */
gboolean annot_ctl_database_check (const AnnotSchema *schema, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AnnotCtlDatabase, annot_ctl_database_clear)

G_END_DECLS
