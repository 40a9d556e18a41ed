/* SPDX-License-Identifier: Apache-2.0 */
/* Modules with one mistake each, which the plugin loader has to refuse; ANNOT_MISTAKE says which. */
#include <annotationd/annotationd.h>

#define MISTAKE_NONE 0
#define MISTAKE_ABI 1
#define MISTAKE_SIZE 2
#define MISTAKE_SYMBOL 3
#define MISTAKE_TYPE 4
#define MISTAKE_INCOMPLETE 5

static gboolean
annot_test_state_configure (AnnotState *self, AnnotConfig *config, GError **error)
{
  g_propagate_error (error, annot_config_error (config, "broken", "word", "is never right"));
  return FALSE;
}

static void
annot_test_state_class_init (gpointer klass, gpointer data)
{
  ANNOT_STATE_CLASS (klass)->configure = annot_test_state_configure;
}

/* A test loads copies of one module: each needs a type of its own name. */
static GType
annot_test_state_get_type (void)
{
  static gsize type;

  if (g_once_init_enter (&type)) {
    g_autofree char *name = g_strdup_printf ("AnnotTestState%p", (gpointer) &type);

    g_once_init_leave (&type, g_type_register_static_simple (ANNOT_TYPE_STATE, name, sizeof (AnnotStateClass),
                                                             annot_test_state_class_init, sizeof (AnnotState), NULL, 0));
  }
  return type;
}

static const AnnotOption options[] = {
    {.group = "broken", .key = "word", .type = ANNOT_OPTION_STRING, .fallback = "x", .summary = "A word"},
    {.group = NULL},
};

#if ANNOT_MISTAKE == MISTAKE_SYMBOL
#define SYMBOL annot_plugin_of_another_name
#else
#define SYMBOL annot_plugin
#endif

extern const AnnotPlugin SYMBOL;

__attribute__ ((visibility ("default"))) const AnnotPlugin SYMBOL = {
    .abi = ANNOT_MISTAKE == MISTAKE_ABI ? ANNOT_PLUGIN_ABI + 1 : ANNOT_PLUGIN_ABI,
    .size = ANNOT_MISTAKE == MISTAKE_SIZE ? sizeof (AnnotPlugin) - 8 : sizeof (AnnotPlugin),
    .plugin_class = ANNOT_MISTAKE == MISTAKE_TYPE ? ANNOT_PLUGIN_STORE : ANNOT_PLUGIN_STATE,
    .name = "broken",
    .version = "1",
    .description = ANNOT_MISTAKE == MISTAKE_INCOMPLETE ? NULL : "a plugin for tests",
    .options = options,
    .get_type = annot_test_state_get_type,
};
