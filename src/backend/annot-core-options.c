/* SPDX-License-Identifier: Apache-2.0 */
/* The core's own option table: every group but the plugins'. */
#include "annot-settings.h"

#include <glib/gi18n-lib.h>

#define KIB G_GINT64_CONSTANT (1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

#define TEXT(group_, key_, fallback_, variable_, summary_)                                                        \
  {.group = (group_), .key = (key_), .type = ANNOT_OPTION_STRING, .fallback = (fallback_),                        \
   .variable = (variable_), .summary = (summary_)}
#define FILENAME(group_, key_, fallback_, variable_, summary_)                                                    \
  {.group = (group_), .key = (key_), .type = ANNOT_OPTION_PATH, .fallback = (fallback_),                          \
   .variable = (variable_), .summary = (summary_)}
#define FLAG(group_, key_, fallback_, summary_)                                                                   \
  {.group = (group_), .key = (key_), .type = ANNOT_OPTION_BOOLEAN, .fallback = (fallback_), .summary = (summary_)}
#define NUMBER(type_, group_, key_, fallback_, min_, max_, variable_, summary_)                                   \
  {.group = (group_), .key = (key_), .type = ANNOT_OPTION_##type_, .fallback = (fallback_), .min = (min_),        \
   .max = (max_), .variable = (variable_), .summary = (summary_)}
#define LIST(group_, key_, fallback_, summary_)                                                                   \
  {.group = (group_), .key = (key_), .type = ANNOT_OPTION_LIST, .fallback = (fallback_), .summary = (summary_)}
#define CHOICE(group_, key_, fallback_, choices_, summary_)                                                       \
  {.group = (group_), .key = (key_), .type = ANNOT_OPTION_CHOICE, .fallback = (fallback_),                        \
   .choices = (choices_), .summary = (summary_)}
#define RATE(group_, key_, fallback_, summary_)                                                                   \
  {.group = (group_), .key = (key_), .type = ANNOT_OPTION_RATE, .fallback = (fallback_), .summary = (summary_)}
#define SECRET(group_, key_, variable_, summary_)                                                                 \
  {.group = (group_), .key = (key_), .type = ANNOT_OPTION_STRING, .flags = ANNOT_OPTION_SECRET,                   \
   .variable = (variable_), .summary = (summary_)}

static const char *const log_levels[] = {"error", "warning", "notice", "info", "debug", NULL};
static const char *const publish_frames[] = {"inline", "reference", NULL};

/* clang-format off */
static const AnnotOption core_options[] = {
  TEXT ("service", "name", "annotation-frontend", "SERVICE_NAME",
        N_("Name of the service in health answers and client ids")),
  TEXT ("service", "instance-id", NULL, NULL,
        N_("Unique name of this instance; unset: made from the host name and random bytes")),
  FILENAME ("service", "state-dir", ANNOT_STATE_DIR, NULL,
        N_("Folder for what the embedded backends keep; the default of an ordinary user who cannot write this one is "
           "$XDG_STATE_HOME/annotationd")),
  NUMBER (SECONDS, "service", "drain-delay", "0", 0, 600, NULL,
        N_("How long to go on accepting requests after SIGTERM, so that load balancers notice first")),
  NUMBER (SECONDS, "service", "start-timeout", "60", 1, 3600, NULL,
        N_("How long to try to reach the backends at start")),
  NUMBER (SECONDS, "service", "drain-timeout", "20", 1, 600, NULL,
        N_("How long a drain may take before it is cut short")),
  CHOICE ("service", "log-level", "notice", log_levels,
        N_("The least important messages that are logged")),

  LIST ("http", "listen", "127.0.0.1:8000",
        N_("Addresses to listen on: HOST:PORT, [IPV6]:PORT or unix:/PATH")),
  FLAG ("http", "reuse-port", "false",
        N_("Whether several processes of one host may share the port (SO_REUSEPORT), which is of use when their store and "
           "state are servers")),
  NUMBER (INTEGER, "http", "backlog", "1024", 1, 65535, NULL,
        N_("Length of the kernel's queue of connections not yet accepted")),
  NUMBER (SIZE, "http", "body-limit", "16M", KIB, GIB, NULL,
        N_("Largest request body")),
  NUMBER (SECONDS, "http", "header-timeout", "10", 1, 3600, NULL,
        N_("How long a client may take to send the header of a request")),
  NUMBER (SECONDS, "http", "body-timeout", "60", 1, 3600, NULL,
        N_("How long a client may take to send the body of a request")),
  NUMBER (SECONDS, "http", "handler-timeout", "30", 1, 3600, NULL,
        N_("How long the answer to a request may take to begin")),
  NUMBER (SECONDS, "http", "write-timeout", "60", 1, 3600, NULL,
        N_("How long a client may leave an answer unread")),
  NUMBER (SECONDS, "http", "idle-timeout", "75", 1, 3600, NULL,
        N_("How long a kept-alive connection may be idle")),
  NUMBER (INTEGER, "http", "max-connections", "10000", 1, 1000000, NULL,
        N_("Most open connections, WebSockets among them")),
  NUMBER (INTEGER, "http", "max-connections-per-address", "1000", 1, 1000000, NULL,
        N_("Most open connections from one address")),
  LIST ("http", "allowed-origins", "",
        N_("Other web origins whose pages may use the API and the WebSocket (https://HOST[:PORT])")),
  LIST ("http", "trusted-proxies", "",
        N_("Addresses or networks whose X-Forwarded-For and X-Forwarded-Proto are believed")),
  LIST ("http", "metrics-allow", "127.0.0.0/8;::1/128",
        N_("Addresses or networks that may read /metrics")),
  FILENAME ("http", "tls-certificate", NULL, NULL,
        N_("PEM file with the certificate and its chain; set together with tls-key it turns TLS on")),
  FILENAME ("http", "tls-key", NULL, NULL,
        N_("PEM file with the certificate's private key")),
  FILENAME ("http", "web-dir", ANNOT_WEB_DIR, NULL,
        N_("Folder with the files of the web page")),
  NUMBER (SIZE, "http", "ws-message-limit", "64K", KIB, 16 * MIB, NULL,
        N_("Largest message that a WebSocket client may send")),
  NUMBER (SIZE, "http", "ws-queue-bytes", "1M", 16 * KIB, GIB, NULL,
        N_("How much may wait to be sent on one WebSocket before it is closed as too slow")),
  NUMBER (SECONDS, "http", "ws-ping-seconds", "25", 1, 3600, NULL,
        N_("How often WebSocket clients are pinged")),
  NUMBER (SECONDS, "http", "ws-pong-seconds", "8", 1, 3600, NULL,
        N_("How long a WebSocket client may take to answer a ping")),

  TEXT ("broker", "plugin", "local", NULL,
        N_("Which broker plugin to use")),
  TEXT ("broker", "hard-examples-topic", "hard-examples", "HARD_EXAMPLES_TOPIC",
        N_("Topic that examples are taken from")),
  TEXT ("broker", "labeled-examples-topic", "labeled-examples", "LABELED_EXAMPLES_TOPIC",
        N_("Topic that labelled examples go to")),
  TEXT ("broker", "events-topic", "annotation.events", NULL,
        N_("Topic that skips, deletions and erasures go to")),
  TEXT ("broker", "dead-letter-topic", "hard-examples.dlq", NULL,
        N_("Topic that messages which can never be stored go to")),
  NUMBER (INTEGER, "broker", "batch-size", "500", 1, 10000, NULL,
        N_("Most messages stored in one transaction")),
  NUMBER (INTEGER, "broker", "batch-milliseconds", "20", 0, 10000, NULL,
        N_("How long a batch may wait to fill up, in milliseconds")),

  TEXT ("state", "plugin", "memory", NULL,
        N_("Which state plugin to use")),

  TEXT ("store", "plugin", "sqlite", NULL,
        N_("Which store plugin to use")),

  LIST ("annotation", "labels", "",
        N_("Classes offered to annotators, in this order; classes of the examples are offered too")),
  NUMBER (SECONDS, "annotation", "lease-seconds", "300", 5, 86400, NULL,
        N_("How long an example stays with a person whose page no longer renews it")),
  NUMBER (INTEGER, "annotation", "max-skips", "3", 1, 1000, NULL,
        N_("At how many skips an example is put aside")),
  NUMBER (INTEGER, "annotation", "page-size", "20", 1, 500, "ANNOTATION_PAGE_SIZE",
        N_("Examples on a page of the list unless the client says otherwise")),
  CHOICE ("annotation", "publish-frames", "inline", publish_frames,
        N_("Whether labelled examples carry the frame itself or its URL and hash")),
  NUMBER (INTEGER, "annotation", "retry-attempts", "5", 1, 1000000, "MAX_RETRY_ATTEMPTS",
        N_("At how many failures the delay before the next try of a message that the broker refuses grows no more; it "
           "waits there for an administrator, too")),
  NUMBER (SECONDS, "annotation", "retry-interval", "30", 1, 86400, "RETRY_INTERVAL_SECONDS",
        N_("Delay before the next try of a failed publication; of a message that the broker refuses it doubles with "
           "every further one")),

  NUMBER (SECONDS, "auth", "token-lifetime", "28800", 60, 2592000, NULL,
        N_("How long a sign-in lasts")),
  SECRET ("auth", "secret", "JWT_SECRET_KEY",
        N_("Key that signs sessions, the same for all instances, 32 bytes or more; unset: made once and kept in the "
           "store")),
  TEXT ("auth", "secret-file", NULL, NULL,
        N_("File whose first line is that key; a name without a slash is a systemd credential")),

  RATE ("limits", "login", "20/min",
        N_("Sign-in attempts per address")),
  RATE ("limits", "label", "120/min",
        N_("Submitted annotations and skips per account")),
  RATE ("limits", "deletion", "5/h",
        N_("Data-subject deletions per account")),
  RATE ("limits", "default", "600/min",
        N_("All other requests, per account or address")),
  NUMBER (SIZE, "limits", "frame-bytes", "8M", KIB, 256 * MIB, NULL,
        N_("Largest decoded frame")),
  NUMBER (SIZE, "limits", "message-bytes", "12M", KIB, 512 * MIB, NULL,
        N_("Largest example as it comes")),
  NUMBER (INTEGER, "limits", "detections", "2000", 1, 100000, NULL,
        N_("Most detections in one example")),
  NUMBER (INTEGER, "limits", "json-depth", "32", 4, 128, NULL,
        N_("Deepest nesting of a JSON document")),

  FLAG ("health", "require-partitions", "true",
        N_("Whether an instance whose consumer holds no partition reports that it is not ready")),

  NUMBER (INTEGER, "retention", "completed-days", "0", 0, 36500, NULL,
        N_("After how many days finished examples are removed; 0: never")),
  NUMBER (INTEGER, "retention", "erase-frames-days", "0", 0, 36500, NULL,
        N_("After how many days the frames of finished examples are removed; 0: never")),

  {.group = NULL},
};
/* clang-format on */

/**
 * annot_core_options:
 *
 * Returns: (transfer none): the core's table; it ends with an entry whose group is %NULL
 */
const AnnotOption *
annot_core_options (void)
{
  return core_options;
}
