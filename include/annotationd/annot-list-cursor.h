/* SPDX-License-Identifier: Apache-2.0 */
/* Where a listing goes on: the last row's place in the order, tied to the query. For stores. */
#pragma once

#if !defined(ANNOTATIOND_INSIDE) && !defined(ANNOTATIOND_COMPILATION)
#error "Include <annotationd/annotationd.h>"
#endif

#include <annotationd/annot-example.h>

G_BEGIN_DECLS

/**
 * AnnotListCursor:
 * @priority: the last row's priority
 * @seq: the last row's seq
 *
 * Rows behind it in the query's order are the next page.
 */
typedef struct {
  double priority;
  gint64 seq;
} AnnotListCursor;

/**
 * annot_list_cursor_write:
 * @query: the query whose page ends here
 * @last: the last row of the page
 *
 * Returns: (transfer full): base64url, opaque to others, the same on every machine
 */
ANNOT_API char *annot_list_cursor_write (const AnnotExampleQuery *query, const AnnotExample *last);

/**
 * annot_list_cursor_read:
 * @query: the query of the next page
 * @text: its cursor
 * @cursor: (out): where it goes on
 *
 * Returns: %FALSE with %ANNOT_ERROR_INVALID when @text is not a cursor of this query
 */
ANNOT_API gboolean annot_list_cursor_read (const AnnotExampleQuery *query, const char *text, AnnotListCursor *cursor,
                                           GError **error);

G_END_DECLS
