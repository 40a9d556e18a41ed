/* SPDX-License-Identifier: Apache-2.0 */
/* Says which calls fail, wait or hang; read again whenever its file changes. */
#include "fake-script.h"

#include <sys/stat.h>

#define POLL_MS 50

typedef struct {
  char *method;
  char *event;
  gint64 skip;
  gint64 times;
  GError *error;
  gboolean answer_lost;
  gboolean hangs;
  gboolean unhealthy;
  guint delay_ms;
  guint answer_delay_ms;
  gint64 seen;
} Rule;

struct FakeScript {
  char *path;
  GPtrArray *rules;
  struct stat status;
  GSource *poll;
  FakeEventFunc func;
  gpointer user_data;
};

static void
rule_free (Rule *rule)
{
  g_free (rule->method);
  g_free (rule->event);
  g_clear_error (&rule->error);
  g_free (rule);
}

static GError *
make_error (const char *name, const char *message)
{
  if (g_str_equal (name, "cancelled"))
    return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, message);
  for (int code = ANNOT_ERROR_TEMPORARY; code <= ANNOT_ERROR_INVALID; code++) {
    if (g_str_equal (annot_error_name ((AnnotError) code), name))
      return g_error_new_literal (ANNOT_ERROR, code, message);
  }
  g_error ("fake: there is no error \"%s\"", name);
}

static void
read_rule (JsonArray *array, guint index, JsonNode *node, gpointer user_data)
{
  FakeScript *self = user_data;
  JsonObject *object = json_node_get_object (node);
  Rule *rule = g_new0 (Rule, 1);
  const char *error = json_object_get_string_member_with_default (object, "error", NULL);

  rule->method = g_strdup (json_object_get_string_member_with_default (object, "method", NULL));
  rule->event = g_strdup (json_object_get_string_member_with_default (object, "event", NULL));
  rule->skip = json_object_get_int_member_with_default (object, "skip", 0);
  rule->times = json_object_get_int_member_with_default (object, "times", G_MAXINT64 / 2);
  if (error)
    rule->error = make_error (error, json_object_get_string_member_with_default (object, "message", "by the script"));
  rule->answer_lost = json_object_get_boolean_member_with_default (object, "answer-lost", FALSE);
  rule->hangs = json_object_get_boolean_member_with_default (object, "hang", FALSE);
  rule->unhealthy = json_object_get_boolean_member_with_default (object, "unhealthy", FALSE);
  rule->delay_ms = (guint) json_object_get_int_member_with_default (object, "delay-ms", 0);
  rule->answer_delay_ms = (guint) json_object_get_int_member_with_default (object, "answer-delay-ms", 0);
  if (!rule->method && !rule->event)
    g_error ("fake: %s: rule %u has neither method nor event", self->path, index);
  g_ptr_array_add (self->rules, rule);
}

/* A broken script is a broken test: it ends at once. */
static void
load (FakeScript *self)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = NULL;
  JsonNode *root = NULL;

  g_ptr_array_set_size (self->rules, 0);
  if (self->status.st_size == 0)
    return;
  if (!json_parser_load_from_file (parser, self->path, &error))
    g_error ("fake: %s: %s", self->path, error->message);
  root = json_parser_get_root (parser);
  if (!root || !JSON_NODE_HOLDS_ARRAY (root))
    g_error ("fake: %s: must be a JSON array of rules", self->path);
  json_array_foreach_element (json_node_get_array (root), read_rule, self);
}

static void
refresh (FakeScript *self)
{
  struct stat status = { 0 };

  if (!self->path)
    return;
  if (stat (self->path, &status) < 0)
    status = (struct stat){ 0 };
  if (status.st_ino == self->status.st_ino && status.st_size == self->status.st_size
      && status.st_mtim.tv_sec == self->status.st_mtim.tv_sec && status.st_mtim.tv_nsec == self->status.st_mtim.tv_nsec)
    return;
  self->status = status;
  load (self);
}

static gboolean
tell_events (gpointer user_data)
{
  FakeScript *self = user_data;
  g_autoptr (GPtrArray) events = g_ptr_array_new_with_free_func (g_free);

  refresh (self);
  for (guint i = 0; i < self->rules->len; i++) {
    Rule *rule = g_ptr_array_index (self->rules, i);

    if (rule->event && rule->seen++ == 0)
      g_ptr_array_add (events, g_strdup (rule->event));
  }
  for (guint i = 0; i < events->len; i++)
    self->func (g_ptr_array_index (events, i), self->user_data);
  return G_SOURCE_CONTINUE;
}

FakeScript *
fake_script_new (const char *path, FakeEventFunc func, gpointer user_data)
{
  FakeScript *self = g_new0 (FakeScript, 1);

  self->path = g_strdup (path);
  self->rules = g_ptr_array_new_with_free_func ((GDestroyNotify) rule_free);
  self->func = func;
  self->user_data = user_data;
  if (path && func) {
    self->poll = g_timeout_source_new (POLL_MS);
    g_source_set_callback (self->poll, tell_events, self, NULL);
    g_source_attach (self->poll, g_main_context_get_thread_default ());
  }
  return self;
}

void
fake_script_free (FakeScript *self)
{
  if (self->poll) {
    g_source_destroy (self->poll);
    g_source_unref (self->poll);
  }
  g_ptr_array_unref (self->rules);
  g_free (self->path);
  g_free (self);
}

void
fake_script_next (FakeScript *self, const char *method, FakeVerdict *verdict)
{
  *verdict = (FakeVerdict){ 0 };
  refresh (self);
  for (guint i = 0; i < self->rules->len; i++) {
    Rule *rule = g_ptr_array_index (self->rules, i);

    if (!rule->method || (!g_str_equal (rule->method, "*") && !g_str_equal (rule->method, method)))
      continue;
    rule->seen++;
    if (rule->seen <= rule->skip || rule->seen > rule->skip + rule->times)
      continue;
    verdict->caught = TRUE;
    verdict->fails = rule->error != NULL;
    verdict->error = rule->error ? g_error_copy (rule->error) : NULL;
    verdict->answer_lost = rule->answer_lost;
    verdict->hangs = rule->hangs;
    verdict->unhealthy = rule->unhealthy;
    verdict->delay_ms = rule->delay_ms;
    verdict->answer_delay_ms = rule->answer_delay_ms;
    return;
  }
}

void
fake_verdict_clear (FakeVerdict *verdict)
{
  g_clear_error (&verdict->error);
}
