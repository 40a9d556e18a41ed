/* SPDX-License-Identifier: Apache-2.0 */
/* The keyfile parser and the option types; what is printed of a configuration can be loaded again. */
#include <stdlib.h>
#include <string.h>

#include "backend/annot-config-private.h"
#include "backend/annot-keyfile.h"
#include "backend/annot-settings-private.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static const AnnotOption pass_options[] = {
    {.group = "pass", .key = "rdkafka.*", .type = ANNOT_OPTION_PREFIX, .summary = "Passed through"},
    {.group = NULL},
};

static AnnotConfig *
make_config (void)
{
  const AnnotOption *tables[] = {annot_core_options (), pass_options, NULL};

  return annot_config_new (tables);
}

/* Returns: how many entries were refused */
static guint
apply (AnnotConfig *config, GPtrArray *entries)
{
  guint refused = 0;

  for (guint i = 0; i < entries->len; i++) {
    const AnnotKeyfileEntry *entry = entries->pdata[i];
    g_autoptr (GError) error = NULL;

    if (!entry->key || annot_settings_apply (config, entry->group, entry->key, entry->value, ';', "fuzz", NULL, &error))
      continue;
    /* One line, always. */
    if (!error || strchr (error->message, '\n'))
      abort ();
    refused++;
  }
  return refused;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) entries = annot_keyfile_parse ((const char *) data, size, &error);
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (AnnotConfig) config = NULL;
  g_autoptr (AnnotConfig) copy = NULL;
  g_autofree char *text = NULL;

  if (!entries) {
    if (!error || strchr (error->message, '\n'))
      abort ();
    return 0;
  }
  config = make_config ();
  apply (config, entries);
  annot_settings_check (config, NULL);
  text = annot_settings_print (config);
  again = annot_keyfile_parse (text, strlen (text), NULL);
  copy = make_config ();
  if (!again || apply (copy, again) != 0)
    abort ();
  /* Pass-through keys that look like secrets are hidden: only the rest has to be the same. */
  for (const AnnotOption *option = annot_core_options (); option->group; option++) {
    if (!(option->flags & ANNOT_OPTION_SECRET) &&
        g_strcmp0 (annot_config_get_string (config, option->group, option->key),
                   annot_config_get_string (copy, option->group, option->key)) != 0)
      abort ();
  }
  return 0;
}
