/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 3339 times are read in all their forms and written in one. */
#include "model/annot-time.h"

static void
test_parse (void)
{
  static const struct {
    const char *text;
    gint64 time;
  } cases[] = {
    { "1970-01-01T00:00:00Z", 0 },
    { "2026-11-23T08:00:00Z", G_GINT64_CONSTANT (1795420800000000) },
    { "2026-11-23T08:00:00", G_GINT64_CONSTANT (1795420800000000) },
    { "2026-11-23 08:00:00z", G_GINT64_CONSTANT (1795420800000000) },
    { "2026-11-23T10:00:00+02:00", G_GINT64_CONSTANT (1795420800000000) },
    { "2026-11-23T02:30:00-05:30", G_GINT64_CONSTANT (1795420800000000) },
    { "2026-11-23T08:00:00.5Z", G_GINT64_CONSTANT (1795420800500000) },
    { "2026-11-23T08:00:00.123456789Z", G_GINT64_CONSTANT (1795420800123456) },
    { "2016-12-31T23:59:60Z", G_GINT64_CONSTANT (1483228800000000) },
    { "2000-02-29T00:00:00Z", G_GINT64_CONSTANT (951782400000000) },
    { "1969-12-31T23:59:59.999999Z", -1 },
    { "0001-01-01T00:00:00Z", G_GINT64_CONSTANT (-62135596800000000) },
    { "9999-12-31T23:59:59Z", G_GINT64_CONSTANT (253402300799000000) },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    gint64 time = 42;

    g_test_message ("%s", cases[i].text);
    g_assert_true (annot_time_parse (cases[i].text, -1, &time));
    g_assert_cmpint (time, ==, cases[i].time);
  }
}

static void
test_refuse (void)
{
  static const char *const cases[] = {
    "",
    "2026-11-23",
    "2026-11-23T08:00Z",
    "2026-11-23T08:00:00.Z",
    "2026-11-23T08:00:00ZZ",
    "2026-11-23T24:00:00Z",
    "2026-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "2026-11-23T08:00:61Z",
    "2026-11-23T08:00:00+2:00",
    "2026-11-23T08:00:00+0200",
    "2026-11-23T08:00:00 Z",
    "+2026-11-23T08:00:00Z",
    "1795420800",
    "0001-01-01T00:00:00+00:01",
    "9999-12-31T23:59:59-00:01",
    "9999-12-31T23:59:60Z",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    gint64 time;

    g_test_message ("%s", cases[i]);
    g_assert_false (annot_time_parse (cases[i], -1, &time));
  }
}

static void
test_length (void)
{
  gint64 time;

  g_assert_true (annot_time_parse ("1970-01-01T00:00:01Zxyz", 20, &time));
  g_assert_cmpint (time, ==, G_USEC_PER_SEC);
  g_assert_false (annot_time_parse ("1970-01-01T00:00:01Z\0", 21, &time));
}

static void
test_format (void)
{
  static const struct {
    gint64 time;
    const char *text;
  } cases[] = {
    { 0, "1970-01-01T00:00:00Z" },
    { -1, "1969-12-31T23:59:59.999999Z" },
    { G_GINT64_CONSTANT (-86400000000), "1969-12-31T00:00:00Z" },
    { G_GINT64_CONSTANT (1795420800500000), "2026-11-23T08:00:00.500000Z" },
    { G_GINT64_CONSTANT (-62135596800000000), "0001-01-01T00:00:00Z" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *text = annot_time_format (cases[i].time);

    g_assert_cmpstr (text, ==, cases[i].text);
  }
}

/* GLib's calendar is the reference for every day of some centuries. */
static void
test_calendar (void)
{
  for (gint64 day = -150000; day < 150000; day++) {
    gint64 seconds = day * 86400 + 3661, time;
    g_autoptr (GDateTime) reference = g_date_time_new_from_unix_utc (seconds);
    g_autofree char *expected = g_date_time_format (reference, "%Y-%m-%dT%H:%M:%SZ");
    g_autofree char *text = annot_time_format (seconds * G_USEC_PER_SEC);

    g_assert_cmpstr (text, ==, expected);
    g_assert_true (annot_time_parse (text, -1, &time));
    g_assert_cmpint (time, ==, seconds * G_USEC_PER_SEC);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/time/parse", test_parse);
  g_test_add_func ("/time/refuse", test_refuse);
  g_test_add_func ("/time/length", test_length);
  g_test_add_func ("/time/format", test_format);
  g_test_add_func ("/time/calendar", test_calendar);
  return g_test_run ();
}
