/* SPDX-License-Identifier: Apache-2.0 */
/* Opened backends for the tests of the pipeline: the embedded ones, or what a test names instead. */
#pragma once

#include <annotationd/annotationd.h>

#include "annot-test-loop.h"

G_BEGIN_DECLS

typedef struct {
  char *directory;
  AnnotConfig *config;
  AnnotStore *store;
  AnnotState *state;
  AnnotBroker *broker;
} AnnotTestRooms;

/* options: `group.key=value`, on top of `store.plugin`, `state.plugin`, `broker.plugin` = sqlite, memory, local. The
 * backends are configured; open says whether they are opened, too. Skips the test and answers NULL when a plugin was
 * not built. */
AnnotTestRooms *annot_test_rooms_new (const char *const *options, gboolean open);
/* The same before which fakes stand: they let all through but what a script forbids. */
AnnotTestRooms *annot_test_rooms_new_faked (const char *const *options, gboolean open);
/* rules: of plugins/fake, for "store", "state" or "broker"; "[]" lets all through again. */
void annot_test_rooms_script (AnnotTestRooms *self, const char *backend, const char *rules);
/* Closes them, and removes the directory. */
void annot_test_rooms_free (AnnotTestRooms *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotTestRooms, annot_test_rooms_free)

/* Returns: (transfer full): an example "PREFIX-number" */
AnnotExample *annot_test_rooms_make_example (const char *prefix, guint number);
/* Puts such examples into the store, past all of the pipeline. Returns: (transfer full): with their seq */
GPtrArray *annot_test_rooms_put (AnnotTestRooms *self, const char *prefix, guint count);
/* Appends a line to a topic of the local broker. */
void annot_test_rooms_feed (AnnotTestRooms *self, const char *topic, const char *line);
/* Returns: (transfer full): the topic's file, "" when there is none */
char *annot_test_rooms_read_topic (AnnotTestRooms *self, const char *topic);
/* Returns: (transfer full): where the store stands */
AnnotPosition *annot_test_rooms_position (AnnotTestRooms *self);
/* Returns: how long something may take that is to take this long, microseconds: more where the test runs slowly */
gint64 annot_test_patience (gint64 microseconds);
/* Returns: (transfer full): the document of a hard example */
char *annot_test_rooms_document (const char *event_id);

G_END_DECLS
