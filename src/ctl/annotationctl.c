/* SPDX-License-Identifier: Apache-2.0 */
/* annotationctl: accounts, tokens, import, export and a look at the queue, on the store or over HTTP. */
#include "annot-ctl.h"

#include "backend/annot-exit-code.h"

#include <libintl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

static const AnnotCtlCommand *const tables[] = {
  annot_ctl_status_commands, annot_ctl_user_commands,   annot_ctl_token_commands,
  annot_ctl_import_commands, annot_ctl_export_commands, annot_ctl_queue_commands,
  annot_ctl_retry_commands,  annot_ctl_config_commands, annot_ctl_db_commands,
};

static char *
list_commands (void)
{
  GString *text = g_string_new (_ ("Commands:\n"));

  for (guint t = 0; t < G_N_ELEMENTS (tables); t++)
    for (const AnnotCtlCommand *command = tables[t]; command->group; command++) {
      g_autofree char *name = g_strjoin (" ", command->group, command->name, NULL);

      g_string_append_printf (text, "  %-16s %s\n", name, _ (command->summary));
    }
  g_string_append (text, _ ("\nThe options below stand before the command, --json also after it. annotationctl COMMAND "
                            "--help explains one. Without --url a command works on the store that "
                            "the configuration names."));
  return g_string_free (text, FALSE);
}

/* The command that the words name; *words is how many of them are its name. */
static const AnnotCtlCommand *
find_command (int argc, char **argv, int *words)
{
  for (guint t = 0; t < G_N_ELEMENTS (tables); t++)
    for (const AnnotCtlCommand *command = tables[t]; command->group; command++) {
      if (argc < 2 || !g_str_equal (argv[1], command->group))
        continue;
      if (!command->name) {
        *words = 1;
        return command;
      }
      if (argc > 2 && g_str_equal (argv[2], command->name)) {
        *words = 2;
        return command;
      }
    }
  return NULL;
}

/* As the daemon's; but a file of the command line is data to be read or a result to be made. */
static int
exit_code (const GError *error)
{
  if (error->domain != G_FILE_ERROR || error->code == G_FILE_ERROR_ACCES || error->code == G_FILE_ERROR_PERM)
    return annot_exit_code (error);
  return error->code == G_FILE_ERROR_NOENT ? EX_DATAERR : EX_CANTCREAT;
}

/* The token file's first line. */
static gboolean
read_token (AnnotCtl *ctl, GError **error)
{
  g_autofree char *text = NULL;
  struct stat status;

  if (!ctl->token_file)
    return TRUE;
  if (stat (ctl->token_file, &status) == 0 && S_ISREG (status.st_mode) && (status.st_mode & S_IROTH))
    g_printerr (_ ("annotationctl: %s holds a token and can be read by everyone; chmod o-rwx it\n"), ctl->token_file);
  if (!g_file_get_contents (ctl->token_file, &text, NULL, error))
    return FALSE;
  text[strcspn (text, "\r\n")] = '\0';
  if (*text == '\0') {
    g_set_error (error, ANNOT_ERROR, ANNOT_ERROR_INVALID, _ ("%s: the first line must be the token"), ctl->token_file);
    return FALSE;
  }
  ctl->token = g_steal_pointer (&text);
  return TRUE;
}

/* What can follow a word that is not a command by itself ("user": "add, list, …"); NULL when nothing can. */
static char *
list_of_group (const char *word)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint t = 0; t < G_N_ELEMENTS (tables); t++)
    for (const AnnotCtlCommand *command = tables[t]; command->group; command++)
      if (command->name && g_str_equal (command->group, word))
        g_ptr_array_add (names, (gpointer) command->name);
  if (names->len == 0)
    return NULL;
  g_ptr_array_add (names, NULL);
  return g_strjoinv (", ", (char **) names->pdata);
}

static void
set_unknown (int argc, char **argv, GError **error)
{
  g_autofree char *names = list_of_group (argv[1]);

  if (names)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("after \"%s\" must come one of: %s"), argv[1], names);
  else
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("there is no command \"%s%s%s\""), argv[1],
                 argc > 2 ? " " : "", argc > 2 ? argv[2] : "");
}

/* Scripts put --json where they like. What follows "--" is left alone. */
static void
take_json (AnnotCtl *ctl, int *argc, char **argv)
{
  int kept = 1;
  gboolean plain = FALSE;

  for (int i = 1; i < *argc; i++) {
    plain = plain || g_str_equal (argv[i], "--");
    if (!plain && g_str_equal (argv[i], "--json"))
      ctl->json = TRUE;
    else
      argv[kept++] = argv[i];
  }
  argv[kept] = NULL;
  *argc = kept;
}

static gboolean
run (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  const AnnotCtlCommand *command;
  int words = 0;

  take_json (ctl, &argc, argv);
  if (argc < 2) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("a command is missing"));
    return FALSE;
  }
  command = find_command (argc, argv, &words);
  if (!command) {
    set_unknown (argc, argv, error);
    return FALSE;
  }
  if (ctl->token_file && !ctl->url) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, _ ("--token-file is for --url, which is missing"));
    return FALSE;
  }
  return read_token (ctl, error) && command->run (ctl, argc - words, argv + words, error);
}

/* A result that did not arrive (a token is shown only once) is no success. g_print() tells nobody; the stream knows. */
static int
finish (int code)
{
  if (fflush (stdout) == 0 && !ferror (stdout))
    return code;
  g_printerr (_ ("%s: standard output could not be written: what was printed is not complete\n"), "annotationctl");
  return code == EX_OK ? EX_CANTCREAT : code;
}

static gboolean
parse_global (AnnotCtl *ctl, int *argc, char ***argv, GError **error)
{
  gboolean version = FALSE;
  g_autoptr (GOptionContext) context = g_option_context_new (_ ("COMMAND …"));
  g_autofree char *commands = list_commands ();
  GOptionEntry entries[] = {
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &ctl->config_file, N_ ("Keyfile of the daemon"), N_ ("FILE") },
    { "conf-dir", 0, 0, G_OPTION_ARG_FILENAME, &ctl->config_dir, N_ ("Directory of further *.conf"), N_ ("DIR") },
    { "plugin-dir", 0, 0, G_OPTION_ARG_FILENAME, &ctl->plugin_dir, N_ ("Directory of the plugins"), N_ ("DIR") },
    { "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &ctl->settings, N_ ("Set one option"), N_ ("GROUP.KEY=VALUE") },
    { "url", 'u', 0, G_OPTION_ARG_STRING, &ctl->url, N_ ("Work over HTTP on a running daemon"), N_ ("URL") },
    { "token-file", 't', 0, G_OPTION_ARG_FILENAME, &ctl->token_file, N_ ("File with an API token, for --url"),
      N_ ("FILE") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &ctl->json, N_ ("Print JSON"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &version, N_ ("Print the version"), NULL },
    G_OPTION_ENTRY_NULL,
  };

  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_set_strict_posix (context, TRUE);
  g_option_context_set_summary (context, commands);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (version) {
    g_print ("annotationctl %s\n", PACKAGE_VERSION);
    exit (finish (EX_OK));
  }
  return TRUE;
}

/* What the backends log is said like everything else here: one line, without the daemon's name and the time. */
static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize count, G_GNUC_UNUSED gpointer data)
{
  if (g_log_writer_default_would_drop (level, G_LOG_DOMAIN))
    return G_LOG_WRITER_HANDLED;
  for (gsize i = 0; i < count; i++)
    if (g_str_equal (fields[i].key, "MESSAGE"))
      g_printerr ("annotationctl: %.*s\n", (int) (fields[i].length < 0 ? G_MAXINT : fields[i].length),
                  (const char *) fields[i].value);
  return G_LOG_WRITER_HANDLED;
}

int
main (int argc, char **argv)
{
  AnnotCtl ctl = { .terminal = isatty (STDOUT_FILENO) };
  g_autoptr (GError) error = NULL;
  int code = EX_OK;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  g_set_prgname ("annotationctl");
  g_log_set_writer_func (write_log, NULL, NULL);

  if (!parse_global (&ctl, &argc, &argv, &error) || !run (&ctl, argc, argv, &error)) {
    g_printerr ("annotationctl: %s\n", error->message);
    if (error->domain == G_OPTION_ERROR)
      g_printerr (_ ("Try: %s --help\n"), g_get_prgname ());
    code = exit_code (error);
  }
  annot_ctl_clear (&ctl);
  return finish (code);
}
