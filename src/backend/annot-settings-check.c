/* SPDX-License-Identifier: Apache-2.0 */
/* Checks what the type of an option alone cannot: addresses, networks, origins, keys that go together. */
#include "annot-settings-private.h"
#include "annot-settings.h"

#include <gio/gio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)

typedef gboolean (*ItemCheck) (const char *item);

/* HOST:PORT, [IPV6]:PORT or unix:/PATH. An empty host would be easy to write by accident and opens all addresses. */
static gboolean
is_listen_address (const char *item)
{
  const char *colon = strrchr (item, ':');
  g_autofree char *host = NULL;
  guint64 port;

  if (g_str_has_prefix (item, "unix:"))
    return g_path_is_absolute (item + strlen ("unix:")) && strlen (item) < 108;
  if (!colon || colon == item || !g_ascii_string_to_unsigned (colon + 1, 10, 0, 65535, &port, NULL))
    return FALSE;
  host = g_strndup (item, (gsize) (colon - item));
  if (host[0] == '[') {
    gsize length = strlen (host);

    host[length - 1] = host[length - 1] == ']' ? '\0' : host[length - 1];
    return strlen (host) == length - 1 && g_hostname_is_ip_address (host + 1);
  }
  return !strpbrk (host, ":/ ");
}

static gboolean
is_network (const char *item)
{
  g_autoptr (GInetAddressMask) mask = g_inet_address_mask_new_from_string (item, NULL);

  return mask != NULL;
}

/* scheme://host[:port], nothing after it: this is what browsers send as Origin. */
static gboolean
is_origin (const char *item)
{
  g_autoptr (GUri) uri = g_uri_parse (item, G_URI_FLAGS_NONE, NULL);

  return uri && (g_str_equal (g_uri_get_scheme (uri), "https") || g_str_equal (g_uri_get_scheme (uri), "http")) &&
         g_uri_get_host (uri) && *g_uri_get_host (uri) && *g_uri_get_path (uri) == '\0' && !g_uri_get_query (uri) &&
         !g_uri_get_fragment (uri) && !g_uri_get_userinfo (uri);
}

static gboolean
check_items (AnnotConfig *config, const char *group, const char *key, ItemCheck check, const char *form, GError **error)
{
  const char *const *items = annot_config_get_list (config, group, key);

  for (gsize i = 0; items[i]; i++) {
    if (check (items[i]))
      continue;
    g_propagate_error (error, annot_config_error (config, group, key, "\"%s\" is not %s", items[i], form));
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_pair (AnnotConfig *config, const char *group, const char *present, const char *needed, GError **error)
{
  if (!annot_config_get_string (config, group, present) || annot_config_get_string (config, group, needed))
    return TRUE;
  g_propagate_error (error, annot_config_error (config, group, present, "%s has to be set too", needed));
  return FALSE;
}

static gboolean
check_listens (AnnotConfig *config, GError **error)
{
  if (annot_config_get_list (config, "http", "listen")[0])
    return TRUE;
  g_propagate_error (error, annot_config_error (config, "http", "listen",
                                                "the list is empty; remove the line to have the default"));
  return FALSE;
}

static gboolean
check_http (AnnotConfig *config, GError **error)
{
  static const char network[] = "an address or a network such as 10.0.0.0/8";

  if (!check_listens (config, error) ||
      !check_items (config, "http", "listen", is_listen_address, "HOST:PORT, [IPV6]:PORT or unix:/PATH", error) ||
      !check_items (config, "http", "trusted-proxies", is_network, network, error) ||
      !check_items (config, "http", "metrics-allow", is_network, network, error) ||
      !check_items (config, "http", "allowed-origins", is_origin, "an origin such as https://example.org", error) ||
      !check_pair (config, "http", "tls-certificate", "tls-key", error) ||
      !check_pair (config, "http", "tls-key", "tls-certificate", error))
    return FALSE;
  if (annot_config_get_integer (config, "limits", "message-bytes") <=
      annot_config_get_integer (config, "http", "body-limit"))
    return TRUE;
  g_propagate_error (error, annot_config_error (config, "limits", "message-bytes",
                                                "larger than [http] body-limit; raise that, or lower this"));
  return FALSE;
}

/* A topic that is read and written would feed the daemon its own output. */
static gboolean
check_topics (AnnotConfig *config, GError **error)
{
  static const char *const keys[] = {"labeled-examples-topic", "events-topic", "dead-letter-topic"};
  const char *source = annot_config_get_string (config, "broker", "hard-examples-topic");

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++) {
    if (!g_str_equal (source, annot_config_get_string (config, "broker", keys[i])))
      continue;
    g_propagate_error (error, annot_config_error (config, "broker", keys[i],
                                                  "has to be another topic than hard-examples-topic"));
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_secret (AnnotConfig *config, GError **error)
{
  const char *secret = annot_config_get_string (config, "auth", "secret");

  if (!secret || strlen (secret) >= ANNOT_SECRET_SHORTEST)
    return TRUE;
  g_propagate_error (error, annot_config_error (config, "auth", "secret",
                                                "too short to sign with; give 32 random bytes, such as of "
                                                "\"openssl rand -hex 32\""));
  return FALSE;
}

gboolean
annot_settings_check (AnnotConfig *config, GError **error)
{
  /* Plugins' own tables may be loaded alone (in their tests). */
  if (!annot_config_has_group (config, "http"))
    return TRUE;
  return check_http (config, error) && check_topics (config, error) && check_secret (config, error);
}

static gboolean
check_secret_file (AnnotConfig *config, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autofree char *secret = annot_config_get_secret (config, "auth", "secret", "secret-file", &local);

  if (!local && (!secret || strlen (secret) >= ANNOT_SECRET_SHORTEST))
    return TRUE;
  if (!local)
    local = annot_config_error (config, "auth", "secret-file",
                                "its first line is too short to sign with; write 32 random bytes there, such as of "
                                "\"openssl rand -hex 32\"");
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* A pair that does not belong together is loaded all the same, and then every handshake fails. What cannot be read here
 * is for the TLS library to judge. */
static gboolean
is_pair (const char *certificate_file, const char *key_file)
{
  g_autoptr (BIO) certificate_bio = BIO_new_file (certificate_file, "r");
  g_autoptr (BIO) key_bio = BIO_new_file (key_file, "r");
  g_autoptr (X509) certificate = certificate_bio ? PEM_read_bio_X509 (certificate_bio, NULL, NULL, NULL) : NULL;
  g_autoptr (EVP_PKEY) key = key_bio ? PEM_read_bio_PrivateKey (key_bio, NULL, NULL, (void *) "") : NULL;
  gboolean good = !certificate || !key || X509_check_private_key (certificate, key) == 1;

  ERR_clear_error ();
  return good;
}

static gboolean
check_certificate (AnnotConfig *config, GError **error)
{
  const char *certificate = annot_config_get_string (config, "http", "tls-certificate");
  const char *key = annot_config_get_string (config, "http", "tls-key");
  g_autoptr (GTlsCertificate) loaded = NULL;
  g_autoptr (GError) local = NULL;

  if (!certificate)
    return TRUE;
  loaded = g_tls_certificate_new_from_files (certificate, key, &local);
  if (!loaded)
    g_propagate_error (error, annot_config_error (config, "http", "tls-certificate",
                                                  "%s; check both tls-certificate and tls-key", local->message));
  else if (!is_pair (certificate, key ? key : certificate)) {
    g_propagate_error (error, annot_config_error (config, "http", "tls-key", "it is not the key of tls-certificate"));
    return FALSE;
  }
  return loaded != NULL;
}

gboolean
annot_settings_check_files (AnnotConfig *config, GError **error)
{
  return check_secret_file (config, error) && check_certificate (config, error);
}
