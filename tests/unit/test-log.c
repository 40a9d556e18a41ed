/* SPDX-License-Identifier: Apache-2.0 */
/* Lines on stderr: levels are kept apart, and no message can forge a line or steer a terminal. */
#include "daemon/annot-log.h"

static void
test_lines (void)
{
  if (g_test_subprocess ()) {
    static AnnotLog log;

    g_log_set_always_fatal (G_LOG_LEVEL_ERROR);
    annot_log_install (&log);
    g_message ("one\n2026-11-23 forged \033[2J line");
    g_info ("not at this level");
    g_log ("other", G_LOG_LEVEL_WARNING, "of another library");
    annot_log_set_level (&log, "info");
    g_info ("now it is");
    g_debug ("this is not");
    annot_log_set_level (&log, "error");
    g_message ("nor this");
    return;
  }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*Z notice: one\\x0a2026-11-23 forged \\x1b?2J line\n"
                             "*Z warning: other: of another library\n"
                             "*Z info: now it is\n");
  g_test_trap_assert_stderr_unmatched ("*at this level*");
  g_test_trap_assert_stderr_unmatched ("*this is not*");
  g_test_trap_assert_stderr_unmatched ("*nor this*");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* As when it is not the journal that reads. */
  g_unsetenv ("JOURNAL_STREAM");
  g_test_add_func ("/log/lines", test_lines);
  return g_test_run ();
}
