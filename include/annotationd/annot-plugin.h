/* SPDX-License-Identifier: Apache-2.0 */
/* How a module says what it is: one exported symbol, read without connecting anywhere. */
#pragma once

#if !defined(ANNOTATIOND_INSIDE) && !defined(ANNOTATIOND_COMPILATION)
#error "Include <annotationd/annotationd.h>"
#endif

#include <glib-object.h>

#include <annotationd/annot-option.h>

G_BEGIN_DECLS

/* Grows with every change that an existing plugin would notice. */
#define ANNOT_PLUGIN_ABI 1u

#define ANNOT_PLUGIN_SYMBOL "annot_plugin"

typedef enum {
  ANNOT_PLUGIN_STORE,
  ANNOT_PLUGIN_STATE,
  ANNOT_PLUGIN_BROKER,
} AnnotPluginClass;

/* "store", "state", "broker": also the keyfile group whose `plugin` key selects it */
ANNOT_API const char *annot_plugin_class_to_string (AnnotPluginClass plugin_class);

/**
 * AnnotPlugin:
 * @abi: %ANNOT_PLUGIN_ABI, checked before anything else is read
 * @size: sizeof (AnnotPlugin), a second look at the same
 * @plugin_class: what it implements
 * @name: its name, the module's file name and usually its option group
 * @version: of the plugin
 * @description: one English sentence without a full stop
 * @options: its option table, ends with an empty entry
 * @get_type: GType of its #AnnotStore, #AnnotState or #AnnotBroker
 */
typedef struct {
  guint32 abi;
  guint32 size;
  AnnotPluginClass plugin_class;
  const char *name;
  const char *version;
  const char *description;
  const AnnotOption *options;
  GType (*get_type) (void);
} AnnotPlugin;

/**
 * ANNOT_PLUGIN_DEFINE:
 *
 * Defines the one symbol that a module exports.
 */
#define ANNOT_PLUGIN_DEFINE(class_, name_, version_, description_, options_, get_type_)                           \
  __attribute__ ((visibility ("default"))) extern const AnnotPlugin annot_plugin;                                 \
  const AnnotPlugin annot_plugin = {.abi = ANNOT_PLUGIN_ABI,                                                      \
                                    .size = sizeof (AnnotPlugin),                                                 \
                                    .plugin_class = (class_),                                                     \
                                    .name = (name_),                                                              \
                                    .version = (version_),                                                        \
                                    .description = (description_),                                                \
                                    .options = (options_),                                                        \
                                    .get_type = (get_type_)}

G_END_DECLS
