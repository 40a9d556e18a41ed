/* SPDX-License-Identifier: Apache-2.0 */
/* The web page's files, read once and served from memory. */
#pragma once

#include "annot-request.h"

G_BEGIN_DECLS

/**
 * AnnotStatic:
 *
 * Every file of a directory, with a strong ETag and a gzip variant made at start. A page asks again with If-None-Match
 * unless the file's name carries a hash of its content: that one never changes.
 */
typedef struct _AnnotStatic AnnotStatic;

/* A directory that is not there has no files: the API works without the page. */
AnnotStatic *annot_static_new (const char *directory);
void annot_static_free (AnnotStatic *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AnnotStatic, annot_static_free)

/* FALSE when no file has the request's path: `/` is index.html, a name without extension may be an .html. */
gboolean annot_static_respond (AnnotStatic *self, AnnotRequest *request);

G_END_DECLS
