# SPDX-License-Identifier: Apache-2.0
# ANNOT_TRY_CFLAGS(VARIABLE, FLAGS...): appends each flag that the compiler knows.
AC_DEFUN([ANNOT_TRY_CFLAG], [
  annot_saved_cflags="$CFLAGS"
  CFLAGS="-Werror $2"
  AC_MSG_CHECKING([whether $CC accepts $2])
  AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [AC_MSG_RESULT([yes]); $1="$$1 $2"], [AC_MSG_RESULT([no])])
  CFLAGS="$annot_saved_cflags"
])

# Warnings, hardening (--disable-hardening) and warnings as errors (--enable-werror).
AC_DEFUN([ANNOT_COMPILER_FLAGS], [
  ANNOT_CFLAGS="-std=gnu11 -fvisibility=hidden"
  ANNOT_LDFLAGS="-Wl,--as-needed"
  for flag in -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
      -Wmissing-declarations -Wwrite-strings -Wformat=2 -Wformat-security -Winit-self -Wundef -Wvla \
      -Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wimplicit-fallthrough -Wdate-time \
      -Wno-unused-parameter -Wno-missing-field-initializers -Wno-cast-function-type; do
    ANNOT_TRY_CFLAG([ANNOT_CFLAGS], [$flag])
  done
  # clang calls a g_autoptr that only frees or keeps alive unused.
  AC_CHECK_DECL([__clang__], [ANNOT_CFLAGS="$ANNOT_CFLAGS -Wno-unused-variable"])
  AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [treat warnings as errors])], [], [enable_werror=no])
  annot_werror=$enable_werror
  AS_IF([test "x$enable_werror" = xyes], [ANNOT_CFLAGS="$ANNOT_CFLAGS -Werror"])

  AC_ARG_ENABLE([hardening],
    [AS_HELP_STRING([--disable-hardening], [leave the hardening flags out])], [], [enable_hardening=yes])
  annot_hardening=$enable_hardening
  AS_IF([test "x$enable_hardening" = xyes], [
    for flag in -fstack-protector-strong -fstack-clash-protection -fcf-protection; do
      ANNOT_TRY_CFLAG([ANNOT_CFLAGS], [$flag])
    done
    AS_IF([test "x$enable_asan" != xyes], [ANNOT_CFLAGS="$ANNOT_CFLAGS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"])
    ANNOT_LDFLAGS="$ANNOT_LDFLAGS -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack"
    ANNOT_TRY_CFLAG([ANNOT_PIE_CFLAGS], [-fPIE])
    ANNOT_PIE_LDFLAGS="-pie"
  ])
  AC_SUBST([ANNOT_PIE_CFLAGS])
  AC_SUBST([ANNOT_PIE_LDFLAGS])
])

# --enable-asan, --enable-ubsan, --enable-coverage, --enable-fault-points, --enable-fuzzing
AC_DEFUN([ANNOT_BUILD_KINDS], [
  AC_ARG_ENABLE([asan], [AS_HELP_STRING([--enable-asan], [build with the address sanitizer])], [], [enable_asan=no])
  AC_ARG_ENABLE([ubsan], [AS_HELP_STRING([--enable-ubsan], [build with the undefined-behaviour sanitizer])], [],
    [enable_ubsan=no])
  AC_ARG_ENABLE([coverage], [AS_HELP_STRING([--enable-coverage], [build for gcov])], [], [enable_coverage=no])
  AC_ARG_ENABLE([fault-points],
    [AS_HELP_STRING([--enable-fault-points], [compile the fault points in (tests only)])], [], [enable_fault_points=no])
  AC_ARG_ENABLE([fuzzing], [AS_HELP_STRING([--enable-fuzzing], [build the fuzzers (needs clang)])], [],
    [enable_fuzzing=no])
  AS_IF([test "x$enable_asan" = xyes], [
    ANNOT_CFLAGS="$ANNOT_CFLAGS -fsanitize=address -fno-omit-frame-pointer"
    ANNOT_LDFLAGS="$ANNOT_LDFLAGS -fsanitize=address"])
  AS_IF([test "x$enable_ubsan" = xyes], [
    ANNOT_CFLAGS="$ANNOT_CFLAGS -fsanitize=undefined -fno-sanitize-recover=undefined"
    ANNOT_LDFLAGS="$ANNOT_LDFLAGS -fsanitize=undefined"])
  AS_IF([test "x$enable_coverage" = xyes], [
    ANNOT_CFLAGS="$ANNOT_CFLAGS --coverage -O0"
    ANNOT_LDFLAGS="$ANNOT_LDFLAGS --coverage"])
  AS_IF([test "x$enable_fault_points" = xyes],
    [AC_DEFINE([ANNOT_FAULT_POINTS], [1], [Whether fault points are compiled in.])])
  AS_IF([test "x$enable_fuzzing" = xyes], [
    ANNOT_CFLAGS="$ANNOT_CFLAGS -fsanitize=fuzzer-no-link"])
  AM_CONDITIONAL([ENABLE_FUZZING], [test "x$enable_fuzzing" = xyes])
  AM_CONDITIONAL([ENABLE_FAULT_POINTS], [test "x$enable_fault_points" = xyes])
  AC_SUBST([ANNOT_CFLAGS])
  AC_SUBST([ANNOT_LDFLAGS])
])
