/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a new password: from standard input, or twice from the terminal without echo. */
#include "annot-ctl-output.h"

#include "model/annot-password.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define LONGEST 1024

static char *
read_line (FILE *file)
{
  char line[LONGEST + 2];
  char *copy;

  if (!fgets (line, sizeof line, file))
    return NULL;
  line[strcspn (line, "\r\n")] = '\0';
  copy = g_strdup (line);
  explicit_bzero (line, sizeof line);
  return copy;
}

static volatile sig_atomic_t interrupted;

static void
note_signal (int number)
{
  interrupted = number;
}

/* What ends or stops a program that asks: the terminal must have its echo back first. */
static const int endings[] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGTSTP };

static char *
ask (const char *question)
{
  struct sigaction note = { .sa_handler = note_signal };
  struct sigaction former[G_N_ELEMENTS (endings)];
  struct termios shown;
  struct termios hidden;
  char *answer;

  g_printerr ("%s", question);
  if (tcgetattr (STDIN_FILENO, &shown) != 0)
    return NULL;
  interrupted = 0;
  /* Without SA_RESTART: the read ends. */
  for (gsize i = 0; i < G_N_ELEMENTS (endings); i++)
    sigaction (endings[i], &note, &former[i]);
  hidden = shown;
  hidden.c_lflag &= ~(tcflag_t) ECHO;
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &hidden);
  answer = read_line (stdin);
  tcsetattr (STDIN_FILENO, TCSAFLUSH, &shown);
  g_printerr ("\n");
  for (gsize i = 0; i < G_N_ELEMENTS (endings); i++)
    sigaction (endings[i], &former[i], NULL);
  if (!interrupted)
    return answer;
  annot_secret_free (answer);
  raise (interrupted);
  /* Stopped, and brought back. */
  return interrupted == SIGTSTP ? ask (question) : NULL;
}

char *
annot_ctl_read_password (gboolean from_stdin, GError **error)
{
  char *first;
  char *second;

  if (from_stdin) {
    first = read_line (stdin);
    if (!first)
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("standard input has no password"));
    return first;
  }
  if (!isatty (STDIN_FILENO)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED,
                 _ ("no terminal to ask for a password: use --password-stdin"));
    return NULL;
  }
  first = ask (_ ("New password: "));
  second = first ? ask (_ ("Once more: ")) : NULL;
  if (!first || !second || !annot_secret_equal (first, second)) {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, _ ("the two passwords differ"));
    g_clear_pointer (&first, annot_secret_free);
  }
  g_clear_pointer (&second, annot_secret_free);
  return first;
}
