/* SPDX-License-Identifier: Apache-2.0 */
/* A broker under test with a listener that writes everything down. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/**
 * AnnotTestConsumer:
 * @broker: (transfer full): open
 * @messages: (element-type AnnotMessage): delivered so far
 * @assignments: how often assigned was called
 * @partitions: partitions held now
 * @failures: how often failed was called
 * @pause_at: pause in the delivery of this message, counted from 1
 */
typedef struct {
  AnnotBroker *broker;
  GPtrArray *messages;
  guint assignments;
  guint partitions;
  guint failures;
  guint pause_at;
} AnnotTestConsumer;

/* Makes, opens and listens; fails the test on error. */
AnnotTestConsumer *annot_test_consumer_new (const char *plugin, const char *state_dir, const char *const *options);
/* Closes too. */
void annot_test_consumer_free (AnnotTestConsumer *self);
void annot_test_consumer_consume (AnnotTestConsumer *self, const char *topic);
void annot_test_consumer_close (AnnotTestConsumer *self);
/* Waits for that many messages in total. Returns: whether they came within ten seconds */
gboolean annot_test_consumer_wait (AnnotTestConsumer *self, guint count);
gboolean annot_test_consumer_wait_assigned (AnnotTestConsumer *self, guint partitions);
/* Returns: (transfer full): value of a message as text */
char *annot_test_consumer_text (AnnotTestConsumer *self, guint index);
/* Stores the offset after a message that was delivered. */
void annot_test_consumer_store (AnnotTestConsumer *self, guint index);
/* Produces and waits for the answer. Returns: whether it was confirmed. @id: (nullable): header `id` */
gboolean annot_test_produce (AnnotBroker *broker, const char *topic, const char *id, const char *value, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotTestConsumer, annot_test_consumer_free)

G_END_DECLS
