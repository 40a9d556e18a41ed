/* SPDX-License-Identifier: Apache-2.0 */
/* Where a listing goes on: the last row's place in the order, tied to the query. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

typedef struct {
  double priority;
  gint64 seq;
} SqliteCursor;

/* Returns: (transfer full): base64url, opaque to others */
char *sqlite_cursor_write (const AnnotExampleQuery *query, const AnnotExample *last);
/* INVALID: text is not a cursor of this query. */
gboolean sqlite_cursor_read (const AnnotExampleQuery *query, const char *text, SqliteCursor *cursor, GError **error);

G_END_DECLS
