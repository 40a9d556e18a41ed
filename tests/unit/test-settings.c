/* SPDX-License-Identifier: Apache-2.0 */
/* Loading the configuration: every mistake is one exact line, and sources win over each other in order. */
#include "backend/annot-settings.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

/* A plugin's table, as an installed plugin would bring it. */
static const char *const resets[] = {"earliest", "latest", NULL};
static const AnnotOption kafka_options[] = {
    {.group = "kafka", .key = "bootstrap-servers", .type = ANNOT_OPTION_LIST, .variable = "KAFKA_BOOTSTRAP_SERVERS",
     .summary = "Where the cluster is"},
    {.group = "kafka", .key = "auto-offset-reset", .type = ANNOT_OPTION_CHOICE, .choices = resets,
     .fallback = "earliest", .summary = "Where to begin"},
    {.group = "kafka", .key = "directory", .type = ANNOT_OPTION_PATH, .fallback = "kafka", .summary = "A folder"},
    {.group = "kafka", .key = "sasl-password", .type = ANNOT_OPTION_STRING, .flags = ANNOT_OPTION_SECRET,
     .summary = "Password"},
    {.group = "kafka", .key = "url", .type = ANNOT_OPTION_STRING, .flags = ANNOT_OPTION_ADDRESS, .summary = "Where"},
    {.group = "kafka", .key = "rdkafka.*", .type = ANNOT_OPTION_PREFIX, .summary = "Passed through"},
    {.group = NULL},
};

typedef struct {
  char *directory;
  char *file;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->directory = g_dir_make_tmp ("annotationd-settings-XXXXXX", NULL);
  g_assert_nonnull (fixture->directory);
  fixture->file = g_build_filename (fixture->directory, "a.conf", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  const char *names[] = {"a.conf", "secret", "conf.d/10.conf", "conf.d/20.conf", "conf.d/30.txt", "conf.d"};

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree char *path = g_build_filename (fixture->directory, names[i], NULL);

    g_remove (path);
  }
  g_assert_cmpint (g_rmdir (fixture->directory), ==, 0);
  g_free (fixture->file);
  g_free (fixture->directory);
}

static void
write_file (Fixture *fixture, const char *name, const char *text, int mode)
{
  g_autofree char *path = g_build_filename (fixture->directory, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_chmod (path, mode), ==, 0);
}

static AnnotConfig *
load (Fixture *fixture, const char *text, const char **environment, const char **overrides, GError **error)
{
  const AnnotOption *tables[] = {annot_core_options (), kafka_options, NULL};

  write_file (fixture, "a.conf", text, 0600);
  return annot_settings_load (tables, fixture->file, NULL, (char **) environment, (char **) overrides, error);
}

static AnnotConfig *
load_good (Fixture *fixture, const char *text, const char **environment, const char **overrides)
{
  g_autoptr (GError) error = NULL;
  AnnotConfig *config = load (fixture, text, environment, overrides, &error);

  g_assert_no_error (error);
  g_assert_nonnull (config);
  return config;
}

/* expected: without the name of the file, if it begins with a line number. */
static void
assert_refused (Fixture *fixture, const char *text, const char **environment, const char **overrides, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AnnotConfig) config = load (fixture, text, environment, overrides, &error);
  const char *message;

  g_assert_null (config);
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG);
  message = error->message;
  if (g_str_has_prefix (message, fixture->file) && message[strlen (fixture->file)] == ':')
    message += strlen (fixture->file) + 1;
  g_assert_cmpstr (message, ==, expected);
  g_assert_null (strchr (message, '\n'));
}

static const struct {
  const char *text;
  const char *message;
} mistakes[] = {
    {"[http]\nidle-timeot=30\n", "2: [http] idle-timeot: unknown key; did you mean idle-timeout?"},
    {"# one\n\n[htp]\n", "3: [htp]: unknown group; did you mean [http]?"},
    {"[something-else]\n", "1: [something-else]: unknown group; annotationd.conf(5) lists them"},
    {"[http]\nqwertyuiop=1\n", "2: [http] qwertyuiop: unknown key; annotationd.conf(5) lists those of the group"},
    {"[http]\nmax-skips=1\n", "2: [http] max-skips: unknown key; it belongs in [annotation]"},
    {"[redis]\nurl=redis://x\n",
     "1: [redis]: the redis plugin is not installed; install the package annotationd-redis, or remove the group"},
    {"[postgres]\n",
     "1: [postgres]: the postgres plugin is not installed; install the package annotationd-postgres, or remove the "
     "group"},
    {"listen=x\n", "1: a key stands before the first [group]; write its group above it"},
    {"[http]\nlisten\n", "2: the line is neither [group] nor key=value nor a # comment"},
    {"[http\n", "1: a group is written [group], with nothing after it"},
    {"[]\n", "1: []: a group's name has letters, digits, \".\", \"-\" and \"_\" only"},
    {"[http]\nlisten[de]=x\n", "2: [http] listen[de]: a key has letters, digits, \".\", \"-\" and \"_\" only"},
    {"[http]\nbacklog=5\n[broker]\n[http]\nbacklog=6\n",
     "5: [http] backlog: set already in line 2; remove one of the two"},
    {"[http]\nlisten=\n", "2: [http] listen: the list is empty; remove the line to have the default"},
    {"[http]\nbacklog=\n", "2: [http] backlog: the value is empty; remove the line to have the default"},
    {"[http]\nbacklog=many\n", "2: [http] backlog: \"many\" is not a whole number from 1 to 65535"},
    {"[http]\nbacklog=0\n", "2: [http] backlog: 0 is out of range; it takes a whole number from 1 to 65535"},
    {"[http]\nbacklog=-1\n", "2: [http] backlog: \"-1\" is not a whole number from 1 to 65535"},
    {"[http]\nbacklog=99999999999999999999\n",
     "2: [http] backlog: \"99999999999999999999\" is not a whole number from 1 to 65535"},
    {"[http]\nbody-limit=10X\n", "2: [http] body-limit: \"10X\" is not bytes, or with K, M or G, from 1K to 1G"},
    {"[http]\nbody-limit=9G\n", "2: [http] body-limit: 9G is out of range; it takes bytes, or with K, M or G, from 1K to "
                                "1G"},
    {"[http]\nidle-timeout=1 h\n",
     "2: [http] idle-timeout: \"1 h\" is not seconds, or with s, min, h or d, from 1s to 1h"},
    {"[health]\nrequire-partitions=yes\n", "2: [health] require-partitions: \"yes\" is neither true nor false"},
    {"[annotation]\npublish-frames=both\n",
     "2: [annotation] publish-frames: \"both\" is not known; it takes inline or reference"},
    {"[limits]\nlogin=20\n",
     "2: [limits] login: \"20\" is not a rate such as 20/min (per s, min, h or d, from 1 to 1000000000)"},
    {"[limits]\nlogin=0/min\n",
     "2: [limits] login: \"0/min\" is not a rate such as 20/min (per s, min, h or d, from 1 to 1000000000)"},
    {"[service]\nstate-dir=here\n",
     "2: [service] state-dir: \"here\" is not an absolute file name (it has to begin with /)"},
    {"[annotation]\nlabels=a;;b\n",
     "2: [annotation] labels: the list has an empty item; items are separated by one ;"},
    {"[http]\nlisten=127.0.0.1\n",
     "2: [http] listen: \"127.0.0.1\" is not HOST:PORT, [IPV6]:PORT or unix:/PATH"},
    {"[http]\nlisten=:8000\n", "2: [http] listen: \":8000\" is not HOST:PORT, [IPV6]:PORT or unix:/PATH"},
    {"[http]\nlisten=localhost:66000\n",
     "2: [http] listen: \"localhost:66000\" is not HOST:PORT, [IPV6]:PORT or unix:/PATH"},
    {"[http]\nlisten=unix:socket\n", "2: [http] listen: \"unix:socket\" is not HOST:PORT, [IPV6]:PORT or unix:/PATH"},
    {"[http]\ntrusted-proxies=proxy\n",
     "2: [http] trusted-proxies: \"proxy\" is not an address or a network such as 10.0.0.0/8"},
    {"[http]\nallowed-origins=https://a.example/\n",
     "2: [http] allowed-origins: \"https://a.example/\" is not an origin such as https://example.org"},
    {"[http]\ntls-key=/k\n", "2: [http] tls-key: tls-certificate has to be set too"},
    {"[limits]\nmessage-bytes=20M\n",
     "2: [limits] message-bytes: larger than [http] body-limit; raise that, or lower this"},
    {"[broker]\nevents-topic=hard-examples\n",
     "2: [broker] events-topic: has to be another topic than hard-examples-topic"},
    {"[auth]\nsecret=short\n", "2: [auth] secret: too short to sign with; give 32 random bytes, such as of \"openssl "
                               "rand -hex 32\""},
    {"[http]\nbacklog=\001\n", "2: the line has a control character; remove it"},
    {"[http]\nbacklog=\xff\n", "2: the line is not UTF-8 text; save the file as UTF-8"},
};

static void
test_mistakes (Fixture *fixture, gconstpointer data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (mistakes); i++) {
    g_test_message ("%s", mistakes[i].message);
    assert_refused (fixture, mistakes[i].text, NULL, NULL, mistakes[i].message);
  }
}

static void
test_defaults (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotConfig) config = load_good (fixture, "[service]\nstate-dir=/var/tmp/state\n", NULL, NULL);
  g_autofree char *path = annot_config_get_state_path (config, "x");

  g_assert_cmpstr (annot_config_get_string (config, "service", "name"), ==, "annotation-frontend");
  g_assert_cmpstr (annot_config_get_list (config, "http", "listen")[0], ==, "127.0.0.1:8000");
  g_assert_null (annot_config_get_list (config, "http", "listen")[1]);
  g_assert_cmpint (annot_config_get_integer (config, "http", "body-limit"), ==, 16 * 1024 * 1024);
  g_assert_cmpint (annot_config_get_integer (config, "auth", "token-lifetime"), ==, 28800);
  g_assert_cmpuint (annot_config_get_rate (config, "limits", "deletion").count, ==, 5);
  g_assert_cmpint (annot_config_get_rate (config, "limits", "deletion").period, ==, G_TIME_SPAN_HOUR);
  g_assert_true (annot_config_get_boolean (config, "health", "require-partitions"));
  g_assert_null (annot_config_get_string (config, "service", "instance-id"));
  g_assert_false (annot_config_is_set (config, "http", "listen"));
  g_assert_true (annot_config_is_set (config, "service", "state-dir"));
  g_assert_cmpstr (path, ==, "/var/tmp/state/x");
  g_assert_cmpstr (annot_config_get_string (config, "kafka", "directory"), ==, "/var/tmp/state/kafka");
}

static void
test_instance_id (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotConfig) first = load_good (fixture, "", NULL, NULL);
  g_autoptr (AnnotConfig) second = load_good (fixture, "", NULL, NULL);
  g_autoptr (AnnotConfig) named = load_good (fixture, "[service]\ninstance-id=blue\n", NULL, NULL);
  g_autofree char *id = NULL;

  annot_settings_name_instance (first);
  annot_settings_name_instance (second);
  annot_settings_name_instance (named);
  id = g_strdup (annot_config_get_string (first, "service", "instance-id"));
  g_assert_true (g_str_has_prefix (id, g_get_host_name ()));
  g_assert_cmpstr (id, !=, annot_config_get_string (second, "service", "instance-id"));
  g_assert_cmpstr (annot_config_get_string (named, "service", "instance-id"), ==, "blue");
  /* It is nobody's setting, and the second time changes nothing. */
  g_assert_false (annot_config_is_set (first, "service", "instance-id"));
  annot_settings_name_instance (first);
  g_assert_cmpstr (annot_config_get_string (first, "service", "instance-id"), ==, id);
}

static void
test_values (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotConfig) config = load_good (fixture,
                                              "\xef\xbb\xbf; comment\n[annotation]\r\n labels = car ; two words;\n"
                                              "lease-seconds=5min\n[http]\nbody-limit=32M\nidle-timeout = 1h\n"
                                              "listen=[::1]:80;unix:/run/x;host.example:0\nallowed-origins=\n"
                                              "[kafka]\nrdkafka.fetch.wait.max.ms=50",
                                              NULL, NULL);
  const char *const *labels = annot_config_get_list (config, "annotation", "labels");
  g_autoptr (GHashTable) passed = annot_config_get_prefixed (config, "kafka", "rdkafka.*");

  g_assert_cmpstr (labels[0], ==, "car");
  g_assert_cmpstr (labels[1], ==, "two words");
  g_assert_null (labels[2]);
  g_assert_cmpint (annot_config_get_integer (config, "annotation", "lease-seconds"), ==, 300);
  g_assert_cmpint (annot_config_get_integer (config, "http", "body-limit"), ==, 32 << 20);
  g_assert_cmpint (annot_config_get_integer (config, "http", "idle-timeout"), ==, 3600);
  g_assert_null (annot_config_get_list (config, "http", "allowed-origins")[0]);
  g_assert_cmpuint (g_hash_table_size (passed), ==, 1);
  g_assert_cmpstr (g_hash_table_lookup (passed, "fetch.wait.max.ms"), ==, "50");
}

/* Keyfile, conf.d in order, older variable, own variable, command line: each wins over those before. */
static void
test_precedence (Fixture *fixture, gconstpointer data)
{
  const AnnotOption *tables[] = {annot_core_options (), kafka_options, NULL};
  g_autofree char *conf_d = g_build_filename (fixture->directory, "conf.d", NULL);
  const char *environment[] = {"ANNOTATION_PAGE_SIZE=4", "ANNOTATIOND_ANNOTATION_MAX_SKIPS=5", "MAX_RETRY_ATTEMPTS=6",
                         "ANNOTATIOND_ANNOTATION_RETRY_ATTEMPTS=7", "ANNOTATIOND_HTTP_BACKLOG=",
                         "ANNOTATIOND_KAFKA_RDKAFKA_CHECK_CRCS=true", "HARD_EXAMPLES_TOPIC=t", NULL};
  const char *overrides[] = {"annotation.max-skips=9", "annotation.labels=a,b", NULL};
  g_autoptr (AnnotConfig) config = NULL;
  g_autoptr (GHashTable) passed = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir (conf_d, 0700), ==, 0);
  write_file (fixture, "a.conf", "[annotation]\npage-size=1\nmax-skips=1\n[http]\nbacklog=11\n[broker]\nbatch-size=1\n", 0600);
  write_file (fixture, "conf.d/10.conf", "[annotation]\npage-size=2\n[broker]\nbatch-size=2\n", 0600);
  write_file (fixture, "conf.d/20.conf", "[broker]\nbatch-size=3\n", 0600);
  write_file (fixture, "conf.d/30.txt", "nonsense", 0600);
  config = annot_settings_load (tables, fixture->file, NULL, (char **) environment, (char **) overrides, &error);
  g_assert_no_error (error);
  passed = annot_config_get_prefixed (config, "kafka", "rdkafka.*");
  g_assert_cmpint (annot_config_get_integer (config, "broker", "batch-size"), ==, 3);
  g_assert_cmpint (annot_config_get_integer (config, "annotation", "page-size"), ==, 4);
  g_assert_cmpint (annot_config_get_integer (config, "annotation", "max-skips"), ==, 9);
  g_assert_cmpint (annot_config_get_integer (config, "annotation", "retry-attempts"), ==, 7);
  g_assert_cmpint (annot_config_get_integer (config, "http", "backlog"), ==, 11);
  g_assert_cmpstr (annot_config_get_string (config, "broker", "hard-examples-topic"), ==, "t");
  g_assert_cmpstr (annot_config_get_list (config, "annotation", "labels")[1], ==, "b");
  g_assert_cmpstr (g_hash_table_lookup (passed, "check.crcs"), ==, "true");
}

static void
assert_listen (Fixture *fixture, const char *text, const char *host, const char *port, const char *expected)
{
  g_autofree char *host_variable = host ? g_strconcat ("HOST=", host, NULL) : g_strdup ("OTHER=");
  g_autofree char *port_variable = port ? g_strconcat ("PORT=", port, NULL) : g_strdup ("OTHER=");
  const char *environment[] = {host_variable, port_variable, NULL};
  g_autoptr (AnnotConfig) config = load_good (fixture, text, environment, NULL);

  g_assert_cmpstr (annot_config_get_list (config, "http", "listen")[0], ==, expected);
}

static void
test_host_and_port (Fixture *fixture, gconstpointer data)
{
  assert_listen (fixture, "", "0.0.0.0", "80", "0.0.0.0:80");
  assert_listen (fixture, "", "::", NULL, "[::]:8000");
  assert_listen (fixture, "", NULL, "9000", "127.0.0.1:9000");
  assert_listen (fixture, "[http]\nlisten=10.0.0.1:1\n", NULL, "9000", "10.0.0.1:9000");
  assert_listen (fixture, "[http]\nlisten=unix:/x\n", NULL, "9000", "127.0.0.1:9000");
}

static void
test_environment_mistakes (Fixture *fixture, gconstpointer data)
{
  static const struct {
    const char *variable;
    const char *message;
  } cases[] = {
      {"ANNOTATIOND_HTTP_LISTN=x",
       "environment variable ANNOTATIOND_HTTP_LISTN: no such option; did you mean ANNOTATIOND_HTTP_LISTEN?"},
      {"ANNOTATIOND_ZZZZZZZZZZ_QQQQQQQ=x",
       "environment variable ANNOTATIOND_ZZZZZZZZZZ_QQQQQQQ: no such option; unset it, or see annotationd.conf(5)"},
      {"ANNOTATIOND_HTTP_BACKLOG=x", "environment variable ANNOTATIOND_HTTP_BACKLOG: [http] backlog: \"x\" is not a "
                                     "whole number from 1 to 65535"},
      {"MAX_RETRY_ATTEMPTS=x", "environment variable MAX_RETRY_ATTEMPTS: [annotation] retry-attempts: \"x\" is not a "
                               "whole number from 1 to 1000000"},
      {"PORT=tcp://1", "environment variable PORT: \"tcp://1\" is not a port number from 0 to 65535"},
      {"SERVICE_NAME=a\nb",
       "environment variable SERVICE_NAME: [service] name: the value is not one line of UTF-8 text"},
      {"DATABASE_URL=postgresql://x", "environment variable DATABASE_URL: the postgres plugin is not installed; install "
                                      "the package annotationd-postgres, or unset the variable"},
      {"REDIS_URL=redis://x", "environment variable REDIS_URL: the redis plugin is not installed; install the package "
                              "annotationd-redis, or unset the variable"},
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    const char *environment[] = {cases[i].variable, NULL};

    assert_refused (fixture, "", environment, NULL, cases[i].message);
  }
}

/* Variables that are not ours, and those that Kubernetes makes up for a service of our name. */
static void
test_environment_of_others (Fixture *fixture, gconstpointer data)
{
  const char *environment[] = {"ANNOTATIOND_FAIL=x:1", "ANNOTATIOND_PORT=tcp://10.0.0.1:8000",
                         "ANNOTATIOND_PORT_8000_TCP_ADDR=10.0.0.1", "ANNOTATIOND_SERVICE_HOST=10.0.0.1",
                         "ANNOTATIOND_SERVICE_PORT=8000", "ANNOTATIOND_SERVICE_PORT_HTTP=8000", "DATABASE_URL=",
                         "REDIS_DB=7", "not a variable", NULL};
  g_autoptr (AnnotConfig) config = load_good (fixture, "", environment, NULL);

  g_assert_cmpstr (annot_config_get_list (config, "http", "listen")[0], ==, "127.0.0.1:8000");
  g_assert_cmpstr (annot_config_get_string (config, "store", "plugin"), ==, "sqlite");
}

static void
test_plugin_selection (Fixture *fixture, gconstpointer data)
{
  const char *kafka[] = {"KAFKA_BOOTSTRAP_SERVERS=a:1,b:2", NULL};
  const char *database[] = {"DATABASE_URL=postgresql://x", NULL};
  g_autoptr (AnnotConfig) config = load_good (fixture, "", kafka, NULL);
  g_autoptr (AnnotConfig) named = load_good (fixture, "[broker]\nplugin=local\n", kafka, NULL);
  g_autoptr (AnnotConfig) sqlite = load_good (fixture, "[store]\nplugin=sqlite\n", database, NULL);

  g_assert_cmpstr (annot_config_get_string (config, "broker", "plugin"), ==, "kafka");
  g_assert_cmpstr (annot_config_get_list (config, "kafka", "bootstrap-servers")[1], ==, "b:2");
  g_assert_cmpstr (annot_config_get_string (named, "broker", "plugin"), ==, "local");
  g_assert_cmpstr (annot_config_get_string (sqlite, "store", "plugin"), ==, "sqlite");
}

static void
test_override_mistakes (Fixture *fixture, gconstpointer data)
{
  static const struct {
    const char *text;
    const char *message;
  } cases[] = {
      {"http.idle-timeot=1", "--set: [http] idle-timeot: unknown key; did you mean idle-timeout?"},
      {"httpx", "--set \"httpx\": write group.key=value"},
      {"http=a.b", "--set \"http=a.b\": write group.key=value"},
      {"kafka.rdkafka.*=1", "--set: [kafka] rdkafka.*: unknown key; did you mean rdkafka.*?"},
      {"auth.secret=0123456789abcdef0123456789abcdef",
       "--set: [auth] secret: a secret on the command line can be seen by every user of the host; use a file or the "
       "environment"},
      {"kafka.rdkafka.ssl.keystore.password=hush-hush",
       "--set: [kafka] rdkafka.ssl.keystore.password: a secret on the command line can be seen by every user of the "
       "host; use a file or the environment"},
      {"kafka.url=https://me:hush-hush@there",
       "--set: [kafka] url: a secret on the command line can be seen by every user of the host; use a file or the "
       "environment"},
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    const char *overrides[] = {cases[i].text, NULL};

    assert_refused (fixture, "", NULL, overrides, cases[i].message);
  }
}

static void
test_secret_in_readable_file (Fixture *fixture, gconstpointer data)
{
  const AnnotOption *tables[] = {annot_core_options (), kafka_options, NULL};
  static const struct {
    const char *text;
    const char *key;
  } cases[] = {
      {"[auth]\nsecret=0123456789abcdef0123\n", "[auth] secret"},
      {"[kafka]\nurl=https://me:hush-hush@there\n", "[kafka] url"},
      {"[kafka]\nrdkafka.ssl.keystore.password=hush-hush\n", "[kafka] rdkafka.ssl.keystore.password"},
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *expected = NULL;
    g_autoptr (AnnotConfig) config = NULL;
    g_autoptr (GError) error = NULL;

    write_file (fixture, "a.conf", cases[i].text, 0644);
    config = annot_settings_load (tables, fixture->file, NULL, NULL, NULL, &error);
    g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG);
    expected = g_strdup_printf ("%s:2: %s: a secret in a file that everyone may read; chmod o-rwx %s", fixture->file,
                                cases[i].key, fixture->file);
    g_assert_cmpstr (error->message, ==, expected);
  }
}

/* An address is a secret only as far as there is a password in it. */
static void
test_address (Fixture *fixture, gconstpointer data)
{
  const AnnotOption *tables[] = {annot_core_options (), kafka_options, NULL};
  const char *overrides[] = {"kafka.url=https://there", NULL};
  g_autoptr (AnnotConfig) hidden = load_good (fixture, "[kafka]\nurl=https://me:hush-hush@there/x\n", NULL, NULL);
  g_autoptr (AnnotConfig) open = load_good (fixture, "[kafka]\nurl=https://me@there\n", NULL, NULL);
  g_autoptr (AnnotConfig) given = load_good (fixture, "", NULL, overrides);
  g_autofree char *hidden_text = annot_settings_print (hidden);
  g_autofree char *open_text = annot_settings_print (open);
  g_autofree char *manual = annot_settings_manual (tables);

  g_assert_nonnull (strstr (hidden_text, "\n#url=https://me:(hidden)@there/x\n"));
  g_assert_null (strstr (hidden_text, "hush-hush"));
  g_assert_cmpstr (annot_config_get_string (hidden, "kafka", "url"), ==, "https://me:hush-hush@there/x");
  g_assert_nonnull (strstr (open_text, "\nurl=https://me@there\n"));
  g_assert_cmpstr (annot_config_get_string (given, "kafka", "url"), ==, "https://there");
  g_assert_nonnull (strstr (manual, "A password in it is a secret"));
}

static void
test_missing_file (Fixture *fixture, gconstpointer data)
{
  const AnnotOption *tables[] = {annot_core_options (), NULL};
  g_autoptr (AnnotConfig) config = NULL;
  g_autoptr (GError) error = NULL;

  config = annot_settings_load (tables, fixture->file, NULL, NULL, NULL, &error);
  g_assert_null (config);
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_nonnull (strstr (error->message, fixture->file));
}

/* What is printed says the same when it is loaded again, and no secret is in it. */
static void
test_print (Fixture *fixture, gconstpointer data)
{
  g_autoptr (AnnotConfig) first =
      load_good (fixture,
                 "[service]\nstate-dir=/s\nname=x y\n[http]\nlisten=[::1]:1;unix:/a\n[kafka]\nsasl-password=hush-hush\n"
                 "rdkafka.a.b=c\nrdkafka.ssl.key.password=hush-hush\n[auth]\nsecret=hush-hush-hush-hush-hush\n",
                 NULL, NULL);
  g_autofree char *text = annot_settings_print (first);
  g_autoptr (AnnotConfig) second = load_good (fixture, text, NULL, NULL);

  g_assert_null (strstr (text, "hush-hush"));
  g_assert_nonnull (strstr (text, "\n#secret=(hidden)\n"));
  g_assert_nonnull (strstr (text, "\nrdkafka.a.b=c\n"));
  g_assert_cmpstr (annot_config_get_string (second, "service", "name"), ==, "x y");
  g_assert_cmpstr (annot_config_get_list (second, "http", "listen")[1], ==, "unix:/a");
  for (const AnnotOption *option = annot_core_options (); option->group; option++) {
    if (!(option->flags & ANNOT_OPTION_SECRET))
      g_assert_cmpstr (annot_config_get_string (first, option->group, option->key), ==,
                       annot_config_get_string (second, option->group, option->key));
  }
}

static void
test_secret_file (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->directory, "secret", NULL);
  g_autofree char *text = g_strdup_printf ("[auth]\nsecret-file=%s\n", path);
  g_autoptr (AnnotConfig) config = load_good (fixture, text, NULL, NULL);
  g_autofree char *missing = NULL;
  g_autofree char *empty = NULL;
  g_autofree char *secret = NULL;
  g_autoptr (GError) error = NULL;

  missing = annot_config_get_secret (config, "auth", "secret", "secret-file", &error);
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG);
  g_assert_null (missing);
  g_assert_nonnull (strstr (error->message, "a.conf:2: [auth] secret-file: "));
  g_clear_error (&error);
  write_file (fixture, "secret", "\nx", 0600);
  empty = annot_config_get_secret (config, "auth", "secret", "secret-file", &error);
  g_assert_error (error, ANNOT_ERROR, ANNOT_ERROR_CONFIG);
  g_assert_null (empty);
  g_clear_error (&error);
  write_file (fixture, "secret", "first line\r\nsecond", 0600);
  secret = annot_config_get_secret (config, "auth", "secret", "secret-file", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (secret, ==, "first line");
}

static void
test_manual (Fixture *fixture, gconstpointer data)
{
  const AnnotOption *tables[] = {annot_core_options (), kafka_options, NULL};
  g_autofree char *text = annot_settings_manual (tables);

  g_assert_nonnull (strstr (text, ".SS [http]\n.TP\n.B listen\n"));
  g_assert_nonnull (strstr (text, ".B rdkafka.*\n"));
  g_assert_nonnull (strstr (text, ".BR JWT_SECRET_KEY .\n"));
  /* As a person writes it, whatever the table says. */
  g_assert_nonnull (strstr (text, "Takes a list separated by ;\n(default \\fI127.0.0.1:8000\\fR).\n"));
  g_assert_nonnull (strstr (text, "from 1min to 30d\n(default \\fI8h\\fR).\n"));
  g_assert_nonnull (strstr (text, "from 5s to 1d\n(default \\fI5min\\fR).\n"));
  g_assert_nonnull (strstr (text, "from 0 to 10min\n(default \\fI0\\fR).\n"));
  g_assert_nonnull (strstr (text, "(default \\fI16M\\fR).\n"));
  g_assert_null (strstr (text, ";;"));
}

/* Every default is one that could be written in a keyfile, every summary a sentence without its full stop. */
static void
test_core_table (Fixture *fixture, gconstpointer data)
{
  for (const AnnotOption *option = annot_core_options (); option->group; option++) {
    g_test_message ("[%s] %s", option->group, option->key);
    g_assert_nonnull (option->summary);
    g_assert_true (g_ascii_isupper (option->summary[0]));
    g_assert_false (g_str_has_suffix (option->summary, "."));
    g_assert_cmpint (option->max, >=, option->min);
  }
}

#define ADD(name, function) g_test_add (name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/settings/mistakes", test_mistakes);
  ADD ("/settings/defaults", test_defaults);
  ADD ("/settings/instance-id", test_instance_id);
  ADD ("/settings/values", test_values);
  ADD ("/settings/precedence", test_precedence);
  ADD ("/settings/host-and-port", test_host_and_port);
  ADD ("/settings/environment-mistakes", test_environment_mistakes);
  ADD ("/settings/environment-of-others", test_environment_of_others);
  ADD ("/settings/plugin-selection", test_plugin_selection);
  ADD ("/settings/override-mistakes", test_override_mistakes);
  ADD ("/settings/secret-in-readable-file", test_secret_in_readable_file);
  ADD ("/settings/address", test_address);
  ADD ("/settings/missing-file", test_missing_file);
  ADD ("/settings/print", test_print);
  ADD ("/settings/secret-file", test_secret_file);
  ADD ("/settings/manual", test_manual);
  ADD ("/settings/core-table", test_core_table);
  return g_test_run ();
}
