/* SPDX-License-Identifier: Apache-2.0 */
/* What `[redis]` says, checked and ready for use. */
#include "redis-settings.h"

#include "redis-keys.h"

static const char *
get_string (AnnotConfig *config, const char *key)
{
  const char *text = annot_config_get_string (config, "redis", key);

  return text && *text ? text : NULL;
}

static gboolean
load_address (RedisSettings *self, AnnotConfig *config, GError **error)
{
  g_autoptr (GError) problem = NULL;

  self->address = redis_address_parse (get_string (config, "url"), &problem);
  if (self->address)
    return TRUE;
  g_propagate_error (error, annot_config_error (config, "redis", "url", "%s", problem->message));
  return FALSE;
}

/* What has an option of its own goes before what the URL says. */
static gboolean
load_account (RedisSettings *self, AnnotConfig *config, GError **error)
{
  const char *user = get_string (config, "username");
  g_autoptr (GError) problem = NULL;
  int named = self->address->database >= 0 ? self->address->database : 0;

  self->user = g_strdup (user ? user : self->address->user);
  self->password = annot_config_get_secret (config, "redis", "password", "password-file", &problem);
  if (!problem)
    self->sentinel_password
        = annot_config_get_secret (config, "redis", "sentinel-password", "sentinel-password-file", &problem);
  if (problem) {
    g_propagate_error (error, g_steal_pointer (&problem));
    return FALSE;
  }
  if (!self->password)
    self->password = g_strdup (self->address->password);
  if (self->user && !self->password) {
    g_propagate_error (error, annot_config_error (config, "redis", user ? "username" : "url",
                                                  "an account needs its password: set password-file"));
    return FALSE;
  }
  self->database = annot_config_is_set (config, "redis", "database")
                       ? (int) annot_config_get_integer (config, "redis", "database")
                       : named;
  return TRUE;
}

static gboolean
load_sentinels (RedisSettings *self, AnnotConfig *config, GError **error)
{
  /* A list of the keyfile is separated by semicolons; the comma is everybody's habit. */
  g_autofree char *joined = g_strjoinv (",", (char **) annot_config_get_list (config, "redis", "sentinels"));
  g_auto (GStrv) list = g_strsplit (joined, ",", -1);

  self->master = g_strdup (get_string (config, "sentinel-master"));
  self->sentinels = g_ptr_array_new_with_free_func ((GDestroyNotify) redis_address_free);
  for (gsize i = 0; list[i]; i++) {
    g_autoptr (GError) problem = NULL;
    RedisAddress *sentinel = redis_address_parse_host (g_strstrip (list[i]), REDIS_SENTINEL_PORT, &problem);

    if (!sentinel) {
      /* It may have a password in it, where none belongs. */
      g_propagate_error (error, annot_config_error (config, "redis", "sentinels",
                                                    "entry %" G_GSIZE_FORMAT ": %s; write HOST or HOST:PORT, no URL, "
                                                    "and what they ask for in sentinel-password-file",
                                                    i + 1, problem->message));
      return FALSE;
    }
    sentinel->tls = self->address->tls;
    g_ptr_array_add (self->sentinels, sentinel);
  }
  if (self->master && self->sentinels->len > 0 && self->address->path) {
    g_propagate_error (error, annot_config_error (config, "redis", "url",
                                                  "a socket of this host is not what sentinels watch; write redis://"));
    return FALSE;
  }
  if ((self->master != NULL) == (self->sentinels->len > 0))
    return TRUE;
  g_propagate_error (
      error, self->master
                 ? annot_config_error (config, "redis", "sentinel-master", "nobody to ask where it is: set sentinels")
                 : annot_config_error (config, "redis", "sentinels", "which master to ask for: set sentinel-master"));
  return FALSE;
}

static gboolean
load_trusted (RedisSettings *self, AnnotConfig *config, GError **error)
{
  const char *file = get_string (config, "tls-ca-file");
  g_autoptr (GError) problem = NULL;

  if (!file)
    return TRUE;
  self->trusted = g_tls_file_database_new (file, &problem);
  if (self->trusted)
    return TRUE;
  g_propagate_error (error, annot_config_error (config, "redis", "tls-ca-file", "%s", problem->message));
  return FALSE;
}

static gboolean
load_certificate (RedisSettings *self, AnnotConfig *config, GError **error)
{
  const char *file = get_string (config, "tls-certificate");
  const char *key = get_string (config, "tls-key");
  g_autoptr (GError) problem = NULL;

  if (!file && !key)
    return TRUE;
  if (!file || !key) {
    g_propagate_error (error, annot_config_error (config, "redis", file ? "tls-certificate" : "tls-key",
                                                  "set tls-certificate and tls-key together"));
    return FALSE;
  }
  self->certificate = g_tls_certificate_new_from_files (file, key, &problem);
  if (self->certificate)
    return TRUE;
  g_propagate_error (error, annot_config_error (config, "redis", "tls-certificate", "%s", problem->message));
  return FALSE;
}

static gboolean
load_encryption (RedisSettings *self, AnnotConfig *config, GError **error)
{
  static const char *const keys[] = { "tls-ca-file", "tls-certificate", "tls-key" };

  if (self->address->tls) {
    if (g_tls_backend_supports_tls (g_tls_backend_get_default ()))
      return load_trusted (self, config, error) && load_certificate (self, config, error);
    g_propagate_error (error, annot_config_error (config, "redis", "url",
                                                  "TLS needs glib-networking: install the package glib-networking"));
    return FALSE;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++) {
    if (get_string (config, keys[i])) {
      g_propagate_error (error,
                         annot_config_error (config, "redis", keys[i], "of use with TLS only: write rediss:// in url"));
      return FALSE;
    }
  }
  return TRUE;
}

static gint64
load_seconds (AnnotConfig *config, const char *key)
{
  return annot_config_get_integer (config, "redis", key) * G_USEC_PER_SEC;
}

RedisSettings *
redis_settings_load (AnnotConfig *config, GError **error)
{
  g_autoptr (RedisSettings) self = g_new0 (RedisSettings, 1);
  const char *instance = annot_config_get_string (config, "service", "instance-id");
  const char *prefix = get_string (config, "prefix");
  g_autofree char *retry_key = NULL;

  self->service = g_strdup (annot_config_get_string (config, "service", "name"));
  self->instance = g_strdup (instance && *instance ? instance : g_get_host_name ());
  self->prefix = g_strdup (prefix ? prefix : "");
  self->retry_key = g_strconcat (self->prefix, get_string (config, "retry-queue-key"), NULL);
  self->retry_bound = (guint) annot_config_get_integer (config, "redis", "retries");
  self->connect_timeout = load_seconds (config, "connect-timeout");
  self->command_timeout = load_seconds (config, "command-timeout");
  self->open_timeout = annot_config_get_integer (config, "service", "start-timeout") * G_USEC_PER_SEC / 2;
  self->output_limit = (gsize) annot_config_get_integer (config, "redis", "output-limit");
  self->message_limit = (gsize) annot_config_get_integer (config, "redis", "message-limit");
  if (!load_address (self, config, error) || !load_account (self, config, error)
      || !load_sentinels (self, config, error) || !load_encryption (self, config, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
redis_settings_free (RedisSettings *self)
{
  g_clear_pointer (&self->address, redis_address_free);
  g_clear_pointer (&self->sentinels, g_ptr_array_unref);
  g_clear_object (&self->trusted);
  g_clear_object (&self->certificate);
  g_free (self->service);
  g_free (self->instance);
  g_free (self->user);
  g_free (self->password);
  g_free (self->prefix);
  g_free (self->retry_key);
  g_free (self->master);
  g_free (self->sentinel_password);
  g_free (self);
}

char *
redis_settings_client_name (const RedisSettings *self)
{
  char *name = g_strconcat (self->service, "-", self->instance, NULL);

  /* What CLIENT LIST could not print in one word is refused by the server. */
  for (char *at = name; *at; at++) {
    if (!g_ascii_isgraph (*at))
      *at = '_';
  }
  return name;
}

char *
redis_settings_key (const RedisSettings *self, const char *key)
{
  if (g_str_equal (key, REDIS_KEY_TOTAL) || g_str_equal (key, REDIS_CHANNEL_NEW_EXAMPLE))
    return g_strdup (key);
  return g_strconcat (self->prefix, key, NULL);
}
