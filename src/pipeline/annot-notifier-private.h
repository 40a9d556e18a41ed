/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the notifier share. */
#pragma once

#include "annot-log-limit.h"
#include "annot-notification-ring.h"
#include "annot-notification.h"
#include "annot-notifier.h"

G_BEGIN_DECLS

/* A gap larger than this is not filled but skipped by a resync: pages fetch the list anew. */
#define ANNOT_NOTIFIER_MAX_GAP 1000
#define ANNOT_NOTIFIER_PAGE 500

/*
 * @epoch, @last: where pages here stand: every new_example up to @last has been told, or a resync past it
 * @target: the largest seq that is known to exist; @last < @target means that something is missing or under way
 * @held: seq → text, came before what must come first
 * @outdated: something was removed since the store was asked: its answer may tell of what is gone
 * @removals: how often something was removed
 * @owing: events were told here only, because the state was away: the pages of all instances are to fetch anew
 */
struct _AnnotNotifier {
  GObject parent_instance;

  AnnotStore *store;
  AnnotState *state;
  GCancellable *cancellable;
  gboolean started;
  gulong handlers[3];

  char *epoch;
  gint64 last;
  gint64 target;
  gint64 fill_until;
  GHashTable *held;
  gsize held_bytes;
  AnnotNotificationRing *ring;
  guint gap_timer;
  gboolean filling;
  gboolean outdated;
  guint removals;
  guint64 gaps;

  guint poll_timer;
  guint turn;
  gboolean polling;
  gboolean changed;
  gboolean owing;
  gboolean settling;
  gint64 polled_from;
  gint64 pending;
  gint64 told_pending;
  gint64 told_at;
  AnnotLogLimit log_limit;
};

/* A message as every instance gets it, from the state or (when that is away) from this instance itself. */
void annot_notifier_receive_example (AnnotNotifier *self, GBytes *text);
void annot_notifier_receive_event (AnnotNotifier *self, GBytes *text);
void annot_notifier_emit (AnnotNotifier *self, GBytes *text);
/* Tells the next new_example and goes on to seq. */
void annot_notifier_emit_example (AnnotNotifier *self, gint64 seq, GBytes *text);
/* Goes on to (epoch, seq) and has the pages fetch anew. */
void annot_notifier_jump (AnnotNotifier *self, const char *epoch, gint64 seq);
/* Tells what was held back and is next. */
void annot_notifier_release_held (AnnotNotifier *self);
/* seq exists: fills what is missing up to it, unless it comes by itself in a moment. */
void annot_notifier_expect (AnnotNotifier *self, gint64 seq);
/* Asks the store where it stands. */
void annot_notifier_poll (AnnotNotifier *self);
/* Once the state is back, makes good for the events that the other instances have missed. */
void annot_notifier_settle_debt (AnnotNotifier *self);
void annot_notifier_report (AnnotNotifier *self, const char *what, const GError *error);

G_END_DECLS
