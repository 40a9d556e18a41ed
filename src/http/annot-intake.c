/* SPDX-License-Identifier: Apache-2.0 */
/* Examples that come by HTTP: one, an array, or a line each. */
#include "annot-intake.h"

#include <string.h>

#include "annot-answer.h"
#include "annot-intake-answer.h"
#include "model/annot-example-json.h"
#include "model/annot-json-reader.h"

/* One transaction of the store takes so much; between two of them the loop serves others. */
#define BATCH_ITEMS 500
#define BATCH_BYTES (4 * 1024 * 1024)

typedef enum { FORM_ONE, FORM_ARRAY, FORM_LINES } Form;

typedef struct {
  AnnotRequest *request;
  const AnnotLimits *limits;
  GBytes *body;
  Form form;
  AnnotJsonReader reader; /* FORM_ARRAY */
  const char *at;         /* FORM_ONE, FORM_LINES: what is not read yet */
  const char *end;
  GPtrArray *items;       /* of AnnotIntakeItem, in order */
  GPtrArray *batch;       /* of AnnotExample */
  GPtrArray *batch_items; /* of AnnotIntakeItem, those of the batch */
  GError *failure;        /* nullable: the store has failed, nothing more is tried */
} Intake;

static void
intake_free (Intake *self)
{
  g_clear_pointer (&self->request, annot_request_unref);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_clear_pointer (&self->items, g_ptr_array_unref);
  g_clear_pointer (&self->batch, g_ptr_array_unref);
  g_clear_pointer (&self->batch_items, g_ptr_array_unref);
  g_clear_error (&self->failure);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Intake, intake_free)

static void pump (Intake *self);

/* The next line that is not blank. */
static gboolean
next_line (Intake *self, const char **data, gsize *length)
{
  while (self->at < self->end) {
    const char *start = self->at;
    const char *stop = memchr (start, '\n', (gsize) (self->end - start));

    self->at = stop ? stop + 1 : self->end;
    stop = stop ? stop : self->end;
    while (start < stop && g_ascii_isspace (*start))
      start++;
    while (stop > start && g_ascii_isspace (stop[-1]))
      stop--;
    *data = start;
    *length = (gsize) (stop - start);
    if (*length > 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean
next_item (Intake *self, const char **data, gsize *length)
{
  AnnotJsonSpan span;

  switch (self->form) {
  case FORM_ONE:
    *data = self->at;
    *length = (gsize) (self->end - self->at);
    self->at = self->end;
    return *length > 0;
  case FORM_ARRAY:
    if (!annot_json_reader_next_element (&self->reader) || !annot_json_reader_skip (&self->reader, &span))
      return FALSE;
    *data = span.data;
    *length = span.length;
    return TRUE;
  case FORM_LINES:
    return next_line (self, data, length);
  }
  return FALSE;
}

/* An example without its check: only to name it in the complaint. */
static char *
find_event_id (const char *data, gsize length, guint depth)
{
  AnnotJsonReader reader;
  AnnotJsonSpan name;
  AnnotJsonSpan value;

  annot_json_reader_init (&reader, data, length, depth);
  if (!annot_json_reader_begin_object (&reader))
    return NULL;
  while (annot_json_reader_next_member (&reader, &name)) {
    if (annot_json_span_equal (&name, "event_id") && annot_json_reader_peek (&reader) == ANNOT_JSON_STRING
        && annot_json_reader_read_string (&reader, &value)) {
      g_autofree char *event_id = annot_json_span_dup (&value);

      return event_id && annot_event_id_is_valid (event_id) ? g_steal_pointer (&event_id) : NULL;
    }
    if (!annot_json_reader_skip (&reader, NULL))
      return NULL;
  }
  return NULL;
}

static void
read_item (Intake *self, const char *data, gsize length)
{
  AnnotIntakeItem *item = g_new0 (AnnotIntakeItem, 1);
  g_autoptr (AnnotExample) example = NULL;

  g_ptr_array_add (self->items, item);
  if (length > self->limits->message_bytes)
    g_set_error (&item->error, ANNOT_ERROR, ANNOT_ERROR_INVALID,
                 "an example may have %" G_GSIZE_FORMAT " bytes at most", self->limits->message_bytes);
  else
    example = annot_example_parse (data, length, self->limits, &item->error);
  if (!example) {
    item->event_id = find_event_id (data, length, self->limits->json_depth);
    return;
  }
  item->event_id = g_strdup (example->event_id);
  g_ptr_array_add (self->batch, g_steal_pointer (&example));
  g_ptr_array_add (self->batch_items, item);
}

static void
answer (Intake *self)
{
  if (self->items->len == 0)
    annot_request_respond_problem (self->request, 422, "the body holds no example", NULL);
  else if (self->form == FORM_ONE)
    annot_intake_answer_one (self->request, g_ptr_array_index (self->items, 0));
  else
    annot_intake_answer_many (self->request, self->items, self->failure);
}

static void
take_results (Intake *self, GArray *results, const GError *error)
{
  guint i;

  for (i = 0; i < self->batch_items->len; i++) {
    AnnotIntakeItem *item = g_ptr_array_index (self->batch_items, i);

    if (error) {
      item->error = g_error_copy (error);
    } else {
      const AnnotPutResult *put = &g_array_index (results, AnnotPutResult, i);

      item->known = put->known;
      item->seq = put->seq;
    }
  }
}

static void
stored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Intake *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) results = annot_ingest_put_finish (ANNOT_INGEST (source), result, &error);

  take_results (self, results, error);
  if (error && !self->failure)
    self->failure = g_steal_pointer (&error);
  pump (self);
}

/* Reads until a batch is full or all is read. Owns itself until it has answered. */
static void
pump (Intake *self)
{
  AnnotIngest *ingest = annot_pipeline_get_ingest (annot_request_get_pipeline (self->request));
  gsize bytes = 0;
  const char *data;
  gsize length;

  g_ptr_array_set_size (self->batch_items, 0);
  g_clear_pointer (&self->batch, g_ptr_array_unref);
  self->batch = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_example_unref);
  while (self->batch->len < BATCH_ITEMS && bytes < BATCH_BYTES && next_item (self, &data, &length)) {
    read_item (self, data, length);
    bytes += length;
  }
  if (self->batch->len > 0 && self->failure) {
    take_results (self, NULL, self->failure);
    pump (self);
  } else if (self->batch->len > 0) {
    annot_ingest_put (ingest, self->batch, annot_request_get_cancellable (self->request), stored, self);
  } else if (bytes > 0) {
    pump (self); /* a whole batch of refused ones */
  } else {
    answer (self);
    intake_free (self);
  }
}

/* Counts, and checks the syntax of the whole before anything is stored. FALSE: answered. */
static gboolean
survey (Intake *self, const char *data, gsize length)
{
  g_autoptr (GError) error = NULL;
  guint depth = self->limits->json_depth + (self->form == FORM_ARRAY ? 1 : 0);
  guint count = 1;

  self->at = data;
  self->end = data + length;
  annot_json_reader_init (&self->reader, data, length, depth);
  if (self->form == FORM_LINES) {
    const char *line = data;

    for (count = 0; line && count <= ANNOT_INTAKE_ITEMS; count++) {
      line = memchr (line, '\n', (gsize) (self->end - line));
      line = line && line + 1 < self->end ? line + 1 : NULL;
    }
  } else if (self->form == FORM_ARRAY) {
    count = 0;
    annot_json_reader_begin_array (&self->reader);
    while (count <= ANNOT_INTAKE_ITEMS && annot_json_reader_next_element (&self->reader)
           && annot_json_reader_skip (&self->reader, NULL))
      count++;
    if (count <= ANNOT_INTAKE_ITEMS && !annot_json_reader_finish (&self->reader))
      error = annot_json_reader_get_error (&self->reader);
    annot_json_reader_init (&self->reader, data, length, depth);
    annot_json_reader_begin_array (&self->reader);
  } else if (length <= self->limits->message_bytes) {
    annot_json_validate (data, length, depth, &error);
  }
  if (error)
    annot_request_respond_problem (self->request, 400, error->message, NULL);
  else if (count > ANNOT_INTAKE_ITEMS)
    annot_request_respond_problem (self->request, 413, "a request may hold 10000 examples: send several", NULL);
  else if (self->form == FORM_ONE && length > self->limits->message_bytes)
    annot_request_respond_problem (self->request, 413, "the example is larger than [limits] message-bytes", NULL);
  else
    return TRUE;
  return FALSE;
}

static gboolean
find_form (AnnotRequest *request, const char *data, gsize length, Form *form)
{
  static const char *const lines[]
      = { "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", NULL };
  g_autofree char *type = g_ascii_strdown (annot_request_get_content_type (request), -1);
  gsize i = 0;

  if (g_strv_contains (lines, type)) {
    *form = FORM_LINES;
    return TRUE;
  }
  if (!annot_body_is_json (request)) {
    annot_request_respond_problem (request, 415, "send application/json or application/x-ndjson", NULL);
    return FALSE;
  }
  while (i < length && g_ascii_isspace (data[i]))
    i++;
  *form = i < length && data[i] == '[' ? FORM_ARRAY : FORM_ONE;
  return TRUE;
}

void
annot_intake_post (AnnotRequest *request)
{
  g_autoptr (Intake) self = g_new0 (Intake, 1);
  gsize length;
  const char *data;

  self->request = annot_request_ref (request);
  self->limits = annot_ingest_get_limits (annot_pipeline_get_ingest (annot_request_get_pipeline (request)));
  self->body = g_bytes_ref (annot_request_get_body (request));
  self->items = g_ptr_array_new_with_free_func ((GDestroyNotify) annot_intake_item_free);
  self->batch_items = g_ptr_array_new ();
  data = g_bytes_get_data (self->body, &length);
  if (!data)
    data = "";
  if (find_form (request, data, length, &self->form) && survey (self, data, length))
    pump (g_steal_pointer (&self));
}
