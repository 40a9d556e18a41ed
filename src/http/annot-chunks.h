/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies that come in chunks (RFC 9112, 7.1), read strictly and as they come. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* All extensions and trailer lines of one body together: they are passed over, and nobody needs many. */
#define ANNOT_CHUNKS_MAX_EXTRA 4096
/* Of one body: pieces of a byte each would cost more work than the body is worth. */
#define ANNOT_CHUNKS_MAX_COUNT 100000

typedef enum {
  ANNOT_CHUNKS_MORE,      /* it goes on */
  ANNOT_CHUNKS_DONE,      /* whole, trailer and all */
  ANNOT_CHUNKS_BAD,       /* not chunks, or not written as RFC 9112 says */
  ANNOT_CHUNKS_TOO_LARGE, /* more than the limit */
} AnnotChunksState;

/**
 * AnnotChunks:
 *
 * Where the reading of one body stands. All zero is the beginning.
 */
typedef struct {
  guint8 at; /* a Place */
  guint8 digits;
  guint64 left; /* of the chunk */
  gsize extra;
  guint count;
} AnnotChunks;

/**
 * annot_chunks_read:
 * @used: (out): bytes of @data that belong to the body: all of them, unless it is done
 * @body: what was in the chunks is appended here
 * @limit: most bytes that @body may have
 *
 * A size is plain hex digits; every line ends with CR LF and nothing else; what RFC 9112 lets be passed over,
 * extensions and trailer, is passed over, but holds no control bytes.
 */
AnnotChunksState annot_chunks_read (AnnotChunks *self, const guint8 *data, gsize length, gsize *used, GByteArray *body,
                                    gsize limit);

G_END_DECLS
