/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of a Redis server's own rate is left through the redis state: publications in batches, beside a bare loop of
 * hiredis that pipelines the same; and the time of one rate limit, beside the same script by a bare call. Usage:
 * bench-state-redis PORT SOURCE-DIRECTORY. Fails below its targets.
 */
#include "annot-test-backend.h"
#include "annot-test-loop.h"

#include <hiredis.h>

#define BATCH 500
#define BATCHES 400
#define BYTES 800
#define TAKES 3000
#define ROUNDS 3
#define PUBLISH_TARGET 0.5
#define TAKE_TARGET 0.4

typedef struct {
  redisContext *bare;
  AnnotState *state;
  char *script;
  GBytes *message;
} Bench;

/* Publications under way. */
typedef struct {
  guint waiting;
} Batch;

static double
seconds_since (gint64 start)
{
  return (double) (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
}

static void
on_published (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Batch *batch = user_data;
  g_autoptr (GError) error = NULL;

  annot_state_publish_finish (ANNOT_STATE (source), result, &error);
  g_assert_no_error (error);
  batch->waiting--;
}

/* Returns: publications a second, each batch answered before the next, as intake does it */
static double
publish (Bench *bench)
{
  gint64 start = g_get_monotonic_time ();

  for (guint i = 0; i < BATCHES; i++) {
    Batch batch = { BATCH };

    for (guint j = 0; j < BATCH; j++)
      annot_state_publish (bench->state, "websocket:new_example", bench->message, NULL, on_published, &batch);
    while (batch.waiting > 0)
      g_main_context_iteration (NULL, TRUE);
  }
  return BATCH * BATCHES / seconds_since (start);
}

static double
publish_bare (Bench *bench)
{
  gsize size = 0;
  const char *data = g_bytes_get_data (bench->message, &size);
  gint64 start = g_get_monotonic_time ();

  for (guint i = 0; i < BATCHES; i++) {
    for (guint j = 0; j < BATCH; j++)
      redisAppendCommand (bench->bare, "PUBLISH websocket:new_example %b", data, size);
    for (guint j = 0; j < BATCH; j++) {
      void *reply = NULL;

      g_assert_cmpint (redisGetReply (bench->bare, &reply), ==, REDIS_OK);
      freeReplyObject (reply);
    }
  }
  return BATCH * BATCHES / seconds_since (start);
}

/* Returns: microseconds for one rate limit, one after the other */
static double
take (Bench *bench)
{
  AnnotRate rate = { .count = 1000000, .period = 60 * G_USEC_PER_SEC };
  gint64 start = g_get_monotonic_time ();

  for (guint i = 0; i < TAKES; i++) {
    g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
    g_autofree AnnotRateVerdict *verdict = NULL;

    annot_state_take_rate (bench->state, "default:bench", rate, 1, NULL, annot_test_call_done, &call);
    verdict = annot_state_take_rate_finish (bench->state, annot_test_call_wait (&call), NULL);
    g_assert_true (verdict && verdict->allowed);
  }
  return seconds_since (start) * G_USEC_PER_SEC / TAKES;
}

static double
take_bare (Bench *bench)
{
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA1, bench->script, -1);
  gint64 start = 0;

  freeReplyObject (redisCommand (bench->bare, "SCRIPT LOAD %s", bench->script));
  start = g_get_monotonic_time ();
  for (guint i = 0; i < TAKES; i++) {
    redisReply *reply = redisCommand (bench->bare, "EVALSHA %s 1 annotation:ratelimit:bare 1000000 60000000 1", digest);

    g_assert_true (reply && reply->type == REDIS_REPLY_ARRAY);
    freeReplyObject (reply);
  }
  return seconds_since (start) * G_USEC_PER_SEC / TAKES;
}

static char *
read_script (const char *source)
{
  static const char *const names[] = { "now.lua", "rate-take.lua" };
  g_autoptr (GString) script = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = g_build_filename (source, "plugins", "redis", "lua", names[i], NULL);
    g_autofree char *text = NULL;
    g_autoptr (GError) error = NULL;

    g_file_get_contents (path, &text, NULL, &error);
    g_assert_no_error (error);
    g_string_append (script, text);
  }
  return g_string_free (g_steal_pointer (&script), FALSE);
}

static void
open_state (Bench *bench, const char *directory, guint port)
{
  g_autofree char *url = g_strdup_printf ("redis.url=redis://127.0.0.1:%u", port);
  const char *options[] = { url, NULL };
  g_auto (AnnotTestCall) call = ANNOT_TEST_CALL_INIT;
  g_autoptr (GError) error = NULL;

  bench->state = annot_test_backend_new (ANNOT_PLUGIN_STATE, "redis", directory, options);
  annot_state_open (bench->state, NULL, annot_test_call_done, &call);
  annot_state_open_finish (bench->state, annot_test_call_wait (&call), &error);
  g_assert_no_error (error);
}

/* Each side by turns, the best of each: the machine has other things to do. Returns: whether the targets are met */
static gboolean
measure (Bench *bench)
{
  double published = 0, bare_published = 0, taken = G_MAXDOUBLE, bare_taken = G_MAXDOUBLE;

  for (guint i = 0; i < ROUNDS; i++) {
    bare_published = MAX (bare_published, publish_bare (bench));
    published = MAX (published, publish (bench));
    bare_taken = MIN (bare_taken, take_bare (bench));
    taken = MIN (taken, take (bench));
  }
  g_print ("publish: %.0f/s, bare %.0f/s, ratio %.2f (at least %.2f)\n", published, bare_published,
           published / bare_published, PUBLISH_TARGET);
  g_print ("take a rate: %.0f us, bare %.0f us, ratio %.2f (at least %.2f)\n", taken, bare_taken, bare_taken / taken,
           TAKE_TARGET);
  return published / bare_published >= PUBLISH_TARGET && bare_taken / taken >= TAKE_TARGET;
}

int
main (int argc, char **argv)
{
  g_autofree char *directory = annot_test_make_directory ();
  g_autofree char *text = g_strnfill (BYTES, 'x');
  guint64 port = 0;
  Bench bench = { 0 };
  gboolean good = FALSE;

  if (argc != 3 || !g_ascii_string_to_unsigned (argv[1], 10, 1, G_MAXUINT16, &port, NULL))
    g_error ("usage: bench-state-redis PORT SOURCE-DIRECTORY");
  bench.bare = redisConnect ("127.0.0.1", (int) port);
  g_assert_true (bench.bare && bench.bare->err == 0);
  bench.script = read_script (argv[2]);
  bench.message = g_bytes_new (text, BYTES);
  open_state (&bench, directory, (guint) port);
  good = measure (&bench);
  g_object_unref (bench.state);
  redisFree (bench.bare);
  g_free (bench.script);
  g_bytes_unref (bench.message);
  annot_test_remove_tree (directory);
  return good ? 0 : 1;
}
