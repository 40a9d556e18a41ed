/* SPDX-License-Identifier: Apache-2.0 */
/* What became of each example of an intake, told to the one who sent them. */
#include "annot-intake-answer.h"

#include "annot-answer.h"

/* Complaints of a wholly refused request: enough to see what is wrong with its maker. */
#define COMPLAINTS 100

void
annot_intake_item_free (AnnotIntakeItem *self)
{
  g_free (self->event_id);
  g_clear_error (&self->error);
  g_free (self);
}

static const char *
code_of (const GError *error)
{
  return error->domain == ANNOT_ERROR ? annot_error_name ((AnnotError) error->code) : "internal";
}

static void
append_item (GString *out, const AnnotIntakeItem *item, guint index)
{
  if (index > 0)
    g_string_append_c (out, ',');
  g_string_append_c (out, '{');
  annot_answer_int (out, "index", index);
  annot_answer_text (out, "event_id", item->event_id);
  if (item->error) {
    const char *message = item->error->message;
    g_autofree char *field = annot_error_split_field (item->error, &message);

    annot_answer_text (out, "status", "error");
    annot_answer_text (out, "detail", item->error->message);
    annot_answer_raw (out, "errors", "[{");
    annot_answer_text (out, "field", field);
    annot_answer_text (out, "message", message);
    annot_answer_text (out, "code", code_of (item->error));
    g_string_append (out, "}]");
  } else {
    annot_answer_text (out, "status", item->known ? "known" : "created");
    annot_answer_int (out, "seq", item->seq);
  }
  g_string_append_c (out, '}');
}

/* All were refused: the one shape of errors, each with the item's place in its field. */
static void
answer_refused (AnnotRequest *request, GPtrArray *items)
{
  g_autoptr (GArray) errors = g_array_new (TRUE, TRUE, sizeof (AnnotFieldError));
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *detail = g_strdup_printf ("none of the %u examples can be taken", items->len);
  guint i;

  for (i = 0; i < MIN (items->len, COMPLAINTS); i++) {
    const AnnotIntakeItem *item = g_ptr_array_index (items, i);
    const char *message = item->error->message;
    g_autofree char *path = annot_error_split_field (item->error, &message);
    char *field = path ? g_strdup_printf ("[%u].%s", i, path) : g_strdup_printf ("[%u]", i);
    AnnotFieldError error = { field, message, code_of (item->error) };

    g_ptr_array_add (texts, field);
    g_array_append_val (errors, error);
  }
  annot_request_respond_problem (request, 422, detail, (const AnnotFieldError *) errors->data);
}

void
annot_intake_answer_many (AnnotRequest *request, GPtrArray *items, const GError *failure)
{
  guint counts[3] = { 0, 0, 0 }; /* created, known, failed */
  GString *out;
  guint status;
  guint i;

  for (i = 0; i < items->len; i++) {
    const AnnotIntakeItem *item = g_ptr_array_index (items, i);

    counts[item->error ? 2 : item->known ? 1 : 0]++;
  }
  if (counts[2] == items->len) {
    if (failure)
      annot_request_respond_error (request, failure);
    else
      answer_refused (request, items);
    return;
  }
  status = counts[0] == items->len ? 201 : counts[1] == items->len ? 200 : 207;
  out = g_string_sized_new (items->len * 80);
  g_string_append_c (out, '{');
  annot_answer_int (out, "created", counts[0]);
  annot_answer_int (out, "known", counts[1]);
  annot_answer_int (out, "failed", counts[2]);
  annot_answer_raw (out, "items", "[");
  for (i = 0; i < items->len; i++)
    append_item (out, g_ptr_array_index (items, i), i);
  g_string_append_c (out, ']');
  annot_answer_send (request, status, out);
}

void
annot_intake_answer_one (AnnotRequest *request, const AnnotIntakeItem *item)
{
  g_autofree char *location = NULL;
  GString *out;

  if (item->error) {
    annot_request_respond_error (request, item->error);
    return;
  }
  location = g_strconcat ("/api/v1/examples/", item->event_id, NULL);
  annot_request_set_header (request, "Location", location);
  out = g_string_new ("{");
  annot_answer_text (out, "status", item->known ? "known" : "created");
  annot_answer_text (out, "event_id", item->event_id);
  annot_answer_int (out, "seq", item->seq);
  annot_answer_send (request, item->known ? 200 : 201, out);
}
