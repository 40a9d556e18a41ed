/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes RFC 3339 times. */
#include "annot-time.h"

#include <string.h>

/* 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z. */
#define FIRST_SECOND G_GINT64_CONSTANT (-62135596800)
#define LAST_SECOND G_GINT64_CONSTANT (253402300799)
/* "2026-11-23T08:00:00.123456Z" */
#define LENGTH_MAX 27

/* Days from 1970-01-01 to a date of the Gregorian calendar (Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
static gint64
days_from_civil (int year, int month, int day)
{
  int shifted = month <= 2 ? year - 1 : year;
  int era = shifted / 400, year_of_era = shifted % 400;
  int day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

  return (gint64) era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

/* The inverse, for days that are in the years 1 … 9999. */
static void
civil_from_days (gint64 days, int *year, int *month, int *day)
{
  gint64 shifted = days + 719468;
  int era = (int) (shifted / 146097), day_of_era = (int) (shifted % 146097);
  int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int from_march = (5 * day_of_year + 2) / 153;

  *day = day_of_year - (153 * from_march + 2) / 5 + 1;
  *month = from_march < 10 ? from_march + 3 : from_march - 9;
  *year = year_of_era + era * 400 + (*month <= 2);
}

static int
days_of_month (int year, int month)
{
  static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  gboolean leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

  return days[month - 1] + (month == 2 && leap);
}

/* Exactly n digits between low and high. */
static gboolean
take_digits (const char **at, const char *end, int n, int low, int high, int *value)
{
  if (end - *at < n)
    return FALSE;
  *value = 0;
  for (int i = 0; i < n; i++, (*at)++) {
    if (!g_ascii_isdigit (**at))
      return FALSE;
    *value = *value * 10 + (**at - '0');
  }
  return *value >= low && *value <= high;
}

static gboolean
take_one_of (const char **at, const char *end, const char *characters)
{
  if (*at == end || **at == '\0' || !strchr (characters, **at))
    return FALSE;
  (*at)++;
  return TRUE;
}

/* Of a fraction of any length, what counts in microseconds. */
static gboolean
take_fraction (const char **at, const char *end, int *microseconds)
{
  int unit = 100000;

  *microseconds = 0;
  if (!take_one_of (at, end, "."))
    return TRUE;
  if (*at == end || !g_ascii_isdigit (**at))
    return FALSE;
  for (; *at < end && g_ascii_isdigit (**at); (*at)++, unit /= 10)
    *microseconds += (**at - '0') * unit;
  return TRUE;
}

/* "Z", "+02:00" or nothing, in minutes east of UTC. */
static gboolean
take_offset (const char **at, const char *end, int *minutes)
{
  int hours, rest, sign;

  *minutes = 0;
  if (*at == end || take_one_of (at, end, "Zz"))
    return TRUE;
  sign = **at == '-' ? -1 : 1;
  if (!take_one_of (at, end, "+-") || !take_digits (at, end, 2, 0, 23, &hours) || !take_one_of (at, end, ":")
      || !take_digits (at, end, 2, 0, 59, &rest))
    return FALSE;
  *minutes = sign * (hours * 60 + rest);
  return TRUE;
}

/**
 * annot_time_parse:
 * @text: an RFC 3339 date-time
 * @length: bytes of @text, -1 when it ends with a zero byte
 * @time: (out): microseconds since 1970 UTC
 *
 * Any offset is understood, none reads as UTC. A leap second is the first of the next minute. What is finer than a
 * microsecond is cut off.
 *
 * Returns: %TRUE when @text is a date-time of the years 1 … 9999, in UTC too
 */
gboolean
annot_time_parse (const char *text, gssize length, gint64 *time)
{
  const char *at = text, *end = text + (length < 0 ? strlen (text) : (gsize) length);
  int year, month, day, hour, minute, second, microseconds, offset;
  gint64 seconds;

  if (!take_digits (&at, end, 4, 1, 9999, &year) || !take_one_of (&at, end, "-")
      || !take_digits (&at, end, 2, 1, 12, &month) || !take_one_of (&at, end, "-")
      || !take_digits (&at, end, 2, 1, days_of_month (year, month), &day) || !take_one_of (&at, end, "Tt ")
      || !take_digits (&at, end, 2, 0, 23, &hour) || !take_one_of (&at, end, ":")
      || !take_digits (&at, end, 2, 0, 59, &minute) || !take_one_of (&at, end, ":")
      || !take_digits (&at, end, 2, 0, 60, &second) || !take_fraction (&at, end, &microseconds)
      || !take_offset (&at, end, &offset) || at != end)
    return FALSE;
  seconds = days_from_civil (year, month, day) * 86400 + hour * 3600 + (minute - offset) * 60 + second;
  *time = seconds * G_USEC_PER_SEC + microseconds;
  /* An offset may lead out of the years that can be written again. */
  return seconds >= FIRST_SECOND && seconds <= LAST_SECOND;
}

/* Returns: behind n digits and what follows them */
static char *
put_digits (char *at, int value, int n, char then)
{
  for (int i = n - 1; i >= 0; i--, value /= 10)
    at[i] = (char) ('0' + value % 10);
  at[n] = then;
  return at + n + 1;
}

/**
 * annot_time_format:
 * @time: microseconds since 1970 UTC, in the years 1 … 9999
 *
 * Returns: (transfer full): "2026-11-23T08:00:00Z", with a fraction of six digits when there is one
 */
char *
annot_time_format (gint64 time)
{
  gint64 seconds = time / G_USEC_PER_SEC, microseconds = time % G_USEC_PER_SEC, days, rest;
  int year, month, day;
  char *text, *at;

  if (microseconds < 0) {
    microseconds += G_USEC_PER_SEC;
    seconds--;
  }
  days = seconds / 86400 - (seconds % 86400 < 0);
  rest = seconds - days * 86400;
  civil_from_days (days, &year, &month, &day);
  text = at = g_malloc (LENGTH_MAX + 1);
  at = put_digits (at, year, 4, '-');
  at = put_digits (at, month, 2, '-');
  at = put_digits (at, day, 2, 'T');
  at = put_digits (at, (int) (rest / 3600), 2, ':');
  at = put_digits (at, (int) (rest / 60 % 60), 2, ':');
  at = put_digits (at, (int) (rest % 60), 2, microseconds ? '.' : 'Z');
  if (microseconds)
    at = put_digits (at, (int) microseconds, 6, 'Z');
  *at = '\0';
  return text;
}
