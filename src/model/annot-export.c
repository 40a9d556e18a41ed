/* SPDX-License-Identifier: Apache-2.0 */
/* The export formats by name, and what all of them have. */
#include "annot-export.h"

#include <string.h>

#include "annot-export-format.h"

typedef struct {
  const char *name;
  const char *media_type;
  const char *extension;
  gboolean needs_frame;
  GType (*get_type) (void);
} Format;

static const Format formats[] = {
  { "jsonl", "application/x-ndjson", ".jsonl", FALSE, annot_export_jsonl_get_type },
  { "csv", "text/csv; charset=utf-8", ".csv", FALSE, annot_export_csv_get_type },
  { "coco", "application/json", ".json", TRUE, annot_export_coco_get_type },
  { "yolo", "application/zip", ".zip", TRUE, annot_export_yolo_get_type },
  { "voc", "application/zip", ".zip", TRUE, annot_export_voc_get_type },
  { "label-studio", "application/json", ".json", TRUE, annot_export_label_studio_get_type },
};

typedef struct {
  const Format *format;
  gint64 time;
  GPtrArray *classes;
  GHashTable *class_ids;
} AnnotExportPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (AnnotExport, annot_export, G_TYPE_OBJECT)

static void
annot_export_finalize (GObject *object)
{
  AnnotExportPrivate *priv = annot_export_get_instance_private (ANNOT_EXPORT (object));

  g_hash_table_unref (priv->class_ids);
  g_ptr_array_unref (priv->classes);
  G_OBJECT_CLASS (annot_export_parent_class)->finalize (object);
}

static void
annot_export_real_begin (AnnotExport *self, GByteArray *out)
{
}

static gboolean
annot_export_real_end (AnnotExport *self, GByteArray *out)
{
  return FALSE;
}

static const GError *
annot_export_real_get_error (AnnotExport *self)
{
  return NULL;
}

static void
annot_export_class_init (AnnotExportClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = annot_export_finalize;
  klass->begin = annot_export_real_begin;
  klass->end = annot_export_real_end;
  klass->get_error = annot_export_real_get_error;
}

static void
annot_export_init (AnnotExport *self)
{
  AnnotExportPrivate *priv = annot_export_get_instance_private (self);

  priv->time = g_get_real_time ();
  priv->classes = g_ptr_array_new_with_free_func (g_free);
  priv->class_ids = g_hash_table_new (g_str_hash, g_str_equal);
}

/**
 * annot_export_get_formats:
 *
 * Returns: (transfer none) (array zero-terminated=1): the names of all formats
 */
const char *const *
annot_export_get_formats (void)
{
  static const char *const names[] = { "jsonl", "csv", "coco", "yolo", "voc", "label-studio", NULL };

  G_STATIC_ASSERT (G_N_ELEMENTS (names) == G_N_ELEMENTS (formats) + 1);
  return names;
}

/**
 * annot_export_new:
 * @format: name of a format
 * @labels: (nullable) (array zero-terminated=1): classes that get the first ids in this order
 * @error: (nullable): %ANNOT_ERROR_INVALID, names the formats there are
 *
 * Returns: (transfer full) (nullable): an export that has not begun
 */
AnnotExport *
annot_export_new (const char *format, const char *const *labels, GError **error)
{
  g_autofree char *known = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++) {
    AnnotExport *self;
    AnnotExportPrivate *priv;

    if (g_strcmp0 (format, formats[i].name) != 0)
      continue;
    self = g_object_new (formats[i].get_type (), NULL);
    priv = annot_export_get_instance_private (self);
    priv->format = &formats[i];
    for (; labels && *labels; labels++)
      annot_export_class_id (self, *labels);
    return self;
  }
  known = g_strjoinv (", ", (char **) annot_export_get_formats ());
  g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, "format: must be one of %s", known);
  return NULL;
}

const char *
annot_export_get_media_type (AnnotExport *self)
{
  AnnotExportPrivate *priv = annot_export_get_instance_private (self);

  return priv->format->media_type;
}

const char *
annot_export_get_extension (AnnotExport *self)
{
  AnnotExportPrivate *priv = annot_export_get_instance_private (self);

  return priv->format->extension;
}

gboolean
annot_export_needs_frame (AnnotExport *self)
{
  AnnotExportPrivate *priv = annot_export_get_instance_private (self);

  return priv->format->needs_frame;
}

void
annot_export_begin (AnnotExport *self, GByteArray *out)
{
  ANNOT_EXPORT_GET_CLASS (self)->begin (self, out);
}

/**
 * annot_export_row:
 * @self: an export that has begun
 * @example: an example, with its frame when annot_export_needs_frame() says so
 * @annotation: (nullable): its annotation; formats of corrected objects leave out an example without one
 * @out: gets what can be written now
 */
void
annot_export_row (AnnotExport *self, const AnnotExample *example, const AnnotAnnotation *annotation, GByteArray *out)
{
  ANNOT_EXPORT_GET_CLASS (self)->row (self, example, annotation, out);
}

gboolean
annot_export_end (AnnotExport *self, GByteArray *out)
{
  return ANNOT_EXPORT_GET_CLASS (self)->end (self, out);
}

const GError *
annot_export_get_error (AnnotExport *self)
{
  return ANNOT_EXPORT_GET_CLASS (self)->get_error (self);
}

guint
annot_export_class_id (AnnotExport *self, const char *name)
{
  AnnotExportPrivate *priv = annot_export_get_instance_private (self);
  gpointer id;
  char *copy;

  if (g_hash_table_lookup_extended (priv->class_ids, name, NULL, &id))
    return GPOINTER_TO_UINT (id);
  copy = g_strdup (name);
  g_ptr_array_add (priv->classes, copy);
  g_hash_table_insert (priv->class_ids, copy, GUINT_TO_POINTER (priv->classes->len - 1));
  return priv->classes->len - 1;
}

GPtrArray *
annot_export_get_classes (AnnotExport *self)
{
  AnnotExportPrivate *priv = annot_export_get_instance_private (self);

  return priv->classes;
}

gint64
annot_export_get_time (AnnotExport *self)
{
  AnnotExportPrivate *priv = annot_export_get_instance_private (self);

  return priv->time;
}
