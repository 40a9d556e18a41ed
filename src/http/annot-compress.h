/* SPDX-License-Identifier: Apache-2.0 */
/* gzip for answers. */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Below this, compressing costs more than it saves. */
#define ANNOT_COMPRESS_FROM 1024

/* Returns: whether Accept-Encoding (nullable) allows gzip: named, or `*`, and not with q=0 */
gboolean annot_compress_accepted (const char *accept_encoding);
/* Returns: whether the media type is text in the widest sense (JSON, CSV, JavaScript, SVG, …) */
gboolean annot_compress_is_text (const char *content_type);
/* level: 1 … 9. Returns: (transfer full) (nullable): gzip of it; NULL when that is not smaller */
GBytes *annot_compress (GBytes *plain, int level);

G_END_DECLS
