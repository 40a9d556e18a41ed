/* SPDX-License-Identifier: Apache-2.0 */
/* What SQLite's result codes mean to the core. */
#include "sqlite-error.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/*
 * Only what is the fault of the row itself is permanent: the core sends such a message to the dead-letter topic. A
 * damaged database is not the message's fault, so it counts as a connection that is away.
 */
AnnotError
sqlite_error_code (int result)
{
  switch (result & 0xff) {
  case SQLITE_FULL:
  case SQLITE_IOERR:
    return ANNOT_ERROR_NO_SPACE;
  case SQLITE_CONSTRAINT:
  case SQLITE_MISMATCH:
  case SQLITE_TOOBIG:
    return ANNOT_ERROR_PERMANENT;
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
  case SQLITE_CANTOPEN:
  case SQLITE_READONLY:
  case SQLITE_PERM:
    return ANNOT_ERROR_NOT_CONNECTED;
  default:
    return ANNOT_ERROR_TEMPORARY;
  }
}

AnnotError
sqlite_error_code_of_file (int number)
{
  switch (number) {
  case EACCES:
  case EPERM:
    return ANNOT_ERROR_AUTH;
  case ENOSPC:
  case EDQUOT:
    return ANNOT_ERROR_NO_SPACE;
  default:
    return ANNOT_ERROR_CONFIG;
  }
}

/* Whether this user lacks a permission on the file or its directory, where the log is made; a file system that is
 * mounted read-only is another matter. */
static gboolean
is_denied (const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path);

  return (faccessat (AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) != 0 && errno == EACCES)
         || (faccessat (AT_FDCWD, directory, W_OK | X_OK, AT_EACCESS) != 0 && errno == EACCES);
}

AnnotError
sqlite_error_code_at_open (int result, const char *path)
{
  switch (result & 0xff) {
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    return ANNOT_ERROR_PERMANENT;
  case SQLITE_CANTOPEN:
  case SQLITE_READONLY:
  case SQLITE_PERM:
    return is_denied (path) ? ANNOT_ERROR_AUTH : ANNOT_ERROR_CONFIG;
  default:
    return sqlite_error_code (result);
  }
}

/* What an operator can do about it. */
static const char *
remedy (int result)
{
  switch (result & 0xff) {
  case SQLITE_FULL:
  case SQLITE_IOERR:
    return "; check the free space and the state of the disk";
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return "; another process has been writing to it for longer than [sqlite] busy-timeout";
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    return "; stop annotationd and restore the file from a backup, or recover it with \"sqlite3 FILE .recover\"";
  case SQLITE_CANTOPEN:
  case SQLITE_READONLY:
  case SQLITE_PERM:
    return "; the user that runs annotationd must be able to write to the file and to its directory";
  default:
    return "";
  }
}

void
sqlite_error_set (GError **error, sqlite3 *handle, const char *path, gboolean opening)
{
  int result = handle ? sqlite3_extended_errcode (handle) : SQLITE_NOMEM;
  int number = handle ? sqlite3_system_errno (handle) : 0;
  int primary = result & 0xff;
  gboolean by_system = number != 0 && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN);
  AnnotError code = opening ? sqlite_error_code_at_open (result, path) : sqlite_error_code (result);

  if (primary == SQLITE_INTERRUPT) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s: the query was cancelled", path);
    return;
  }
  g_set_error (error, ANNOT_ERROR, (int) code, "%s: %s%s%s%s%s", path,
               handle ? sqlite3_errmsg (handle) : "out of memory", by_system ? " (" : "",
               by_system ? g_strerror (number) : "", by_system ? ")" : "", remedy (result));
}
