/* SPDX-License-Identifier: Apache-2.0 */
/* A state on a leash: does what the lines of its standard input say, and tells what comes of it. Usage: state-probe
 * PLUGIN; the options come from the environment. For tests that do to a server what only that server can suffer.
 *
 * Each line is a call and its arguments; its answer begins with the number of the line. `*` begins what comes unasked.
 */
#include "annot-test-backend.h"
#include "annot-test-loop.h"

#include <gio/gunixinputstream.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  AnnotState *state;
  GMainLoop *loop;
  GDataInputStream *input;
  guint line;
} Probe;

/* One call under way. */
typedef struct {
  guint line;
  gint64 begun;
  guint waiting; /* of a burst */
  guint failed;
  char *error;
} Call;

typedef void (*Command) (Probe *probe, Call *call, char **arguments);

static Call *
call_new (guint line)
{
  Call *call = g_new0 (Call, 1);

  call->line = line;
  call->begun = g_get_monotonic_time ();
  call->waiting = 1;
  return call;
}

static void say (const char *format, ...) G_GNUC_PRINTF (1, 2);

static void
say (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  vprintf (format, args);
  va_end (args);
  putchar ('\n');
  fflush (stdout);
}

static void
finish (Call *call, const char *answer, const GError *error)
{
  if (error)
    say ("%u error %s %s", call->line, error->domain == ANNOT_ERROR ? annot_error_name (error->code) : "foreign",
         error->message);
  else
    say ("%u ok %s", call->line, answer);
  g_free (call->error);
  g_free (call);
}

static void
done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  g_task_propagate_boolean (G_TASK (result), &error);
  finish (user_data, "", error);
}

static void
on_message (AnnotState *state, const char *channel, GBytes *data, gpointer user_data)
{
  gsize size = 0;
  const char *text = g_bytes_get_data (data, &size);

  say ("* message %s %.*s", channel, (int) MIN (size, 200), text ? text : "");
}

static void
on_gap (AnnotState *state, gpointer user_data)
{
  say ("* gap");
}

static void
do_open (Probe *probe, Call *call, char **arguments)
{
  annot_state_open (probe->state, NULL, done, call);
}

static void
do_close (Probe *probe, Call *call, char **arguments)
{
  annot_state_close (probe->state, NULL, done, call);
}

static void
do_subscribe (Probe *probe, Call *call, char **arguments)
{
  annot_state_subscribe (probe->state, arguments[0], NULL, done, call);
}

static void
do_publish (Probe *probe, Call *call, char **arguments)
{
  g_autoptr (GBytes) data = g_bytes_new (arguments[1], strlen (arguments[1]));

  annot_state_publish (probe->state, arguments[0], data, NULL, done, call);
}

static void
on_burst (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *answer = NULL;

  if (!annot_state_publish_finish (ANNOT_STATE (source), result, &error)) {
    call->failed++;
    if (!call->error)
      call->error = g_strdup_printf ("%s %s", annot_error_name (error->code), error->message);
  }
  if (--call->waiting > 0)
    return;
  answer = g_strdup_printf ("failed=%u %s", call->failed, call->error ? call->error : "");
  finish (call, answer, NULL);
}

/* burst CHANNEL COUNT BYTES: all in one turn of the loop */
static void
do_burst (Probe *probe, Call *call, char **arguments)
{
  guint count = (guint) g_ascii_strtoull (arguments[1], NULL, 10);
  gsize size = (gsize) g_ascii_strtoull (arguments[2], NULL, 10);

  call->waiting = count;
  for (guint i = 0; i < count; i++) {
    g_autofree char *text = g_strdup_printf ("%-*u", (int) size, i);
    g_autoptr (GBytes) data = g_bytes_new (text, strlen (text));

    annot_state_publish (probe->state, arguments[0], data, NULL, on_burst, call);
  }
}

static void
on_health (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotHealth) health = annot_state_health_finish (ANNOT_STATE (source), result, &error);
  g_autoptr (JsonNode) node = NULL;
  g_autofree char *details = NULL;
  g_autofree char *answer = NULL;

  if (health) {
    node = json_node_init_object (json_node_alloc (), health->details);
    details = json_to_string (node, FALSE);
    answer = g_strdup_printf ("%s %s", health->healthy ? "healthy" : "unhealthy", details);
  }
  finish (call, answer, error);
}

static void
do_health (Probe *probe, Call *call, char **arguments)
{
  annot_state_health (probe->state, NULL, on_health, call);
}

/* announce ID CONNECTIONS SECONDS */
static void
do_announce (Probe *probe, Call *call, char **arguments)
{
  g_autoptr (AnnotInstance) instance = annot_instance_new (arguments[0]);

  instance->started_at = 1;
  instance->connections = (guint) g_ascii_strtoull (arguments[1], NULL, 10);
  annot_state_announce (probe->state, instance, (guint) g_ascii_strtoull (arguments[2], NULL, 10), NULL, done, call);
}

static void
do_withdraw (Probe *probe, Call *call, char **arguments)
{
  annot_state_withdraw (probe->state, arguments[0], NULL, done, call);
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list = annot_state_list_instances_finish (ANNOT_STATE (source), result, &error);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; list && i < list->len; i++) {
    const AnnotInstance *instance = g_ptr_array_index (list, i);

    g_string_append_printf (text, "%s=%u ", instance->id, instance->connections);
  }
  finish (user_data, text->str, error);
}

static void
do_list (Probe *probe, Call *call, char **arguments)
{
  annot_state_list_instances (probe->state, NULL, on_listed, call);
}

static void
on_rate (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autofree AnnotRateVerdict *verdict = annot_state_take_rate_finish (ANNOT_STATE (source), result, &error);

  finish (user_data, verdict && verdict->allowed ? "allowed" : "refused", error);
}

/* rate KEY COUNT SECONDS: takes one */
static void
do_rate (Probe *probe, Call *call, char **arguments)
{
  AnnotRate rate = { .count = (guint) g_ascii_strtoull (arguments[1], NULL, 10),
                     .period = g_ascii_strtoll (arguments[2], NULL, 10) * G_USEC_PER_SEC };

  annot_state_take_rate (probe->state, arguments[0], rate, 1, NULL, on_rate, call);
}

static void
do_revoke (Probe *probe, Call *call, char **arguments)
{
  annot_state_revoke (probe->state, arguments[0], g_get_real_time () + 60 * G_USEC_PER_SEC, NULL, done, call);
}

static void
do_schedule (Probe *probe, Call *call, char **arguments)
{
  annot_state_add_retry (probe->state, arguments[0], g_get_real_time (), NULL, done, call);
}

static void
on_taken (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) list = annot_state_take_retries_finish (ANNOT_STATE (source), result, &error);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; list && i < list->len; i++)
    g_string_append_printf (text, "%s ", ((const AnnotRetry *) g_ptr_array_index (list, i))->id);
  finish (user_data, text->str, error);
}

static void
do_take (Probe *probe, Call *call, char **arguments)
{
  annot_state_take_retries (probe->state, 100, 60, NULL, on_taken, call);
}

static const struct {
  const char *name;
  guint arguments;
  Command command;
} commands[] = {
  { "open", 0, do_open },         { "close", 0, do_close },       { "subscribe", 1, do_subscribe },
  { "publish", 2, do_publish },   { "burst", 3, do_burst },       { "health", 0, do_health },
  { "announce", 3, do_announce }, { "withdraw", 1, do_withdraw }, { "list", 0, do_list },
  { "rate", 3, do_rate },         { "revoke", 1, do_revoke },     { "schedule", 1, do_schedule },
  { "take", 0, do_take },
};

static void
obey (Probe *probe, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", -1);
  guint line_number = probe->line++;

  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++) {
    if (g_strcmp0 (words[0], commands[i].name) == 0 && g_strv_length (words) == commands[i].arguments + 1) {
      commands[i].command (probe, call_new (line_number), words + 1);
      return;
    }
  }
  g_error ("state-probe: \"%s\" is not a call", line);
}

static void
on_line (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Probe *probe = user_data;
  g_autofree char *line = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (source), result, NULL, NULL);

  if (!line) {
    g_main_loop_quit (probe->loop);
    return;
  }
  obey (probe, line);
  g_data_input_stream_read_line_async (probe->input, G_PRIORITY_DEFAULT, NULL, on_line, probe);
}

int
main (int argc, char **argv)
{
  g_autofree char *directory = annot_test_make_directory ();
  g_autoptr (GInputStream) input = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  Probe probe = { .loop = g_main_loop_new (NULL, FALSE), .input = g_data_input_stream_new (input) };

  if (argc != 2)
    g_error ("usage: state-probe PLUGIN");
  probe.state = annot_test_backend_new (ANNOT_PLUGIN_STATE, argv[1], directory, NULL);
  g_signal_connect (probe.state, "message", G_CALLBACK (on_message), NULL);
  g_signal_connect (probe.state, "gap", G_CALLBACK (on_gap), NULL);
  g_data_input_stream_read_line_async (probe.input, G_PRIORITY_DEFAULT, NULL, on_line, &probe);
  g_main_loop_run (probe.loop);
  g_object_unref (probe.state);
  g_object_unref (probe.input);
  g_main_loop_unref (probe.loop);
  annot_test_remove_tree (directory);
  return 0;
}
