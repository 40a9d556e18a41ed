/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a keyfile line by line, and knows the line of every key. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/**
 * AnnotKeyfileEntry:
 * @line: from 1
 * @group: group
 * @key: (nullable): key; %NULL: the line is the group's header
 * @value: (nullable): value, without white space around it
 */
typedef struct {
  guint line;
  char *group;
  char *key;
  char *value;
} AnnotKeyfileEntry;

/* Parses UTF-8 text. The syntax is that of GKeyFile without escapes and locales: `[group]`, `key=value`, lines that begin
 * with `#` or `;`, empty lines. A key that stands twice in a group is an error.
 * Returns: (transfer full) (element-type AnnotKeyfileEntry) (nullable): in order; CONFIG: "LINE: …" */
ANNOT_API GPtrArray *annot_keyfile_parse (const char *text, gsize length, GError **error);

G_END_DECLS
