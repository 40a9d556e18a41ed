/* SPDX-License-Identifier: Apache-2.0 */
/* SQL from .sql files that a plugin has built into it: statements by name, migrations by number. For stores. */
#pragma once

#if !defined(ANNOTATIOND_INSIDE) && !defined(ANNOTATIOND_COMPILATION)
#error "Include <annotationd/annotationd.h>"
#endif

#include <gio/gio.h>

#include <annotationd/annot-macros.h>

G_BEGIN_DECLS

typedef struct _AnnotStatements AnnotStatements;

/**
 * annot_statements_load:
 * @directory: a GResource folder, with a slash at its end
 *
 * Reads the folder's .sql files. A line `-- name: NAME` begins a statement, which goes on to the next such line; lines
 * that begin with `--` are comments; `{NAME}` stands for the text of another statement.
 *
 * Returns: (transfer full): the statements, which never change
 */
ANNOT_API AnnotStatements *annot_statements_load (const char *directory);
ANNOT_API void annot_statements_free (AnnotStatements *self);

/**
 * annot_statements_get:
 * @name: a statement's name; one that is not there is a programming error
 *
 * Any thread.
 *
 * Returns: (transfer none): its text
 */
ANNOT_API const char *annot_statements_get (const AnnotStatements *self, const char *name);

/**
 * AnnotMigration:
 * @number: 1 for the first
 * @name: its file's name, "0001-initial.sql"
 * @script: its text, with a NUL behind it
 */
typedef struct {
  guint number;
  char *name;
  GBytes *script;
} AnnotMigration;

ANNOT_API void annot_migration_free (AnnotMigration *self);

/**
 * annot_migrations_list:
 * @directory: a GResource folder, with a slash at its end, of files "NNNN-what.sql" that are numbered from 1 on
 *
 * Returns: (transfer full) (element-type AnnotMigration): in their order
 */
ANNOT_API GPtrArray *annot_migrations_list (const char *directory);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotStatements, annot_statements_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotMigration, annot_migration_free)

G_END_DECLS
