/* SPDX-License-Identifier: Apache-2.0 */
/* What became of each example of an intake, told to the one who sent them. */
#pragma once

#include "annot-request.h"

G_BEGIN_DECLS

/**
 * AnnotIntakeItem:
 * @event_id: (nullable): %NULL when it could not be read
 * @known: it was there already
 * @seq: its seq
 * @error: (nullable): why it is not stored
 */
typedef struct {
  char *event_id;
  gboolean known;
  gint64 seq;
  GError *error;
} AnnotIntakeItem;

void annot_intake_item_free (AnnotIntakeItem *self);
/* For a request of one example. */
void annot_intake_answer_one (AnnotRequest *request, const AnnotIntakeItem *item);
/* For several (element-type AnnotIntakeItem). failure (nullable): of the store, when it has failed. */
void annot_intake_answer_many (AnnotRequest *request, GPtrArray *items, const GError *failure);

G_END_DECLS
