/* SPDX-License-Identifier: Apache-2.0 */
/* Appends messages to a topic's file: whole lines, durable, each id once. */
#pragma once

#include "local-settings.h"

G_BEGIN_DECLS

/*
 * Everything here does file I/O: called from a worker, by one thread at a time. Other processes may append to the same
 * file: ours take turns by flock() on it, and strangers' `>>` cannot tear a line of ours, because a batch is one
 * write() to a file opened with O_APPEND. See local-journal.h for how a message with an `id` header is written once.
 *
 * A line is the value of its message; keys and headers are not kept.
 */
typedef struct LocalWriter LocalWriter;

/**
 * LocalAppend:
 * @message: what to append
 * @error: (nullable): why it is not in the file; unset when it is
 */
typedef struct {
  AnnotMessage *message;
  GError *error;
} LocalAppend;

LocalWriter *local_writer_new (const LocalSettings *settings, const char *topic);
void local_writer_free (LocalWriter *self);
/* Appends a batch (element-type LocalAppend), in order, and waits until the disk has it. */
void local_writer_append (LocalWriter *self, GPtrArray *batch);

/**
 * local_line_of:
 * @message: a message
 *
 * Returns: (transfer full) (nullable): its value, fit to be a line: line breaks between JSON tokens become spaces;
 *  %ANNOT_ERROR_PERMANENT when there is no value, or it has a line break and is no JSON object or array
 */
GBytes *local_line_of (const AnnotMessage *message, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LocalWriter, local_writer_free)

G_END_DECLS
