/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the configuration: keyfile, conf.d, environment, command line, in this order. */
#include "annot-keyfile.h"
#include "annot-settings-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEYFILE_BYTES (1024 * 1024)

static void
set_error (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
set_error (GError **error, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error)
    *error = g_error_new_valist (ANNOT_ERROR, ANNOT_ERROR_CONFIG, format, args);
  va_end (args);
}

static gboolean
refuse_group (AnnotConfig *config, const char *origin, const char *group, GError **error)
{
  g_autoptr (GPtrArray) groups = g_ptr_array_new ();
  GPtrArray *values = annot_config_get_values (config);
  g_autofree char *missing = annot_missing_plugin (group);
  const char *meant;

  for (guint i = 0; i < values->len; i++)
    g_ptr_array_add (groups, (gpointer) ((AnnotValue *) values->pdata[i])->option->group);
  meant = annot_suggest (group, groups);
  if (missing)
    set_error (error, "%s: [%s]: %s, or remove the group", origin, group, missing);
  else if (meant)
    set_error (error, "%s: [%s]: unknown group; did you mean [%s]?", origin, group, meant);
  else
    set_error (error, "%s: [%s]: unknown group; annotationd.conf(5) lists them", origin, group);
  return FALSE;
}

static gboolean
refuse_key (AnnotConfig *config, const char *origin, const char *group, const char *key, GError **error)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();
  GPtrArray *values = annot_config_get_values (config);
  const char *elsewhere = NULL;
  const char *meant;

  if (!annot_config_has_group (config, group))
    return refuse_group (config, origin, group, error);
  for (guint i = 0; i < values->len; i++) {
    const AnnotOption *option = ((AnnotValue *) values->pdata[i])->option;

    if (g_str_equal (option->group, group))
      g_ptr_array_add (keys, (gpointer) option->key);
    else if (g_str_equal (option->key, key))
      elsewhere = option->group;
  }
  meant = annot_suggest (key, keys);
  if (meant)
    set_error (error, "%s: [%s] %s: unknown key; did you mean %s?", origin, group, key, meant);
  else if (elsewhere)
    set_error (error, "%s: [%s] %s: unknown key; it belongs in [%s]", origin, group, key, elsewhere);
  else
    set_error (error, "%s: [%s] %s: unknown key; annotationd.conf(5) lists those of the group", origin, group, key);
  return FALSE;
}

gboolean
annot_settings_apply (AnnotConfig *config, const char *group, const char *key, const char *text, char separator,
                      const char *origin, gboolean *is_secret, GError **error)
{
  AnnotValue *value = annot_config_find (config, group, key);

  if (!value || g_str_has_suffix (key, "*"))
    return refuse_key (config, origin, group, key, error);
  if (is_secret)
    *is_secret = annot_option_is_secret (value->option, key, text);
  if (annot_config_set (config, value, key, text, separator, origin, error))
    return TRUE;
  g_prefix_error (error, "%s: [%s] %s: ", origin, group, key);
  return FALSE;
}

/* Reads a keyfile through one descriptor, so that what is checked is what is read. */
static char *
read_keyfile (const char *path, gsize *length, struct stat *status, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  char buffer[4096];
  gssize count = -1;

  if (fd >= 0 && fstat (fd, status) == 0) {
    while ((count = read (fd, buffer, sizeof buffer)) > 0 && text->len <= KEYFILE_BYTES)
      g_string_append_len (text, buffer, count);
  }
  if (count < 0) {
    int saved = errno;

    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (saved), "%s: %s", path, g_strerror (saved));
  }
  if (fd >= 0)
    close (fd);
  if (count < 0)
    return NULL;
  if (text->len > KEYFILE_BYTES) {
    set_error (error, "%s: larger than 1 MiB; this is not a keyfile", path);
    return NULL;
  }
  *length = text->len;
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
apply_entry (AnnotConfig *config, const char *path, const struct stat *status, const AnnotKeyfileEntry *entry,
             GError **error)
{
  g_autofree char *origin = g_strdup_printf ("%s:%u", path, entry->line);
  gboolean is_secret = FALSE;

  if (!entry->key)
    return annot_config_has_group (config, entry->group) || refuse_group (config, origin, entry->group, error);
  if (!annot_settings_apply (config, entry->group, entry->key, entry->value, ';', origin, &is_secret, error))
    return FALSE;
  if (is_secret && (status->st_mode & S_IROTH)) {
    set_error (error, "%s: [%s] %s: a secret in a file that everyone may read; chmod o-rwx %s", origin, entry->group,
               entry->key, path);
    return FALSE;
  }
  return TRUE;
}

static gboolean
load_file (AnnotConfig *config, const char *path, GError **error)
{
  struct stat status = {0};
  gsize length = 0;
  g_autofree char *text = read_keyfile (path, &length, &status, error);
  g_autoptr (GPtrArray) entries = NULL;

  if (!text)
    return FALSE;
  entries = annot_keyfile_parse (text, length, error);
  if (!entries) {
    g_prefix_error (error, "%s:", path);
    return FALSE;
  }
  for (guint i = 0; i < entries->len; i++) {
    if (!apply_entry (config, path, &status, entries->pdata[i], error))
      return FALSE;
  }
  return TRUE;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static gboolean
load_directory (AnnotConfig *config, const char *path, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) directory = g_dir_open (path, 0, error);
  const char *name;

  if (!directory)
    return FALSE;
  while ((name = g_dir_read_name (directory))) {
    if (name[0] != '.' && g_str_has_suffix (name, ".conf"))
      g_ptr_array_add (names, g_build_filename (path, name, NULL));
  }
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++) {
    if (!load_file (config, names->pdata[i], error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
is_absent (const char *path)
{
  return g_access (path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

static gboolean
load_files (AnnotConfig *config, const char *file, const char *directory, GError **error)
{
  const char *keyfile = file ? file : ANNOT_SYSCONF_DIR "/annotationd.conf";
  g_autofree char *parent = g_path_get_dirname (keyfile);
  g_autofree char *beside = g_build_filename (parent, "conf.d", NULL);

  /* What was named has to be there; what is only looked for need not. */
  if ((file || !is_absent (keyfile)) && !load_file (config, keyfile, error))
    return FALSE;
  if (directory)
    return load_directory (config, directory, error);
  return is_absent (beside) || load_directory (config, beside, error);
}

static gboolean
apply_override (AnnotConfig *config, const char *text, GError **error)
{
  const char *dot = strchr (text, '.');
  const char *equals = strchr (text, '=');
  g_autofree char *group = NULL;
  g_autofree char *key = NULL;
  AnnotValue *value;

  if (!dot || !equals || equals < dot) {
    set_error (error, "--set \"%s\": write group.key=value", text);
    return FALSE;
  }
  group = g_strndup (text, (gsize) (dot - text));
  key = g_strndup (dot + 1, (gsize) (equals - dot - 1));
  value = annot_config_find (config, group, key);
  if (value && annot_option_is_secret (value->option, key, equals + 1)) {
    set_error (error, "--set: [%s] %s: a secret on the command line can be seen by every user of the host; use a "
               "file or the environment", group, key);
    return FALSE;
  }
  return annot_settings_apply (config, group, key, equals + 1, strchr (equals, ';') ? ';' : ',', "--set", NULL, error);
}

/* Whether this process could keep files in the folder, which may not exist yet. */
static gboolean
is_usable (const char *directory)
{
  g_autofree char *parent = g_path_get_dirname (directory);

  return g_access (is_absent (directory) ? parent : directory, W_OK | X_OK) == 0;
}

/* A service manager says where state belongs; an ordinary user who runs the daemon by hand cannot write the system's
 * folder. */
static char *
choose_state_dir (const char *compiled_in, char **environment)
{
  const char *state_home = g_environ_getenv (environment, "XDG_STATE_HOME");
  const char *home = g_environ_getenv (environment, "HOME");
  const char *managed = g_environ_getenv (environment, "STATE_DIRECTORY");

  if (managed && g_path_is_absolute (managed))
    return g_strndup (managed, strcspn (managed, ":"));
  if (geteuid () == 0 || is_usable (compiled_in))
    return g_strdup (compiled_in);
  if (state_home && g_path_is_absolute (state_home))
    return g_build_filename (state_home, "annotationd", NULL);
  if (home && g_path_is_absolute (home))
    return g_build_filename (home, ".local", "state", "annotationd", NULL);
  return g_strdup (compiled_in);
}

static void
complete_paths (AnnotConfig *config, char **environment)
{
  AnnotValue *state_dir = annot_config_find (config, "service", "state-dir");
  GPtrArray *values = annot_config_get_values (config);

  if (!state_dir)
    return;
  if (!state_dir->origin) {
    g_autofree char *compiled_in = g_steal_pointer (&state_dir->text);

    state_dir->text = choose_state_dir (compiled_in, environment);
  }
  for (guint i = 0; i < values->len; i++) {
    AnnotValue *value = values->pdata[i];

    if (value->option->type == ANNOT_OPTION_PATH && value->text && !g_path_is_absolute (value->text)) {
      g_autofree char *relative = g_steal_pointer (&value->text);

      value->text = g_build_filename (state_dir->text, relative, NULL);
    }
  }
}

AnnotConfig *
annot_settings_load (const AnnotOption *const *tables, const char *file, const char *directory, char **environment,
                     char **overrides, GError **error)
{
  g_autoptr (AnnotConfig) config = annot_config_new (tables);

  if (!load_files (config, file, directory, error) || !annot_settings_apply_environment (config, environment, error))
    return NULL;
  for (gsize i = 0; overrides && overrides[i]; i++) {
    if (!apply_override (config, overrides[i], error))
      return NULL;
  }
  if (!annot_settings_select_plugins (config, environment, error))
    return NULL;
  complete_paths (config, environment);
  if (!annot_settings_check (config, error))
    return NULL;
  return g_steal_pointer (&config);
}

void
annot_settings_name_instance (AnnotConfig *config)
{
  AnnotValue *value = annot_config_find (config, "service", "instance-id");
  g_autofree char *made = NULL;
  g_autoptr (GError) error = NULL;

  if (!value || value->text)
    return;
  made = g_strdup_printf ("%s-%08x%08x", g_get_host_name (), g_random_int (), g_random_int ());
  if (!annot_config_set (config, value, "instance-id", made, ';', NULL, &error))
    g_critical ("an instance id was not taken: %s", error->message);
}
