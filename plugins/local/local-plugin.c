/* SPDX-License-Identifier: Apache-2.0 */
/* What the module `local` is. */
#include <glib/gi18n-lib.h>

#include "local-broker.h"

ANNOT_PLUGIN_DEFINE (ANNOT_PLUGIN_BROKER, "local", PACKAGE_VERSION, N_ ("topics as JSON-Lines files in a directory"),
                     local_options, local_broker_get_type);
