/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin ABI of annotationd: the only header a plugin includes. */
#pragma once

#define ANNOTATIOND_INSIDE
#include <annotationd/annot-macros.h>
#include <annotationd/annot-error.h>
#include <annotationd/annot-option.h>
#include <annotationd/annot-config.h>
#include <annotationd/annot-message.h>
#include <annotationd/annot-example.h>
#include <annotationd/annot-annotation.h>
#include <annotationd/annot-account.h>
#include <annotationd/annot-outgoing.h>
#include <annotationd/annot-fault.h>
#include <annotationd/annot-health.h>
#include <annotationd/annot-list-cursor.h>
#include <annotationd/annot-names.h>
#include <annotationd/annot-statements.h>
#include <annotationd/annot-schema.h>
#include <annotationd/annot-store.h>
#include <annotationd/annot-state.h>
#include <annotationd/annot-broker.h>
#include <annotationd/annot-plugin.h>
#undef ANNOTATIOND_INSIDE
