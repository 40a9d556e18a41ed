/* SPDX-License-Identifier: Apache-2.0 */
/* Rate limits shared by all instances through the state, and kept here while the state is away. */
#pragma once

#include <annotationd/annotationd.h>

#include "annot-poller.h"
#include "annot-router.h"

G_BEGIN_DECLS

typedef struct _AnnotRateLimit AnnotRateLimit;

AnnotRateLimit *annot_rate_limit_new (AnnotConfig *config, AnnotState *state, AnnotPoller *poller);
void annot_rate_limit_free (AnnotRateLimit *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotRateLimit, annot_rate_limit_free)

AnnotRate annot_rate_limit_get (AnnotRateLimit *self, AnnotRateClass rate_class);
/* Takes one under the class and whose key (account or address). Always answers: when the state fails, or is slow, by this
 * instance's own count. */
typedef void (*AnnotRateTaken) (const AnnotRateVerdict *verdict, gpointer user_data);
void annot_rate_limit_take (AnnotRateLimit *self, AnnotRateClass rate_class, const char *whose, AnnotRateTaken taken,
                            gpointer user_data);

/* The local count by itself (generic cell rate algorithm, as the state's). now: microseconds. */
typedef struct _AnnotRateTable AnnotRateTable;
AnnotRateTable *annot_rate_table_new (void);
void annot_rate_table_free (AnnotRateTable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotRateTable, annot_rate_table_free)
AnnotRateVerdict annot_rate_table_take (AnnotRateTable *self, const char *key, AnnotRate rate, gint64 now);

G_END_DECLS
