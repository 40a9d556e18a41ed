/* SPDX-License-Identifier: Apache-2.0 */
/* Growing delay after failed sign-ins, by account and by address, in bounded memory. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* So many failures cost nothing; each further one doubles the delay, from one second up to the longest. An address has
 * more room, for the many people behind it; a name has a short longest delay, so that nobody can keep somebody else
 * out. */
#define ANNOT_LOCKOUT_ACCOUNT_FREE 5
#define ANNOT_LOCKOUT_ACCOUNT_LONGEST 60
#define ANNOT_LOCKOUT_CLIENT_FREE 20
#define ANNOT_LOCKOUT_CLIENT_LONGEST 900
/* Seconds after its last failure an entry is forgotten. */
#define ANNOT_LOCKOUT_MEMORY 1800

typedef struct _AnnotLockout AnnotLockout;

/* capacity: entries at most; the one that failed longest ago goes first. */
AnnotLockout *annot_lockout_new (guint capacity);
void annot_lockout_free (AnnotLockout *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotLockout, annot_lockout_free)

/* Times are of a monotonic clock, microseconds. Returns: microseconds until this account may be tried from this
 * address, 0 for now */
gint64 annot_lockout_get_delay (AnnotLockout *self, const char *account, const char *client, gint64 now);
void annot_lockout_failed (AnnotLockout *self, const char *account, const char *client, gint64 now);
/* Clears the account; the address keeps its failures, else one's own account would wash away the guesses at others. */
void annot_lockout_succeeded (AnnotLockout *self, const char *account);
guint annot_lockout_get_size (AnnotLockout *self);

G_END_DECLS
