/* SPDX-License-Identifier: Apache-2.0 */
/* Deadlines in order, watches that vanish within a turn, deferred work. */
#include "http/annot-poller.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

typedef struct {
  AnnotTimer timer;
  GArray *fired;
  guint number;
} Clock;

static void
fired (AnnotTimer *timer)
{
  Clock *clock = (Clock *)timer;
  g_assert_cmpint (g_get_monotonic_time (), >=, timer->deadline);
  g_array_append_val (clock->fired, clock->number);
}

static void
run_for (gint64 microseconds)
{
  gint64 until = g_get_monotonic_time () + microseconds;
  while (g_get_monotonic_time () < until) {
    g_main_context_iteration (NULL, FALSE);
    g_usleep (500);
  }
}

static void
test_timers (void)
{
  g_autoptr (AnnotPoller) poller = annot_poller_new (NULL, NULL);
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (guint));
  Clock clocks[20] = { 0 };
  gint64 now = g_get_monotonic_time ();
  for (guint i = 0; i < G_N_ELEMENTS (clocks); i++) {
    clocks[i] = (Clock){ .timer.func = fired, .fired = order, .number = i };
    annot_poller_arm (poller, &clocks[i].timer, now + (i % 5) * 140000);
  }
  annot_poller_arm (poller, &clocks[19].timer, now + 600 * G_USEC_PER_SEC); /* moved away */
  annot_poller_disarm (poller, &clocks[18].timer);
  annot_poller_disarm (poller, &clocks[18].timer);
  run_for (900000);
  g_assert_cmpuint (order->len, ==, 18);
  for (guint i = 1; i < order->len; i++) {
    g_assert_cmpuint (g_array_index (order, guint, i - 1) % 5, <=, g_array_index (order, guint, i) % 5);
  }
  g_assert_true (annot_timer_is_armed (&clocks[19].timer));
  g_assert_false (annot_timer_is_armed (&clocks[18].timer));
  annot_poller_disarm (poller, &clocks[19].timer);
}

typedef struct {
  AnnotWatch watch;
  AnnotPoller *poller;
  AnnotWatch *other;
  guint calls;
} Watcher;

static void
ready (AnnotWatch *watch, guint32 events)
{
  Watcher *watcher = (Watcher *)watch;
  watcher->calls++;
  annot_poller_remove (watcher->poller, watch);
  annot_poller_remove (watcher->poller, watcher->other);
}

static void
test_removed_within_a_turn (void)
{
  g_autoptr (AnnotPoller) poller = annot_poller_new (NULL, NULL);
  Watcher watchers[2] = { 0 };
  for (guint i = 0; i < 2; i++) {
    watchers[i] = (Watcher){ .watch.func = ready, .watch.fd = eventfd (1, EFD_NONBLOCK), .poller = poller,
                             .other = &watchers[1 - i].watch };
    g_assert_true (annot_poller_add (poller, &watchers[i].watch, EPOLLIN));
  }
  run_for (50000);
  g_assert_cmpuint (watchers[0].calls + watchers[1].calls, ==, 1);
  close (watchers[0].watch.fd);
  close (watchers[1].watch.fd);
}

typedef struct {
  AnnotDeferred deferred;
  AnnotPoller *poller;
  guint calls;
} Later;

static void
later (AnnotDeferred *deferred)
{
  Later *self = (Later *)deferred;
  if (++self->calls < 3) {
    annot_poller_defer (self->poller, deferred);
  }
}

static void
test_deferred (void)
{
  g_autoptr (AnnotPoller) poller = annot_poller_new (NULL, NULL);
  Later once = { .deferred.func = later, .poller = poller, .calls = 5 };
  Later thrice = { .deferred.func = later, .poller = poller };
  Later never = { .deferred.func = later, .poller = poller };
  annot_poller_defer (poller, &once.deferred);
  annot_poller_defer (poller, &once.deferred);
  annot_poller_defer (poller, &thrice.deferred);
  annot_poller_defer (poller, &never.deferred);
  annot_poller_undefer (poller, &never.deferred);
  run_for (50000);
  g_assert_cmpuint (once.calls, ==, 6);
  g_assert_cmpuint (thrice.calls, ==, 3);
  g_assert_cmpuint (never.calls, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/poller/timers", test_timers);
  g_test_add_func ("/poller/removed-within-a-turn", test_removed_within_a_turn);
  g_test_add_func ("/poller/deferred", test_deferred);
  return g_test_run ();
}
