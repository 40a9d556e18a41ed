# SPDX-License-Identifier: Apache-2.0
# ANNOT_PLUGIN_ARG(NAME, DESCRIPTION, MODULES): --with-NAME=yes|no|auto, the conditional WITH_NAME, NAME_CFLAGS and _LIBS.
AC_DEFUN([ANNOT_PLUGIN_ARG], [
  AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1=yes|no|auto], [plugin $1: $2 @<:@auto@:>@])], [], [with_$1=auto])
  m4_ifnblank([$3], [
    AS_IF([test "x$with_$1" != xno],
      [PKG_CHECK_MODULES(m4_toupper([$1]), [$3], [with_$1=yes],
        [AS_IF([test "x$with_$1" = xyes], [AC_MSG_ERROR([plugin $1 needs $3: $m4_toupper([$1])_PKG_ERRORS])])
         with_$1=no])])
  ], [
    AS_IF([test "x$with_$1" != xno], [with_$1=yes])
  ])
  AM_CONDITIONAL([WITH_]m4_toupper([$1]), [test "x$with_$1" = xyes])
])
