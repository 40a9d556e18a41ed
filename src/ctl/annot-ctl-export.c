/* SPDX-License-Identifier: Apache-2.0 */
/* annotationctl export: what was labelled, in the formats of the field. */
#include "annot-ctl-http.h"
#include "annot-ctl-output.h"

#include "model/annot-export.h"
#include "model/annot-time.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 200
#define PAGE_WITH_FRAMES 8

typedef struct {
  char *format;
  char *output;
  char *camera;
  char *label;
  char *annotator;
  char *since;
  char *until;
} Options;

static void
options_clear (Options *options)
{
  g_free (options->format);
  g_free (options->output);
  g_free (options->camera);
  g_free (options->label);
  g_free (options->annotator);
  g_free (options->since);
  g_free (options->until);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)

static gboolean
write_out (int descriptor, GByteArray *out, GError **error)
{
  if (!annot_ctl_write (descriptor, out->data, out->len, error))
    return FALSE;
  g_byte_array_set_size (out, 0);
  return TRUE;
}

static gboolean
parse_time (const char *name, const char *text, gint64 *time, GError **error)
{
  if (!text || annot_time_parse (text, -1, time))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("%s %s: must be a time such as 2026-11-23T08:00:00Z"),
               name, text);
  return FALSE;
}

static gboolean
export_page (AnnotCtl *ctl, AnnotExport *export, AnnotExampleQuery *query, char **cursor, GByteArray *out,
             guint64 *count, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (AnnotExamplePage) page = NULL;

  query->cursor = *cursor;
  annot_store_list_examples (ctl->store, query, NULL, annot_ctl_done, &result);
  page = annot_store_list_examples_finish (ctl->store, annot_ctl_wait (&result), error);
  if (!page)
    return FALSE;
  for (guint i = 0; i < page->examples->len; i++) {
    AnnotAnnotation *annotation = g_ptr_array_index (page->annotations, i);

    if (annotation)
      annot_export_row (export, g_ptr_array_index (page->examples, i), annotation, out);
    *count += annotation ? 1 : 0;
  }
  g_free (*cursor);
  *cursor = g_steal_pointer (&page->next_cursor);
  return TRUE;
}

static gboolean
export_store (AnnotCtl *ctl, const Options *options, int descriptor, GError **error)
{
  g_autoptr (AnnotExport) export = NULL;
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autofree char *cursor = NULL;
  guint64 count = 0;
  AnnotExampleQuery query = {
    .order = ANNOT_ORDER_OLDEST,
    .status = ANNOT_EXAMPLE_COMPLETED,
    .camera_id = options->camera,
    .label = options->label,
    .annotator = options->annotator,
    .with_annotation = TRUE,
  };

  if (!parse_time ("--since", options->since, &query.finished_after, error)
      || !parse_time ("--until", options->until, &query.finished_before, error) || !annot_ctl_open_store (ctl, error))
    return FALSE;
  export = annot_export_new (options->format ? options->format : "jsonl",
                             annot_config_get_list (ctl->config, "annotation", "labels"), error);
  if (!export)
    return FALSE;
  query.with_frame = annot_export_needs_frame (export);
  query.limit = query.with_frame ? PAGE_WITH_FRAMES : PAGE;
  annot_export_begin (export, out);
  do {
    if (!export_page (ctl, export, &query, &cursor, out, &count, error) || !write_out (descriptor, out, error))
      return FALSE;
    annot_ctl_progress (ctl, _ ("Exporting"), count, 0, cursor == NULL);
  } while (cursor);
  while (annot_export_end (export, out))
    if (!write_out (descriptor, out, error))
      return FALSE;
  if (annot_export_get_error (export)) {
    g_propagate_error (error, g_error_copy (annot_export_get_error (export)));
    return FALSE;
  }
  return write_out (descriptor, out, error);
}

static void
append_parameter (GString *path, const char *name, const char *value)
{
  if (!value)
    return;
  g_string_append_printf (path, "%c%s=", strchr (path->str, '?') ? '&' : '?', name);
  g_string_append_uri_escaped (path, value, NULL, FALSE);
}

static gboolean
export_url (AnnotCtl *ctl, const Options *options, int descriptor, GError **error)
{
  g_autoptr (GString) path = g_string_new ("/api/v1/export");

  append_parameter (path, "format", options->format);
  append_parameter (path, "camera_id", options->camera);
  append_parameter (path, "label", options->label);
  append_parameter (path, "annotator", options->annotator);
  append_parameter (path, "from", options->since);
  append_parameter (path, "to", options->until);
  return annot_ctl_download (ctl, path->str, descriptor, error);
}

/* A device or a pipe is written to; a file put in its place would be the end of /dev/null. */
static gboolean
export_to_device (AnnotCtl *ctl, const Options *options, GError **error)
{
  int descriptor = open (options->output, O_WRONLY | O_CLOEXEC | O_NOCTTY);
  gboolean done;

  if (descriptor < 0) {
    int code = errno;

    /* A folder that is not there is a result that cannot be made, not data that is missing. */
    g_set_error (error, G_FILE_ERROR, code == ENOENT ? G_FILE_ERROR_NOTDIR : g_file_error_from_errno (code), "%s: %s",
                 options->output, g_strerror (code));
    return FALSE;
  }
  done = ctl->url ? export_url (ctl, options, descriptor, error) : export_store (ctl, options, descriptor, error);
  close (descriptor);
  return done;
}

static gboolean
is_device (const char *path)
{
  struct stat status;

  return stat (path, &status) == 0 && !S_ISREG (status.st_mode) && !S_ISDIR (status.st_mode);
}

/* Into a temporary file beside the target, so that a failed export leaves no half of one. */
static gboolean
export_to_file (AnnotCtl *ctl, const Options *options, GError **error)
{
  g_autofree char *partial = g_strconcat (options->output, ".XXXXXX", NULL);
  int descriptor = g_mkstemp_full (partial, O_WRONLY, 0600);
  gboolean done;

  if (descriptor < 0) {
    int code = errno;

    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s", options->output, g_strerror (code));
    return FALSE;
  }
  done = ctl->url ? export_url (ctl, options, descriptor, error) : export_store (ctl, options, descriptor, error);
  if (done && (fsync (descriptor) != 0 || g_rename (partial, options->output) != 0)) {
    int code = errno;

    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s", options->output, g_strerror (code));
    done = FALSE;
  }
  close (descriptor);
  if (!done)
    g_unlink (partial);
  return done;
}

static gboolean
run_export (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  g_auto (Options) options = { 0 };
  const GOptionEntry entries[] = {
    { "format", 'f', 0, G_OPTION_ARG_STRING, &options.format,
      N_ ("jsonl (default), csv, coco, yolo, voc or label-studio"), N_ ("FORMAT") },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, N_ ("Write there, whole or not at all"), N_ ("FILE") },
    { "camera", 0, 0, G_OPTION_ARG_STRING, &options.camera, N_ ("Only of this camera"), N_ ("ID") },
    { "label", 0, 0, G_OPTION_ARG_STRING, &options.label, N_ ("Only with a detection of this class"), N_ ("CLASS") },
    { "annotator", 0, 0, G_OPTION_ARG_STRING, &options.annotator, N_ ("Only by this account"), N_ ("NAME") },
    { "since", 0, 0, G_OPTION_ARG_STRING, &options.since, N_ ("Only finished at or after this time"), N_ ("TIME") },
    { "until", 0, 0, G_OPTION_ARG_STRING, &options.until, N_ ("Only finished before this time"), N_ ("TIME") },
    G_OPTION_ENTRY_NULL,
  };

  if (!annot_ctl_parse (annot_ctl_export_commands, &argc, &argv, entries, NULL, 0, 0, error))
    return FALSE;
  if (g_strcmp0 (options.output, "-") == 0)
    g_clear_pointer (&options.output, g_free);
  if (options.output && is_device (options.output))
    return export_to_device (ctl, &options, error);
  if (options.output)
    return export_to_file (ctl, &options, error);
  if (ctl->terminal && options.format
      && (strcmp (options.format, "yolo") == 0 || strcmp (options.format, "voc") == 0)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                 _ ("a zip archive is not for a terminal: use --output FILE"));
    return FALSE;
  }
  return ctl->url ? export_url (ctl, &options, STDOUT_FILENO, error)
                  : export_store (ctl, &options, STDOUT_FILENO, error);
}

const AnnotCtlCommand annot_ctl_export_commands[] = {
  { "export", NULL, N_ ("Write labelled examples out"), run_export },
  { NULL, NULL, NULL, NULL },
};
