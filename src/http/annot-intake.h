/* SPDX-License-Identifier: Apache-2.0 */
/* Examples that come by HTTP: one, an array, or a line each. */
#pragma once

#include "annot-request.h"

G_BEGIN_DECLS

/* In one request, at most. */
#define ANNOT_INTAKE_ITEMS 10000

/* Handler of POST /api/v1/examples: 201 all new, 200 all known, 207 mixed, 422 all wrong, with an answer for each. */
void annot_intake_post (AnnotRequest *request);

G_END_DECLS
