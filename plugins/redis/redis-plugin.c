/* SPDX-License-Identifier: Apache-2.0 */
/* What the module `redis` is. */
#include <glib/gi18n-lib.h>

#include "redis-state.h"

ANNOT_PLUGIN_DEFINE (ANNOT_PLUGIN_STATE, "redis", PACKAGE_VERSION,
                     N_ ("state shared by all instances, in Redis or Valkey"), redis_options, redis_state_get_type);
