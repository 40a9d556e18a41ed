/* SPDX-License-Identifier: Apache-2.0 */
/* What the module `memory` is, and its options. */
#include <glib/gi18n-lib.h>

#include "memory-state.h"

const AnnotOption memory_options[] = {
  { .group = "memory",
    .key = "rate-keys",
    .type = ANNOT_OPTION_INTEGER,
    .fallback = "100000",
    .min = 16,
    .max = 100000000,
    .summary = N_ ("most addresses and accounts whose rate is remembered") },
  { .group = "memory",
    .key = "retries",
    .type = ANNOT_OPTION_INTEGER,
    .fallback = "1000000",
    .min = 16,
    .max = 100000000,
    .summary = N_ ("most messages in the retry schedule") },
  { .group = NULL },
};

ANNOT_PLUGIN_DEFINE (ANNOT_PLUGIN_STATE, "memory", PACKAGE_VERSION, N_ ("state of a single instance, in its memory"),
                     memory_options, memory_state_get_type);
