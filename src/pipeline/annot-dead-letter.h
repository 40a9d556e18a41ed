/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a message that can never be stored. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/**
 * annot_dead_letter_new:
 * @topic: the dead-letter topic
 * @message: the message as it was consumed
 * @stage: where it failed: "parse", "store"
 * @reason: why
 *
 * Key, value, timestamp and headers are untouched; text headers `__connect.errors.topic`, `.partition`, `.offset`, `.stage`
 * and `.exception.message` are added, by the names that Kafka Connect uses, so that existing tools read them.
 *
 * Returns: (transfer full): the message to produce
 */
AnnotMessage *annot_dead_letter_new (const char *topic, const AnnotMessage *message, const char *stage,
                                     const char *reason);

G_END_DECLS
