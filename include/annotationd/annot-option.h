/* SPDX-License-Identifier: Apache-2.0 */
/* Typed option tables: parsing, checking, printing, masking and the manual page all come from them. */
#pragma once

#if !defined(ANNOTATIOND_INSIDE) && !defined(ANNOTATIOND_COMPILATION)
#error "Include <annotationd/annotationd.h>"
#endif

#include <glib.h>

#include <annotationd/annot-macros.h>

G_BEGIN_DECLS

/**
 * AnnotOptionType:
 * @ANNOT_OPTION_STRING: UTF-8 text
 * @ANNOT_OPTION_PATH: an absolute file name
 * @ANNOT_OPTION_BOOLEAN: `true` or `false`
 * @ANNOT_OPTION_INTEGER: a whole number between `min` and `max`, in the unit that the key or summary names
 * @ANNOT_OPTION_SIZE: bytes, written with an optional suffix `K`, `M` or `G` (powers of 1024)
 * @ANNOT_OPTION_SECONDS: a duration; `30`, `30s`, `5min`, `2h`, `7d`; kept in seconds
 * @ANNOT_OPTION_LIST: strings separated by `;` in the keyfile, by `,` in the environment
 * @ANNOT_OPTION_CHOICE: one of `choices`
 * @ANNOT_OPTION_RATE: `count/unit` with unit `s`, `min`, `h` or `d` ("20/min")
 * @ANNOT_OPTION_PREFIX: `key` ends in `*`: every key that begins so is taken as it is (pass-through)
 */
typedef enum {
  ANNOT_OPTION_STRING,
  ANNOT_OPTION_PATH,
  ANNOT_OPTION_BOOLEAN,
  ANNOT_OPTION_INTEGER,
  ANNOT_OPTION_SIZE,
  ANNOT_OPTION_SECONDS,
  ANNOT_OPTION_LIST,
  ANNOT_OPTION_CHOICE,
  ANNOT_OPTION_RATE,
  ANNOT_OPTION_PREFIX,
} AnnotOptionType;

/**
 * AnnotOptionFlags:
 * @ANNOT_OPTION_SECRET: the value is masked wherever it is printed, and refused from the command line
 * @ANNOT_OPTION_ADDRESS: a URL or connection string in which a password may stand; with one it is a secret, of which
 *  all but the password is printed
 */
typedef enum {
  ANNOT_OPTION_NONE = 0,
  ANNOT_OPTION_SECRET = 1 << 0,
  ANNOT_OPTION_ADDRESS = 1 << 1,
} AnnotOptionFlags;

/**
 * AnnotOption:
 * @group: keyfile group
 * @key: key in the group
 * @type: how the value is written
 * @flags: #AnnotOptionFlags
 * @fallback: (nullable): the default, written as in the keyfile; %NULL means unset
 * @min: smallest value (integer, size, seconds)
 * @max: largest value (integer, size, seconds); 0 means no bound
 * @choices: (nullable) (array zero-terminated=1): for %ANNOT_OPTION_CHOICE
 * @variable: (nullable): an older environment variable that sets it too, beside `ANNOTATIOND_<GROUP>_<KEY>`
 * @summary: one English sentence without a full stop, marked with N_(), for the manual page and `--print-config`
 *
 * One option. Tables are static, end with an entry whose @group is %NULL, and outlive every config.
 */
typedef struct {
  const char *group;
  const char *key;
  AnnotOptionType type;
  AnnotOptionFlags flags;
  const char *fallback;
  gint64 min;
  gint64 max;
  const char *const *choices;
  const char *variable;
  const char *summary;
} AnnotOption;

/**
 * AnnotRate:
 * @count: how many
 * @period: in how long, microseconds
 */
typedef struct {
  guint count;
  gint64 period;
} AnnotRate;

/**
 * annot_address_mask:
 * @address: `scheme://[user[:password]@]host…[?key=value&…]`, `unix:/path[?key=value&…]`, or libpq's `key=value …`
 *
 * What may be printed of an address: every password in it (of the user, or of a key whose name ends in "password") is
 * replaced by "(hidden)". Where an address is malformed more is hidden rather than less.
 *
 * Returns: (transfer full): the address without its passwords; equal to @address when there is none in it
 */
ANNOT_API char *annot_address_mask (const char *address);

G_END_DECLS
