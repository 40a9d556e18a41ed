/* SPDX-License-Identifier: Apache-2.0 */
/* Producing on the main context: queues messages, writes what has gathered as one batch, answers. */
#pragma once

#include "local-settings.h"

G_BEGIN_DECLS

/* At most one batch is under way in GLib's worker threads; what comes meanwhile is the next one (group commit). */
typedef struct LocalProducer LocalProducer;

LocalProducer *local_producer_new (AnnotBroker *broker, const LocalSettings *settings);
/* Only when flushed. */
void local_producer_free (LocalProducer *self);
/* Answers (boolean) when the message is on the disk. (transfer full) task. */
void local_producer_add (LocalProducer *self, AnnotMessage *message, GTask *task);
/* Answers (boolean) when all that was added before has been answered. (transfer full) task. */
void local_producer_flush (LocalProducer *self, GTask *task);
guint64 local_producer_get_produced (LocalProducer *self);
/* Returns: (transfer none) (nullable): why the last batch failed, if the same may work later */
const GError *local_producer_get_problem (LocalProducer *self);

G_END_DECLS
