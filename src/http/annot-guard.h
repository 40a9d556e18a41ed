/* SPDX-License-Identifier: Apache-2.0 */
/* Checks the bytes of a request's head before anything else reads them. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define ANNOT_GUARD_MAX_HEAD (32 * 1024)
#define ANNOT_GUARD_MAX_TARGET (8 * 1024)
#define ANNOT_GUARD_MAX_HEADERS 100

/**
 * AnnotVerdict:
 * @status: 0 when the head is fine, else the status to answer before closing
 * @detail: (nullable): why, for a person
 * @content_length: bytes of body that follow
 * @is_chunked: the body follows in chunks, and content_length is 0
 * @keep_alive: the client lets the connection open
 * @expect_continue: the client waits for 100 before it sends the body
 * @is_http_1_0: no chunked answer, no keep-alive
 */
typedef struct {
  guint status;
  const char *detail;
  gint64 content_length;
  gboolean is_chunked;
  gboolean keep_alive;
  gboolean expect_continue;
  gboolean is_http_1_0;
} AnnotVerdict;

/**
 * annot_guard_find_end:
 * @scanned: (inout): bytes that were looked at before, 0 at first
 *
 * Looks for the end of the head in what has arrived, and for bytes that no head may hold, so that nobody waits for the rest
 * of a bad one.
 *
 * Returns: length of the head with its empty line; 0: more is needed; -1: refused, see @verdict
 */
gssize annot_guard_find_end (const char *data, gsize length, gsize *scanned, AnnotVerdict *verdict);

/**
 * annot_guard_check:
 *
 * The strict reading of RFC 9112 that leaves no two ways to see where a request ends: one Host, one Content-Length of plain
 * digits, or one Transfer-Encoding that is `chunked` and nothing else, never both; no folded or nameless lines, no control
 * bytes, no white space before a colon.
 */
void annot_guard_check (const char *head, gsize length, AnnotVerdict *verdict);

G_END_DECLS
