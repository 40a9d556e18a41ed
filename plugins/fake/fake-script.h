/* SPDX-License-Identifier: Apache-2.0 */
/* Says which calls fail, wait or hang; read again whenever its file changes. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/*
 * The file is a JSON array of rules; the first one that fits a call decides. A missing or empty file has no rules.
 *
 *   {"method": "put_examples",   the method's name as in the class, or "*" for all
 *    "skip": 2,                  the first two such calls are let through (0)
 *    "times": 3,                 then so many are caught (all)
 *    "error": "temporary",       the call is not made and fails so: a name of annot_error_name(), or "cancelled"
 *    "message": "…",             its text
 *    "answer-lost": true,        with "error": the call is made, and then fails: whether it took effect is unknown
 *    "delay-ms": 100,            waits before anything else
 *    "answer-delay-ms": 100,     what was done is answered so much later
 *    "hang": true,               never answers, until the backend is closed
 *    "unhealthy": true}          for "health": the answer is healthy=FALSE
 *
 * Beside the class's methods there is "deliver": a message that the real backend hands on; one that is caught is lost.
 *
 *   {"event": "gap"}             happens once when the file has been read (within 50 ms). For a state: gap. For a
 * broker: revoke, revoke-lost, assign (after a revoke), failed
 */
typedef struct FakeScript FakeScript;

typedef struct {
  gboolean caught;
  gboolean fails;
  gboolean answer_lost;
  gboolean hangs;
  gboolean unhealthy;
  guint delay_ms;
  guint answer_delay_ms;
  GError *error;
} FakeVerdict;

typedef void (*FakeEventFunc) (const char *event, gpointer user_data);

/* path: (nullable). Events are told on the thread-default context of the caller. */
FakeScript *fake_script_new (const char *path, FakeEventFunc func, gpointer user_data);
void fake_script_free (FakeScript *self);
/* What to do with this call. */
void fake_script_next (FakeScript *self, const char *method, FakeVerdict *verdict);
void fake_verdict_clear (FakeVerdict *verdict);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FakeVerdict, fake_verdict_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeScript, fake_script_free)

G_END_DECLS
