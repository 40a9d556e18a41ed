/* SPDX-License-Identifier: Apache-2.0 */
/* Where imported examples come from: JSON Lines files, standard input, folders of images. */
#pragma once

#include "annot-ctl.h"

G_BEGIN_DECLS

/* One document: JSON text and where it stood ("frames.jsonl:12", "night/0001.jpg"). Return FALSE to stop. */
typedef gboolean (*AnnotCtlDocument) (const char *where, const char *text, gsize length, gpointer user_data,
                                      GError **error);

/* How many documents a name holds, for a progress bar; 0 when it cannot be told beforehand. */
guint64 annot_ctl_source_count (const char *name);
/* Calls back for every document: each line of a file ("-" is standard input), or an example made of each image of a
 * folder: event_id from the image's SHA-256 (the same image is the same example), camera_id from the folder's name,
 * timestamp from the file's. max_line: longer lines are refused. */
gboolean annot_ctl_source_read (const char *name, gsize max_line, AnnotCtlDocument callback, gpointer user_data,
                                GError **error);

G_END_DECLS
