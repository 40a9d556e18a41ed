/* SPDX-License-Identifier: Apache-2.0 */
/* What a store's database is made of, and how its content is carried into another store. */
#pragma once

#if !defined(ANNOTATIOND_INSIDE) && !defined(ANNOTATIOND_COMPILATION)
#error "Include <annotationd/annotationd.h>"
#endif

#include <glib-object.h>

#include <annotationd/annot-macros.h>

G_BEGIN_DECLS

/**
 * AnnotSchema:
 * @address: which database it is, for people; without any secret
 * @version: of the database: how many migrations it has had, 0 for a database that is empty or does not exist
 * @known: the version that this plugin works with: how many migrations it brings along
 * @pending: (array zero-terminated=1): the names of those still to be applied, in order; never %NULL
 * @unfinished: a copy into it was begun and not finished, so that it cannot be opened
 *
 * Where a database stands. @version larger than @known: a newer annotationd has migrated it.
 */
typedef struct {
  char *address;
  gint64 version;
  gint64 known;
  char **pending;
  gboolean unfinished;
} AnnotSchema;

/* Returns: (transfer full): no pending migration, versions 0 */
ANNOT_API AnnotSchema *annot_schema_new (const char *address);
ANNOT_API void annot_schema_free (AnnotSchema *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotSchema, annot_schema_free)

/*
 * Records: what annot_store_dump() gives and annot_store_restore() takes. One is the text of one flat JSON object, a
 * GBytes; docs/records.md says which kinds there are, with which members and in which order.
 */

/* The only format so far. A reader refuses any other. */
#define ANNOT_RECORD_FORMAT 1
/* A batch of records has no more than so many, and ends with the one that makes it this large. */
#define ANNOT_RECORDS_MAX 500
#define ANNOT_RECORDS_BYTES (8 * 1024 * 1024)

G_END_DECLS
