/* SPDX-License-Identifier: Apache-2.0 */
/* A broker that is a directory of JSON-Lines files. */
#pragma once

#include "local-settings.h"

G_BEGIN_DECLS

#define LOCAL_TYPE_BROKER (local_broker_get_type ())
G_DECLARE_FINAL_TYPE (LocalBroker, local_broker, LOCAL, BROKER, AnnotBroker)

G_END_DECLS
