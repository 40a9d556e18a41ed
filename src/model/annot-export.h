/* SPDX-License-Identifier: Apache-2.0 */
/* Export formats, one row at a time in constant memory. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

#define ANNOT_TYPE_EXPORT (annot_export_get_type ())
ANNOT_API G_DECLARE_DERIVABLE_TYPE (AnnotExport, annot_export, ANNOT, EXPORT, GObject)

/* Writes text formats straight, and zip archives (stored entries, no zip64 below 4 GiB) for the formats of many files. */
struct _AnnotExportClass {
  GObjectClass parent_class;

  void (*begin) (AnnotExport *self, GByteArray *out);
  void (*row) (AnnotExport *self, const AnnotExample *example, const AnnotAnnotation *annotation, GByteArray *out);
  gboolean (*end) (AnnotExport *self, GByteArray *out);
  const GError *(*get_error) (AnnotExport *self);
};

/* format: jsonl, csv, coco, yolo, voc, label-studio. labels: the configured classes, which get the first class ids in
 * order; others follow as they come. INVALID for an unknown format, naming the known ones. */
ANNOT_API AnnotExport *annot_export_new (const char *format, const char *const *labels, GError **error);
/* Returns: (transfer none) (array zero-terminated=1): the names of all formats */
ANNOT_API const char *const *annot_export_get_formats (void);
/* Media type and the end of a file name (".zip") of what it writes. */
ANNOT_API const char *annot_export_get_media_type (AnnotExport *self);
ANNOT_API const char *annot_export_get_extension (AnnotExport *self);
/* Whether rows need the frame's bytes (for the image's size or to pack it). */
ANNOT_API gboolean annot_export_needs_frame (AnnotExport *self);
/* Each appends to out what can be written now; the caller writes it and empties out. */
ANNOT_API void annot_export_begin (AnnotExport *self, GByteArray *out);
ANNOT_API void annot_export_row (AnnotExport *self, const AnnotExample *example, const AnnotAnnotation *annotation,
                                 GByteArray *out);
/* TRUE: write out and call again, what was spooled comes in pieces; FALSE: that was all. */
G_GNUC_WARN_UNUSED_RESULT ANNOT_API gboolean annot_export_end (AnnotExport *self, GByteArray *out);
/* Returns: (transfer none) (nullable): why what was written so far is not to be used (no room for a temporary file) */
ANNOT_API const GError *annot_export_get_error (AnnotExport *self);

G_END_DECLS
