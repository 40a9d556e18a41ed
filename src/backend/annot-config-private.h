/* SPDX-License-Identifier: Apache-2.0 */
/* How a config is filled while it is loaded; nobody but the loader may change one. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

/**
 * AnnotValue:
 * @option: what it is the value of
 * @text: (nullable): as it is written in the keyfile; %NULL: unset
 * @origin: (nullable): where it was set ("FILE:LINE", "environment variable NAME", "--set"); %NULL: the default
 * @turn: counts what was set before it; 0: the default
 * @integer: integer, size, seconds, boolean
 * @list: (nullable) (array zero-terminated=1): list
 * @rate: rate
 * @prefixed: (nullable) (element-type utf8 utf8): pass-through keys, without the prefix
 */
typedef struct {
  const AnnotOption *option;
  char *text;
  char *origin;
  guint turn;
  gint64 integer;
  char **list;
  AnnotRate rate;
  GHashTable *prefixed;
} AnnotValue;

/* Makes a config of all options of the tables, each at its default.
 * tables: (array zero-terminated=1). Returns: (transfer full) */
AnnotConfig *annot_config_new (const AnnotOption *const *tables);
/* Returns: (transfer none) (element-type AnnotValue): in the order of the tables */
GPtrArray *annot_config_get_values (AnnotConfig *self);
/* Returns: (transfer none) (nullable): the value of that key; for a key that a pass-through option takes, that option's */
AnnotValue *annot_config_find (AnnotConfig *self, const char *group, const char *key);
gboolean annot_config_has_group (AnnotConfig *self, const char *group);
/* Sets a value from text. separator: of lists. FALSE: error (ANNOT_ERROR_CONFIG) says what must hold, without a prefix. */
gboolean annot_config_set (AnnotConfig *self, AnnotValue *value, const char *key, const char *text, char separator,
                           const char *origin, GError **error);

/* annot-option-value.c: reads text as the option's type into value, which is left as it was on error. */
gboolean annot_value_parse (AnnotValue *value, const char *text, char separator, GError **error);
/* annot-address.c: whether that text of the key must not be printed, nor stand where everyone may read it. */
gboolean annot_option_is_secret (const AnnotOption *option, const char *key, const char *text);
/* Returns: (transfer full): what the option takes, for the manual page ("a whole number from 1 to 10000") */
char *annot_option_describe (const AnnotOption *option);
/* Returns: (transfer full) (nullable): the default as a person writes it ("8h"), for the manual page */
char *annot_option_format_default (const AnnotOption *option);

G_END_DECLS
