/* SPDX-License-Identifier: Apache-2.0 */
/* Names as a JSON array, and back. */
#include <annotationd/annotationd.h>

static void
test_round_trip (void)
{
  const char *const lists[][4] = {
    { NULL },
    { "person", NULL },
    { "a \"quoted\"\nlabel\\", "\x01\x1f", "caf\xc3\xa9", NULL },
    { "", "{}[],", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (lists); i++) {
    g_autofree char *json = annot_names_to_json ((char **) lists[i]);
    g_auto (GStrv) names = annot_names_from_json (json);

    g_assert_cmpstrv (names, lists[i]);
  }
}

static void
test_text (void)
{
  const char *const names[] = { "car", "a\"b", NULL };
  g_autofree char *json = annot_names_to_json ((char **) names);

  g_assert_cmpstr (json, ==, "[\"car\",\"a\\\"b\"]");
}

static void
test_no_array (void)
{
  const char *const texts[] = { "", "{}", "nonsense", "[" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_auto (GStrv) names = annot_names_from_json (texts[i]);

    g_assert_cmpuint (g_strv_length (names), ==, 0);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/names/round-trip", test_round_trip);
  g_test_add_func ("/names/text", test_text);
  g_test_add_func ("/names/no-array", test_no_array);
  return g_test_run ();
}
