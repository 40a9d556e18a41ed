/* SPDX-License-Identifier: Apache-2.0 */
/* The API as a client, for --url. */
#pragma once

#include "annot-ctl.h"

G_BEGIN_DECLS

/* Sends one request to ctl->url and waits. body may be NULL. Answers of 400 and more become errors with the server's
 * words. Returns: (transfer full) (nullable): the JSON answer; a null node for an empty one; NULL on error */
JsonNode *annot_ctl_call (AnnotCtl *ctl, const char *method, const char *path, const char *content_type, GBytes *body,
                          GError **error);
/* The same with a JSON object, which it takes. */
JsonNode *annot_ctl_call_json (AnnotCtl *ctl, const char *method, const char *path, JsonObject *body, GError **error);
/* Streams an answer to a descriptor, in constant memory. */
gboolean annot_ctl_download (AnnotCtl *ctl, const char *path, int descriptor, GError **error);
/* Returns: (transfer full): the array that an answer is, or that stands in it under name; empty when there is none */
JsonArray *annot_ctl_get_rows (JsonNode *answer, const char *name);

G_END_DECLS
