/* SPDX-License-Identifier: Apache-2.0 */
/* The one error domain of annotationd: codes say what the caller should do. */
#pragma once

#if !defined(ANNOTATIOND_INSIDE) && !defined(ANNOTATIOND_COMPILATION)
#error "Include <annotationd/annotationd.h>"
#endif

#include <glib.h>

#include <annotationd/annot-macros.h>

G_BEGIN_DECLS

#define ANNOT_ERROR (annot_error_quark ())

/**
 * AnnotError:
 * @ANNOT_ERROR_TEMPORARY: the same request may succeed later; the core retries with back-off
 * @ANNOT_ERROR_PERMANENT: this request can never succeed (a poison row, a message too large)
 * @ANNOT_ERROR_AUTH: the backend refused the credentials
 * @ANNOT_ERROR_CONFIG: an option is wrong; the message names it and the remedy
 * @ANNOT_ERROR_NOT_CONNECTED: not opened, closed, or the connection is away
 * @ANNOT_ERROR_TIMEOUT: no answer within the deadline; whether it took effect is unknown
 * @ANNOT_ERROR_NO_SPACE: the disk or quota is full; nothing was written
 * @ANNOT_ERROR_NOT_FOUND: no such example, account, token, message
 * @ANNOT_ERROR_EXISTS: the name is taken
 * @ANNOT_ERROR_STALE: the lease has ended or went to somebody else, or the revision has moved on
 * @ANNOT_ERROR_FINISHED: somebody else has finished this example
 * @ANNOT_ERROR_INVALID: the input is wrong; the message is "path.to[3].field: what must hold"
 *
 * What a failed call means to its caller.
 */
typedef enum {
  ANNOT_ERROR_TEMPORARY,
  ANNOT_ERROR_PERMANENT,
  ANNOT_ERROR_AUTH,
  ANNOT_ERROR_CONFIG,
  ANNOT_ERROR_NOT_CONNECTED,
  ANNOT_ERROR_TIMEOUT,
  ANNOT_ERROR_NO_SPACE,
  ANNOT_ERROR_NOT_FOUND,
  ANNOT_ERROR_EXISTS,
  ANNOT_ERROR_STALE,
  ANNOT_ERROR_FINISHED,
  ANNOT_ERROR_INVALID,
} AnnotError;

ANNOT_API GQuark annot_error_quark (void);

/**
 * annot_error_is_transient:
 * @error: an error of any domain
 *
 * Returns: %TRUE when the same request may succeed later (temporary, not connected, timeout, no space)
 */
ANNOT_API gboolean annot_error_is_transient (const GError *error);

/**
 * annot_error_name:
 * @code: an #AnnotError
 *
 * Returns: (transfer none): the code in lower case with dashes ("not-found"), as used in metrics and JSON
 */
ANNOT_API const char *annot_error_name (AnnotError code);

/**
 * annot_error_split_field:
 * @error: an %ANNOT_ERROR_INVALID error
 * @message: (out) (optional) (transfer none): what must hold; lives as long as @error
 *
 * Returns: (transfer full) (nullable): the path of the offending field, or %NULL when the error is about the whole
 */
ANNOT_API char *annot_error_split_field (const GError *error, const char **message);

G_END_DECLS
