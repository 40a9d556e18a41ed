/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the desk share. */
#pragma once

#include "annot-desk.h"
#include "annot-log-limit.h"

G_BEGIN_DECLS

struct _AnnotDesk {
  GObject parent_instance;

  AnnotStore *store;
  AnnotNotifier *notifier;
  AnnotRelay *relay;
  char *labeled_topic;
  char *events_topic;
  guint lease_seconds;
  guint max_skips;
  gboolean inline_frames;
  guint timer;
  gboolean expiring;
  GCancellable *cancellable;
  AnnotLogLimit log_limit;
};

G_END_DECLS
