/* SPDX-License-Identifier: Apache-2.0 */
/* Examples: listed, one, its frame; taken in; removed. */
#include "annot-answer.h"
#include "annot-intake.h"
#include "annot-router.h"

#include <string.h>

#include "model/annot-example-json.h"

/* A page of a list that was asked for by number; behind it the cursor is for deep reading. */
#define DEEPEST_ROW 1000000
#define LARGEST_PAGE 500

typedef struct {
  AnnotRequest *request;
  gint64 page; /* 0: by cursor */
  gint64 size;
} Listing;

static void
listing_free (Listing *self)
{
  annot_request_unref (self->request);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Listing, listing_free)

static void
listed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Listing) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotExamplePage) page = annot_store_list_examples_finish (ANNOT_STORE (source), result, &error);
  GString *out;
  guint i;

  if (!page) {
    annot_request_respond_error (self->request, error);
    return;
  }
  out = g_string_sized_new (1024 * (page->examples->len + 1));
  g_string_append (out, "{\"examples\":[");
  for (i = 0; i < page->examples->len; i++) {
    if (i > 0)
      g_string_append_c (out, ',');
    annot_example_append_json (out, g_ptr_array_index (page->examples, i));
  }
  g_string_append_c (out, ']');
  if (page->total >= 0)
    annot_answer_int (out, "total", page->total);
  else
    annot_answer_raw (out, "total", "null");
  if (self->page > 0)
    annot_answer_int (out, "page", self->page);
  else
    annot_answer_raw (out, "page", "null");
  annot_answer_int (out, "page_size", self->size);
  annot_answer_text (out, "next_cursor", page->next_cursor);
  annot_answer_send (self->request, 200, out);
}

/* What waits for a person, unless something else is asked for. */
static gboolean
read_status (AnnotRequest *request, AnnotExampleQuery *query)
{
  const char *text = annot_request_get_query (request, "status");

  query->status = ANNOT_EXAMPLE_PENDING;
  if (!text || !*text)
    return TRUE;
  if (g_str_equal (text, "all")) {
    query->any_status = TRUE;
    return TRUE;
  }
  if (annot_example_status_from_string (text, &query->status))
    return TRUE;
  annot_answer_refuse (request, "status", "must be pending, leased, completed, skipped or all", "unknown");
  return FALSE;
}

static gboolean
read_order (AnnotRequest *request, AnnotExampleQuery *query)
{
  static const char *const names[] = { "priority", "newest", "oldest" };
  const char *text = annot_request_get_query (request, "order");
  guint i;

  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    if (!text || !*text || g_str_equal (text, names[i])) {
      query->order = (AnnotExampleOrder) i;
      return TRUE;
    }
  }
  annot_answer_refuse (request, "order", "must be priority, newest or oldest", "unknown");
  return FALSE;
}

static const char *
get_filter (AnnotRequest *request, const char *name)
{
  const char *text = annot_request_get_query (request, name);

  return text && *text ? text : NULL;
}

static void
list_examples (AnnotRequest *request)
{
  g_autoptr (Listing) self = g_new0 (Listing, 1);
  AnnotExampleQuery query = { .camera_id = get_filter (request, "camera_id"),
                              .label = get_filter (request, "label"),
                              .text = get_filter (request, "q"),
                              .cursor = get_filter (request, "cursor") };
  gint64 size = annot_config_get_integer (annot_request_get_config (request), "annotation", "page-size");

  self->request = annot_request_ref (request);
  if (!annot_request_get_query_int (request, "size", 1, LARGEST_PAGE, size, &self->size)
      || !annot_request_get_query_int (request, "page", 1, DEEPEST_ROW / self->size, 1, &self->page)
      || !read_status (request, &query) || !read_order (request, &query))
    return;
  if (query.cursor && annot_request_get_query (request, "page")) {
    annot_answer_refuse (request, "page", "goes with size, not with cursor", "conflict");
    return;
  }
  if (query.cursor)
    self->page = 0;
  query.limit = (guint) self->size;
  query.offset = self->page > 0 ? (guint64) ((self->page - 1) * self->size) : 0;
  query.with_total = self->page > 0;
  annot_store_list_examples (annot_pipeline_get_store (annot_request_get_pipeline (request)), &query,
                             annot_request_get_cancellable (request), listed, g_steal_pointer (&self));
}

static void
got_example (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotExample) example = annot_store_get_example_finish (ANNOT_STORE (source), result, &error);
  g_autoptr (GString) out = NULL;

  if (!example) {
    annot_request_respond_error (request, error);
    return;
  }
  out = g_string_sized_new (1024);
  annot_example_append_json (out, example);
  annot_request_respond_json (request, 200, out);
}

/* An id that none can have is one that is not there. FALSE: answered. */
static gboolean
check_event_id (AnnotRequest *request)
{
  if (annot_event_id_is_valid (annot_request_get_param (request, "id")))
    return TRUE;
  annot_request_respond_problem (request, 404, "there is no such example", NULL);
  return FALSE;
}

static void
load (AnnotRequest *request, gboolean with_frame, GAsyncReadyCallback callback)
{
  annot_store_get_example (annot_pipeline_get_store (annot_request_get_pipeline (request)),
                           annot_request_get_param (request, "id"), with_frame, annot_request_get_cancellable (request),
                           callback, annot_request_ref (request));
}

static void
get_example (AnnotRequest *request)
{
  if (check_event_id (request))
    load (request, FALSE, got_example);
}

/* RFC 9110, 13.1.2: `*`, or a list compared weakly. */
static gboolean
none_match_has (const char *header, const char *etag)
{
  g_auto (GStrv) tags = g_strsplit (header, ",", 64);
  guint i;

  for (i = 0; tags[i]; i++) {
    const char *tag = g_strstrip (tags[i]);

    if (g_str_has_prefix (tag, "W/"))
      tag += 2;
    if (g_str_equal (tag, "*") || g_str_equal (tag, etag))
      return TRUE;
  }
  return FALSE;
}

static void
set_frame_headers (AnnotRequest *request, const char *etag)
{
  annot_request_set_header (request, "ETag", etag);
  annot_request_set_header (request, "Cache-Control", "private, max-age=31536000, immutable");
  /* What a producer sent is shown as an image and as nothing else, also when it is opened by itself. */
  annot_request_set_header (request, "X-Content-Type-Options", "nosniff");
  annot_request_set_header (request, "Content-Security-Policy", "default-src 'none'; sandbox");
  annot_request_set_header (request, "Cross-Origin-Resource-Policy", "same-origin");
  annot_request_set_header (request, "Content-Disposition", "inline");
}

static void
respond_no_frame (AnnotRequest *request)
{
  annot_request_respond_problem (request, 404, "the example has no frame", NULL);
}

static void
got_frame (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotExample) example = annot_store_get_example_finish (ANNOT_STORE (source), result, &error);
  g_autofree char *etag = NULL;

  if (!example) {
    annot_request_respond_error (request, error);
    return;
  }
  if (!example->frame || !example->frame_sha256) {
    respond_no_frame (request);
    return;
  }
  etag = g_strdup_printf ("\"%s\"", example->frame_sha256);
  set_frame_headers (request, etag);
  annot_request_respond (request, 200, annot_frame_type_to_mime (example->frame_type), example->frame);
}

static void
compared_frame (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRequest) request = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotExample) example = annot_store_get_example_finish (ANNOT_STORE (source), result, &error);
  g_autofree char *etag = NULL;

  if (!example) {
    annot_request_respond_error (request, error);
    return;
  }
  if (example->frame_type == ANNOT_FRAME_NONE || !example->frame_sha256) {
    respond_no_frame (request);
    return;
  }
  etag = g_strdup_printf ("\"%s\"", example->frame_sha256);
  if (none_match_has (annot_request_get_header (request, "If-None-Match"), etag)) {
    set_frame_headers (request, etag);
    annot_request_respond (request, 304, NULL, NULL);
  } else {
    load (request, TRUE, got_frame);
  }
}

static void
get_frame (AnnotRequest *request)
{
  if (!check_event_id (request))
    return;
  if (annot_request_get_header (request, "If-None-Match"))
    load (request, FALSE, compared_frame);
  else
    load (request, TRUE, got_frame);
}

static void
respond_deleted (AnnotRequest *request, const char *message)
{
  GString *out = annot_answer_begin_success (message);

  annot_answer_text (out, "deleted_id", annot_request_get_param (request, "id"));
  annot_answer_send (request, 200, out);
}

static void
removed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRequest) request = user_data;
  g_autoptr (GError) error = NULL;

  if (annot_desk_remove_finish (ANNOT_DESK (source), result, &error))
    respond_deleted (request, "the example was removed");
  else
    annot_request_respond_error (request, error);
}

static void
skipped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (AnnotRequest) request = user_data;
  g_autoptr (GError) error = NULL;

  if (annot_desk_skip_finish (ANNOT_DESK (source), result, &error) >= 0)
    respond_deleted (request, "the example was skipped");
  else
    annot_request_respond_error (request, error);
}

/* Only an admin removes; for an annotator the older page's DELETE means: not mine. */
static void
delete_example (AnnotRequest *request)
{
  AnnotDesk *desk = annot_pipeline_get_desk (annot_request_get_pipeline (request));
  const char *id = annot_request_get_param (request, "id");
  const char *account = annot_request_get_account (request);
  const char *reason = get_filter (request, "reason");

  if (!check_event_id (request))
    return;
  if (annot_request_get_roles (request) & ANNOT_ROLE_ADMIN)
    annot_desk_remove (desk, id, account, reason ? reason : "deleted", NULL, removed, annot_request_ref (request));
  else
    annot_desk_skip (desk, id, account, NULL, reason ? reason : "deleted", NULL, skipped, annot_request_ref (request));
}

const AnnotRoute annot_example_routes[] = {
  { "GET", "/api/v1/examples", ANNOT_ROLE_ANNOTATOR | ANNOT_ROLE_ADMIN, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_NONE,
    list_examples, "List examples, without their frames" },
  { "POST", "/api/v1/examples", ANNOT_ROLE_PRODUCER | ANNOT_ROLE_ADMIN, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_MESSAGE,
    annot_intake_post, "Take in one example, an array, or a line each" },
  { "GET", "/api/v1/examples/{id}", ANNOT_ROLE_ANNOTATOR | ANNOT_ROLE_ADMIN, FALSE, ANNOT_RATE_DEFAULT, ANNOT_BODY_NONE,
    get_example, "Get an example" },
  { "GET", "/api/v1/examples/{id}/frame", ANNOT_ROLE_ANNOTATOR | ANNOT_ROLE_ADMIN, FALSE, ANNOT_RATE_DEFAULT,
    ANNOT_BODY_NONE, get_frame, "Get the frame of an example as an image" },
  { "DELETE", "/api/v1/examples/{id}", ANNOT_ROLE_ANNOTATOR | ANNOT_ROLE_ADMIN, FALSE, ANNOT_RATE_DEFAULT,
    ANNOT_BODY_SMALL, delete_example, "Remove an example (admin), or skip it (annotator)" },
  { NULL, NULL, 0, FALSE, ANNOT_RATE_NONE, ANNOT_BODY_NONE, NULL, NULL },
};
