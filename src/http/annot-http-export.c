/* SPDX-License-Identifier: Apache-2.0 */
/* The export, streamed page by page in constant memory. */
#include "annot-answer.h"
#include "annot-router.h"

#include "model/annot-export.h"
#include "model/annot-time.h"

/* Rows that are in memory at once; few when each may hold a frame. */
#define PAGE_ROWS 200
#define PAGE_ROWS_WITH_FRAME 4
/* A piece of the answer is as large as this, or as one row. */
#define PIECE_BYTES (64 * 1024)

/* Shared by the stream and the store's answer that is under way. */
typedef struct {
  AnnotRequest *request;
  AnnotExport *export;
  AnnotExampleQuery query;
  char *camera_id;
  char *label;
  char *annotator;
  char *cursor;
  AnnotExamplePage *page;
  guint row;
  GByteArray *out;
  gboolean streaming; /* the first page has come, errors can only cut the answer off from now on */
  gboolean finished;  /* the format has written its end */
} Exporting;

static void
exporting_clear (gpointer data)
{
  Exporting *self = data;

  g_clear_pointer (&self->request, annot_request_unref);
  g_clear_object (&self->export);
  g_free (self->camera_id);
  g_free (self->label);
  g_free (self->annotator);
  g_free (self->cursor);
  g_clear_pointer (&self->page, annot_example_page_free);
  g_clear_pointer (&self->out, g_byte_array_unref);
}

static void
exporting_unref (gpointer self)
{
  g_rc_box_release_full (self, exporting_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Exporting, exporting_unref)

static void fetch (Exporting *self);

/* Rows of the page at hand until the piece is large enough. */
static void
write_rows (Exporting *self)
{
  while (self->row < self->page->examples->len && self->out->len < PIECE_BYTES) {
    AnnotAnnotation *annotation
        = self->page->annotations ? g_ptr_array_index (self->page->annotations, self->row) : NULL;

    annot_export_row (self->export, g_ptr_array_index (self->page->examples, self->row), annotation, self->out);
    self->row++;
  }
}

static void
write_piece (Exporting *self)
{
  g_autoptr (GBytes) piece = g_byte_array_free_to_bytes (g_steal_pointer (&self->out));

  self->out = g_byte_array_new ();
  annot_request_stream_write (self->request, piece);
}

static void
go_on (Exporting *self)
{
  const GError *error;

  write_rows (self);
  if (self->row == self->page->examples->len && self->page->next_cursor && self->out->len < PIECE_BYTES) {
    fetch (self);
    return;
  }
  if (self->row == self->page->examples->len && !self->page->next_cursor) {
    while (!self->finished && self->out->len < PIECE_BYTES)
      self->finished = !annot_export_end (self->export, self->out);
  }
  error = annot_export_get_error (self->export);
  if (error)
    annot_request_stream_end (self->request, error);
  else if (self->out->len > 0)
    write_piece (self);
  else
    annot_request_stream_end (self->request, NULL);
}

static void
more (AnnotRequest *request, gpointer user_data)
{
  (void) request;
  go_on (user_data);
}

static void
begin (Exporting *self)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *date = g_date_time_format (now, "%Y%m%dT%H%M%SZ");
  g_autofree char *disposition
      = g_strdup_printf ("attachment; filename=\"annotations-%s%s\"", date, annot_export_get_extension (self->export));

  self->streaming = TRUE;
  annot_request_set_header (self->request, "Content-Disposition", disposition);
  annot_request_set_header (self->request, "Cache-Control", "no-store");
  annot_export_begin (self->export, self->out);
  annot_request_begin_stream (self->request, 200, annot_export_get_media_type (self->export), more,
                              g_rc_box_acquire (self), exporting_unref);
}

static void
fetched (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Exporting) self = user_data;
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->page, annot_example_page_free);
  self->row = 0;
  self->page = annot_store_list_examples_finish (ANNOT_STORE (source), result, &error);
  if (!self->page && self->streaming)
    annot_request_stream_end (self->request, error);
  else if (!self->page)
    annot_request_respond_error (self->request, error);
  else if (self->streaming)
    go_on (self);
  else
    begin (self);
}

static void
fetch (Exporting *self)
{
  if (self->page) {
    g_free (self->cursor);
    self->cursor = g_steal_pointer (&self->page->next_cursor);
    self->query.cursor = self->cursor;
  }
  annot_store_list_examples (annot_pipeline_get_store (annot_request_get_pipeline (self->request)), &self->query,
                             annot_request_get_cancellable (self->request), fetched, g_rc_box_acquire (self));
}

/* FALSE: answered. */
static gboolean
read_time (AnnotRequest *request, const char *name, gint64 *time)
{
  const char *text = annot_request_get_query (request, name);

  if (!text || !*text || annot_time_parse (text, -1, time))
    return TRUE;
  annot_answer_refuse (request, name, "must be a time as in RFC 3339", "format");
  return FALSE;
}

static char *
dup_filter (AnnotRequest *request, const char *name)
{
  const char *text = annot_request_get_query (request, name);

  return text && *text ? g_strdup (text) : NULL;
}

static gboolean
read_query (Exporting *self)
{
  const char *status = annot_request_get_query (self->request, "status");
  AnnotExampleQuery *query = &self->query;

  query->order = ANNOT_ORDER_OLDEST;
  query->status = ANNOT_EXAMPLE_COMPLETED;
  query->any_status = g_strcmp0 (status, "all") == 0;
  query->camera_id = self->camera_id = dup_filter (self->request, "camera_id");
  query->label = self->label = dup_filter (self->request, "label");
  query->annotator = self->annotator = dup_filter (self->request, "annotator");
  query->with_annotation = TRUE;
  query->with_frame = annot_export_needs_frame (self->export);
  query->limit = query->with_frame ? PAGE_ROWS_WITH_FRAME : PAGE_ROWS;
  if (status && *status && !query->any_status && !annot_example_status_from_string (status, &query->status)) {
    annot_answer_refuse (self->request, "status", "must be pending, leased, completed, skipped or all", "unknown");
    return FALSE;
  }
  return read_time (self->request, "from", &query->finished_after)
         && read_time (self->request, "to", &query->finished_before);
}

static void
get_export (AnnotRequest *request)
{
  const char *format = annot_request_get_query (request, "format");
  g_autoptr (Exporting) self = g_rc_box_new0 (Exporting);
  g_autoptr (GError) error = NULL;

  self->request = annot_request_ref (request);
  self->out = g_byte_array_new ();
  self->export
      = annot_export_new (format ? format : "jsonl",
                          annot_config_get_list (annot_request_get_config (request), "annotation", "labels"), &error);
  if (!self->export)
    annot_request_respond_error (request, error);
  else if (read_query (self))
    fetch (self);
}

const AnnotRoute annot_export_routes[] = {
  { "GET", "/api/v1/export", ANNOT_ROLE_ADMIN, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_NONE, get_export,
    "Export annotated examples for training" },
  { NULL, NULL, 0, FALSE, ANNOT_RATE_NONE, ANNOT_BODY_NONE, NULL, NULL },
};
