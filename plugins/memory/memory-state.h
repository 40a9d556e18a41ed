/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a single instance, in its own memory. */
#pragma once

#include <annotationd/annotationd.h>

G_BEGIN_DECLS

#define MEMORY_TYPE_STATE (memory_state_get_type ())
G_DECLARE_FINAL_TYPE (MemoryState, memory_state, MEMORY, STATE, AnnotState)

extern const AnnotOption memory_options[];

G_END_DECLS
