/* SPDX-License-Identifier: Apache-2.0 */
/* Consuming on the main context: asks a worker for messages, hands them on, stores offsets. */
#pragma once

#include "local-settings.h"

G_BEGIN_DECLS

/*
 * At most one job is under way in GLib's worker threads, and only it touches the readers, so nothing needs a lock. A
 * job stores offsets, takes more messages if there is room for them, and measures the lag if somebody asked.
 */
typedef struct LocalConsumer LocalConsumer;

LocalConsumer *local_consumer_new (AnnotBroker *broker, const LocalSettings *settings);
/* Only when closed, or never started. */
void local_consumer_free (LocalConsumer *self);

gboolean local_consumer_start (LocalConsumer *self, const char *const *topics, GMainContext *context, GError **error);
/* Answers (boolean) when what is under way and waiting has been done. (transfer full) task. */
void local_consumer_close (LocalConsumer *self, GTask *task);
/* Answers (boolean). (transfer full) task. */
void local_consumer_store (LocalConsumer *self, const char *topic, gint64 next_offset, GTask *task);
void local_consumer_pause (LocalConsumer *self);
void local_consumer_resume (LocalConsumer *self);
/* Measures the lag soon. */
void local_consumer_measure (LocalConsumer *self);
/* Returns: (transfer full) (element-type AnnotPartition): as last measured */
GPtrArray *local_consumer_get_assignment (LocalConsumer *self);
/* Returns: (transfer none) (nullable): why consuming does not go on at present */
const GError *local_consumer_get_problem (LocalConsumer *self);

G_END_DECLS
