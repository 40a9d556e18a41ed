/* SPDX-License-Identifier: Apache-2.0 */
/* The checked configuration: typed values by group and key, and where each came from. */
#include "annot-config-private.h"

#include <string.h>
#include <sys/stat.h>

/* A secret file is one line; more than this is some other file. */
#define SECRET_FILE_BYTES (64 * 1024)

struct _AnnotConfig {
  GObject parent_instance;

  GPtrArray *values;
  GHashTable *by_name; /* "group\nkey" to AnnotValue */
  GPtrArray *prefixes; /* AnnotValue of pass-through options */
  guint turns;         /* how many times something has been set */
};

G_DEFINE_FINAL_TYPE (AnnotConfig, annot_config, G_TYPE_OBJECT)

static void
value_free (AnnotValue *value)
{
  g_free (value->text);
  g_free (value->origin);
  g_strfreev (value->list);
  g_clear_pointer (&value->prefixed, g_hash_table_unref);
  g_free (value);
}

static void
annot_config_finalize (GObject *object)
{
  AnnotConfig *self = ANNOT_CONFIG (object);

  g_ptr_array_unref (self->prefixes);
  g_hash_table_unref (self->by_name);
  g_ptr_array_unref (self->values);
  G_OBJECT_CLASS (annot_config_parent_class)->finalize (object);
}

static void
annot_config_class_init (AnnotConfigClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = annot_config_finalize;
}

static void
annot_config_init (AnnotConfig *self)
{
  self->values = g_ptr_array_new_with_free_func ((GDestroyNotify) value_free);
  self->by_name = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->prefixes = g_ptr_array_new ();
}

static char *
make_name (const char *group, const char *key)
{
  return g_strconcat (group, "\n", key, NULL);
}

static void
add_option (AnnotConfig *self, const AnnotOption *option)
{
  AnnotValue *value = g_new0 (AnnotValue, 1);
  g_autoptr (GError) error = NULL;

  value->option = option;
  g_ptr_array_add (self->values, value);
  if (option->type == ANNOT_OPTION_PREFIX) {
    value->prefixed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
    g_ptr_array_add (self->prefixes, value);
  }
  if (option->type == ANNOT_OPTION_LIST)
    value->list = g_new0 (char *, 1);
  if (!g_hash_table_insert (self->by_name, make_name (option->group, option->key), value))
    g_critical ("option [%s] %s stands in two tables", option->group, option->key);
  if (!option->fallback)
    return;
  value->text = g_strdup (option->fallback);
  /* A relative default of a path is completed by the loader, which knows the state folder. */
  if (option->type != ANNOT_OPTION_PATH && !annot_value_parse (value, option->fallback, ';', &error))
    g_critical ("option [%s] %s: bad default: %s", option->group, option->key, error->message);
}

AnnotConfig *
annot_config_new (const AnnotOption *const *tables)
{
  AnnotConfig *self = g_object_new (ANNOT_TYPE_CONFIG, NULL);

  for (gsize i = 0; tables[i]; i++) {
    for (const AnnotOption *option = tables[i]; option->group; option++)
      add_option (self, option);
  }
  return self;
}

GPtrArray *
annot_config_get_values (AnnotConfig *self)
{
  return self->values;
}

/* The pass-through option's key ends in "*". */
static gsize
prefix_length (const AnnotOption *option)
{
  return strlen (option->key) - 1;
}

AnnotValue *
annot_config_find (AnnotConfig *self, const char *group, const char *key)
{
  g_autofree char *name = make_name (group, key);
  AnnotValue *value = g_hash_table_lookup (self->by_name, name);

  if (value)
    return value;
  for (guint i = 0; i < self->prefixes->len; i++) {
    AnnotValue *candidate = self->prefixes->pdata[i];
    gsize length = prefix_length (candidate->option);

    if (g_str_equal (candidate->option->group, group) && strncmp (candidate->option->key, key, length) == 0 &&
        key[length] != '\0')
      return candidate;
  }
  return NULL;
}

gboolean
annot_config_has_group (AnnotConfig *self, const char *group)
{
  for (guint i = 0; i < self->values->len; i++) {
    const AnnotValue *value = self->values->pdata[i];

    if (g_str_equal (value->option->group, group))
      return TRUE;
  }
  return FALSE;
}

gboolean
annot_config_set (AnnotConfig *self, AnnotValue *value, const char *key, const char *text, char separator,
                  const char *origin, GError **error)
{
  g_assert (g_ptr_array_find (self->values, value, NULL));
  if (!annot_value_parse (value, text, separator, error))
    return FALSE;
  g_free (value->origin);
  value->origin = g_strdup (origin);
  value->turn = ++self->turns;
  if (value->option->type == ANNOT_OPTION_PREFIX) {
    g_hash_table_insert (value->prefixed, g_strdup (key + prefix_length (value->option)), g_strdup (text));
    return TRUE;
  }
  g_free (value->text);
  value->text = value->list ? g_strjoinv (";", value->list) : g_strdup (text);
  return TRUE;
}

static AnnotValue *
require (AnnotConfig *self, const char *group, const char *key)
{
  g_autofree char *name = make_name (group, key);
  AnnotValue *value = g_hash_table_lookup (self->by_name, name);

  if (!value)
    g_error ("there is no option [%s] %s", group, key);
  return value;
}

/**
 * annot_config_get_string:
 * @self: a config
 * @group: group
 * @key: key of a string, path or choice
 *
 * Returns: (transfer none) (nullable): the text, %NULL when unset and without default
 */
const char *
annot_config_get_string (AnnotConfig *self, const char *group, const char *key)
{
  return require (self, group, key)->text;
}

/**
 * annot_config_get_boolean:
 * @self: a config
 * @group: group
 * @key: key of a boolean
 *
 * Returns: its value; %FALSE when unset and without default
 */
gboolean
annot_config_get_boolean (AnnotConfig *self, const char *group, const char *key)
{
  const AnnotValue *value = require (self, group, key);

  g_return_val_if_fail (value->option->type == ANNOT_OPTION_BOOLEAN, FALSE);
  return value->integer != 0;
}

/**
 * annot_config_get_integer:
 * @self: a config
 * @group: group
 * @key: key of an integer, a size (bytes) or a duration (seconds)
 *
 * Returns: its value; 0 when unset and without default
 */
gint64
annot_config_get_integer (AnnotConfig *self, const char *group, const char *key)
{
  const AnnotValue *value = require (self, group, key);
  AnnotOptionType type = value->option->type;

  g_return_val_if_fail (type == ANNOT_OPTION_INTEGER || type == ANNOT_OPTION_SIZE || type == ANNOT_OPTION_SECONDS, 0);
  return value->integer;
}

/**
 * annot_config_get_list:
 * @self: a config
 * @group: group
 * @key: key of a list
 *
 * Returns: (transfer none) (array zero-terminated=1): its items, never %NULL
 */
const char *const *
annot_config_get_list (AnnotConfig *self, const char *group, const char *key)
{
  static const char *const empty[] = {NULL};
  const AnnotValue *value = require (self, group, key);

  g_return_val_if_fail (value->option->type == ANNOT_OPTION_LIST, empty);
  return (const char *const *) value->list;
}

/**
 * annot_config_get_rate:
 * @self: a config
 * @group: group
 * @key: key of a rate
 *
 * Returns: its value; all zero when unset and without default
 */
AnnotRate
annot_config_get_rate (AnnotConfig *self, const char *group, const char *key)
{
  const AnnotValue *value = require (self, group, key);

  g_return_val_if_fail (value->option->type == ANNOT_OPTION_RATE, ((AnnotRate){0, 0}));
  return value->rate;
}

/**
 * annot_config_get_prefixed:
 * @self: a config
 * @group: group
 * @key: key of a pass-through option, with its `*`
 *
 * Returns: (transfer container) (element-type utf8 utf8): the keys that were set, without the prefix, and their values
 */
GHashTable *
annot_config_get_prefixed (AnnotConfig *self, const char *group, const char *key)
{
  const AnnotValue *value = require (self, group, key);

  g_return_val_if_fail (value->option->type == ANNOT_OPTION_PREFIX, NULL);
  return g_hash_table_ref (value->prefixed);
}

/**
 * annot_config_is_set:
 * @self: a config
 * @group: group
 * @key: key
 *
 * Returns: whether somebody set it, rather than the default
 */
gboolean
annot_config_is_set (AnnotConfig *self, const char *group, const char *key)
{
  return require (self, group, key)->origin != NULL;
}

char *
annot_config_get_state_path (AnnotConfig *self, const char *name)
{
  return g_build_filename (annot_config_get_string (self, "service", "state-dir"), name, NULL);
}

/* Said once, when the file is read: the right mode is the administrator's to set, and a mounted secret may have none other. */
static void
warn_if_readable (const char *path, const struct stat *status)
{
  const char *credentials = g_getenv ("CREDENTIALS_DIRECTORY");

  if ((status->st_mode & S_IROTH) && !(credentials && g_str_has_prefix (path, credentials)))
    g_message ("%s holds a secret and can be read by everyone; chmod o-rwx it", path);
}

/* Where the secret's file is; a bare name is a credential that the service manager hands over. */
static char *
secret_path (AnnotConfig *self, const char *group, const char *file_key, GError **error)
{
  const char *name = annot_config_get_string (self, group, file_key);
  const char *directory = g_getenv ("CREDENTIALS_DIRECTORY");

  if (g_path_is_absolute (name))
    return g_strdup (name);
  if (!strchr (name, '/') && directory)
    return g_build_filename (directory, name, NULL);
  g_propagate_error (error, annot_config_error (self, group, file_key,
                                                "\"%s\" has to be an absolute file name, or the name of a credential "
                                                "of the systemd unit (LoadCredential=)",
                                                name));
  return NULL;
}

static char *
read_secret_file (AnnotConfig *self, const char *group, const char *file_key, GError **error)
{
  g_autofree char *path = secret_path (self, group, file_key, error);
  g_autofree char *contents = NULL;
  g_autoptr (GError) local = NULL;
  struct stat status;
  gsize line;

  if (!path)
    return NULL;
  if (stat (path, &status) == 0) {
    warn_if_readable (path, &status);
    if (status.st_size > SECRET_FILE_BYTES) {
      g_propagate_error (error, annot_config_error (self, group, file_key, "%s is too large to hold a secret", path));
      return NULL;
    }
  }
  if (!g_file_get_contents (path, &contents, NULL, &local)) {
    g_propagate_error (error, annot_config_error (self, group, file_key, "%s; make the file readable for the service",
                                                  local->message));
    return NULL;
  }
  line = strcspn (contents, "\r\n");
  if (line == 0) {
    g_propagate_error (error, annot_config_error (self, group, file_key, "the first line of %s is empty", path));
    return NULL;
  }
  if (!g_utf8_validate (contents, (gssize) line, NULL)) {
    g_propagate_error (error, annot_config_error (self, group, file_key, "the first line of %s is not text", path));
    return NULL;
  }
  return g_strndup (contents, line);
}

char *
annot_config_get_secret (AnnotConfig *self, const char *group, const char *key, const char *file_key, GError **error)
{
  if (file_key && annot_config_get_string (self, group, file_key)
      && require (self, group, file_key)->turn >= require (self, group, key)->turn)
    return read_secret_file (self, group, file_key, error);
  return g_strdup (annot_config_get_string (self, group, key));
}

GError *
annot_config_error (AnnotConfig *self, const char *group, const char *key, const char *format, ...)
{
  /* A pass-through key stands for itself. */
  const AnnotValue *found = annot_config_find (self, group, key);
  const AnnotValue *value = found ? found : require (self, group, key);
  g_autofree char *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  if (!value->origin)
    return g_error_new (ANNOT_ERROR, ANNOT_ERROR_CONFIG, "[%s] %s: %s", group, key, message);
  return g_error_new (ANNOT_ERROR, ANNOT_ERROR_CONFIG, "%s: [%s] %s: %s", value->origin, group, key, message);
}
