/* SPDX-License-Identifier: Apache-2.0 */
/* When leases that this instance has seen were first taken: the lead time of an annotation is measured from there. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

typedef struct _AnnotLeaseBook AnnotLeaseBook;

/* limit: at this many the oldest is forgotten. */
AnnotLeaseBook *annot_lease_book_new (guint limit);
void annot_lease_book_free (AnnotLeaseBook *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotLeaseBook, annot_lease_book_free)
void annot_lease_book_note (AnnotLeaseBook *self, const AnnotLease *lease);
/* Forgets it. */
void annot_lease_book_strike (AnnotLeaseBook *self, const AnnotLeaseToken *token);
/* Returns: microseconds since 1970 UTC, 0 when the lease was not seen here */
gint64 annot_lease_book_get_leased_at (AnnotLeaseBook *self, const AnnotLeaseToken *token);

G_END_DECLS
