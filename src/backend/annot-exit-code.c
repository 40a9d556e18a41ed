/* SPDX-License-Identifier: Apache-2.0 */
/* How a program of this project ends: sysexits(3) by what went wrong. */
#include "annot-exit-code.h"

#include <gio/gio.h>
#include <sysexits.h>

static int
code_of (AnnotError code)
{
  switch (code) {
  case ANNOT_ERROR_TEMPORARY:
  case ANNOT_ERROR_NOT_CONNECTED:
  case ANNOT_ERROR_TIMEOUT:
    return EX_UNAVAILABLE;
  case ANNOT_ERROR_AUTH:
    return EX_NOPERM;
  case ANNOT_ERROR_CONFIG:
    return EX_CONFIG;
  case ANNOT_ERROR_NO_SPACE:
    return EX_CANTCREAT;
  case ANNOT_ERROR_PERMANENT:
  case ANNOT_ERROR_NOT_FOUND:
  case ANNOT_ERROR_EXISTS:
  case ANNOT_ERROR_STALE:
  case ANNOT_ERROR_FINISHED:
  case ANNOT_ERROR_INVALID:
    return EX_DATAERR;
  }
  return EX_SOFTWARE;
}

int
annot_exit_code (const GError *error)
{
  if (error->domain == ANNOT_ERROR)
    return code_of ((AnnotError) error->code);
  if (error->domain == G_OPTION_ERROR)
    return EX_USAGE;
  if (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_ACCES) ||
      g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_PERM) ||
      g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    return EX_NOPERM;
  if (error->domain == G_FILE_ERROR)
    return EX_CONFIG;
  return EX_UNAVAILABLE;
}
