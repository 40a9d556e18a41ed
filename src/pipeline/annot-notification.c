/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of notifications: byte for byte what a page's WebSocket gets. */
#include "annot-notification.h"

#include <string.h>

#include "model/annot-example-json.h"
#include "model/annot-json-reader.h"
#include "model/annot-json-writer.h"

/* Deeper than any example may be, so that an own text is never refused for it. */
#define MAX_DEPTH 512
/* What is said of an example beside what its producer said. */
#define EXAMPLE_ROOM 640
#define EVENT_ROOM 160

void
annot_notification_free (AnnotNotification *self)
{
  g_free (self->type);
  g_free (self->epoch);
  g_free (self->account);
  g_free (self->example_id);
  g_free (self);
}

static gboolean
read_text (AnnotJsonReader *reader, char **text)
{
  AnnotJsonSpan span;

  if (!annot_json_reader_read_string (reader, &span))
    return FALSE;
  g_free (*text);
  *text = annot_json_span_dup (&span);
  return TRUE;
}

static gboolean
read_seq (AnnotJsonReader *reader, gint64 *seq)
{
  double value;

  /* Exact to 2^53, which no store reaches. */
  if (!annot_json_reader_read_number (reader, &value) || !(value >= 0 && value <= 9007199254740992.0))
    return FALSE;
  *seq = (gint64) value;
  return TRUE;
}

AnnotNotification *
annot_notification_parse (GBytes *text)
{
  g_autoptr (AnnotNotification) self = g_new0 (AnnotNotification, 1);
  gsize length;
  const char *data = g_bytes_get_data (text, &length);
  AnnotJsonReader reader;
  AnnotJsonSpan name;

  annot_json_reader_init (&reader, data, length, MAX_DEPTH);
  if (!annot_json_reader_begin_object (&reader))
    return NULL;
  while (annot_json_reader_next_member (&reader, &name)) {
    gboolean ok;

    /* The document itself comes last and is not looked into. */
    if (annot_json_span_equal (&name, "example"))
      break;
    if (annot_json_span_equal (&name, "type"))
      ok = read_text (&reader, &self->type);
    else if (annot_json_span_equal (&name, "epoch"))
      ok = read_text (&reader, &self->epoch);
    else if (annot_json_span_equal (&name, "account"))
      ok = read_text (&reader, &self->account);
    else if (annot_json_span_equal (&name, "example_id"))
      ok = read_text (&reader, &self->example_id);
    else if (annot_json_span_equal (&name, "seq"))
      ok = read_seq (&reader, &self->seq);
    else
      ok = annot_json_reader_skip (&reader, NULL);
    if (!ok)
      return NULL;
  }
  if (annot_json_reader_failed (&reader) || !self->type)
    return NULL;
  return g_steal_pointer (&self);
}

/* room: how long it will be, about. */
static GString *
begin (const char *type, gsize room)
{
  GString *out = g_string_sized_new (room);

  g_string_append (out, "{\"type\":");
  annot_json_append_string (out, type, -1);
  return out;
}

GBytes *
annot_notification_new_example (const char *epoch, const AnnotExample *example)
{
  gsize room = EXAMPLE_ROOM + strlen (example->payload ? example->payload : "") +
               strlen (example->detections ? example->detections : "");
  GString *out = begin ("new_example", room);

  annot_json_append_name (out, "epoch");
  annot_json_append_string (out, epoch, -1);
  annot_json_append_name (out, "seq");
  annot_json_append_int (out, example->seq);
  annot_json_append_name (out, "example");
  annot_example_append_json (out, example);
  g_string_append_c (out, '}');
  return g_string_free_to_bytes (out);
}

GBytes *
annot_notification_position (const char *type, const char *epoch, gint64 seq, gint64 pending)
{
  GString *out = begin (type, EVENT_ROOM);

  annot_json_append_name (out, "epoch");
  annot_json_append_string (out, epoch, -1);
  annot_json_append_name (out, "seq");
  annot_json_append_int (out, seq);
  if (pending >= 0) {
    annot_json_append_name (out, "pending");
    annot_json_append_int (out, pending);
  }
  g_string_append_c (out, '}');
  return g_string_free_to_bytes (out);
}

GBytes *
annot_notification_pending (gint64 count)
{
  GString *out = begin ("pending", EVENT_ROOM);

  annot_json_append_name (out, "count");
  annot_json_append_int (out, count);
  g_string_append_c (out, '}');
  return g_string_free_to_bytes (out);
}

GBytes *
annot_notification_event (const char *type, const char *event_id, const char *account)
{
  GString *out = begin (type, EVENT_ROOM);

  if (event_id) {
    annot_json_append_name (out, "example_id");
    annot_json_append_string (out, event_id, -1);
  }
  if (account) {
    annot_json_append_name (out, "account");
    annot_json_append_string (out, account, -1);
  }
  g_string_append_c (out, '}');
  return g_string_free_to_bytes (out);
}
