/* SPDX-License-Identifier: Apache-2.0 */
/* Erasure of a data subject. */
#include "annot-answer.h"
#include "annot-router.h"

#include <string.h>

#define HASH_DIGITS 64

/* The hash is personal data: it goes back to the one who sent it, and nowhere else. */
typedef struct {
  AnnotRequest *request;
  char *face_hash;
} Erasing;

static void
erasing_free (Erasing *self)
{
  annot_request_unref (self->request);
  g_free (self->face_hash);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Erasing, erasing_free)

static void
erased (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Erasing) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree AnnotErasure *erasure = annot_desk_erase_subject_finish (ANNOT_DESK (source), result, &error);
  GString *out;

  if (!erasure) {
    annot_request_respond_error (self->request, error);
    return;
  }
  out = annot_answer_begin_success ("all that carries the hash was erased");
  annot_answer_text (out, "face_hash_id", self->face_hash);
  annot_answer_int (out, "events", erasure->examples);
  annot_answer_int (out, "files", erasure->frames);
  annot_answer_int (out, "annotations", erasure->annotations);
  annot_answer_int (out, "outgoing", erasure->outgoing);
  annot_answer_send (self->request, 200, out);
}

static gboolean
is_hash (const char *text)
{
  return strlen (text) == HASH_DIGITS && strspn (text, "0123456789abcdefABCDEF") == HASH_DIGITS;
}

static void
post_delete (AnnotRequest *request)
{
  g_autoptr (JsonObject) body = annot_request_dup_json (request);
  const char *face_hash = NULL;
  Erasing *self;

  if (!body || !annot_body_get_text (request, body, "face_hash_id", TRUE, &face_hash))
    return;
  if (!is_hash (face_hash)) {
    annot_answer_refuse (request, "face_hash_id", "must be 64 hexadecimal digits", "format");
    return;
  }
  self = g_new (Erasing, 1);
  self->request = annot_request_ref (request);
  self->face_hash = g_ascii_strdown (face_hash, -1);
  annot_desk_erase_subject (annot_pipeline_get_desk (annot_request_get_pipeline (request)), self->face_hash,
                            annot_request_get_account (request), NULL, erased, self);
}

const AnnotRoute annot_privacy_routes[] = {
  { "POST", "/api/v1/data-subject/delete", ANNOT_ROLE_COMPLIANCE_OFFICER, FALSE, ANNOT_RATE_DELETION, ANNOT_BODY_SMALL,
    post_delete, "Erase everything that carries a face hash" },
  { NULL, NULL, 0, FALSE, ANNOT_RATE_NONE, ANNOT_BODY_NONE, NULL, NULL },
};
