/* SPDX-License-Identifier: Apache-2.0 */
/* librdkafka's log lines in the daemon's log. */
#include "kafka-log.h"

#include <syslog.h>

#define PERIOD (30 * G_USEC_PER_SEC)
#define BOUND 10

/* These repeat what an error event says, which is reported with a remedy. CONFWARN: one table of properties serves the
 * consumer and the producer, and each remarks on the other's. AUTOCREATE: a server older than all that are supported.
 */
static gboolean
is_repetition (const char *facility)
{
  static const char *const facilities[] = { "FAIL", "ERROR", "FATAL", "CONFWARN", "AUTOCREATE", "GETPID", NULL };

  return facility && g_strv_contains (facilities, facility);
}

static GLogLevelFlags
map_level (int level, const char *facility)
{
  if (level >= LOG_DEBUG)
    return G_LOG_LEVEL_DEBUG;
  if (level == LOG_INFO || is_repetition (facility))
    return G_LOG_LEVEL_INFO;
  return level == LOG_NOTICE ? G_LOG_LEVEL_MESSAGE : G_LOG_LEVEL_WARNING;
}

/* A cluster that is away must not fill the log. */
static gboolean
may_say (KafkaLog *self, guint *suppressed)
{
  gint64 now = g_get_monotonic_time ();

  if (!self->since || now - self->since >= PERIOD) {
    self->since = now;
    self->said = 0;
  }
  if (self->said >= BOUND) {
    self->suppressed++;
    return FALSE;
  }
  self->said++;
  *suppressed = self->suppressed;
  self->suppressed = 0;
  return TRUE;
}

void
kafka_log_event (KafkaLog *self, const char *what, rd_kafka_event_t *event)
{
  const char *facility = NULL;
  const char *text = NULL;
  int level = LOG_DEBUG;
  GLogLevelFlags flags;
  guint suppressed = 0;

  if (rd_kafka_event_log (event, &facility, &text, &level) != 0)
    return;
  flags = map_level (level, facility);
  if (flags & (G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG))
    g_log (G_LOG_DOMAIN, flags, "kafka: %s: %s: %s", what, facility, text);
  else if (may_say (self, &suppressed) && suppressed > 0)
    g_log (G_LOG_DOMAIN, flags, "kafka: %s: %s: %s (%u lines before it left out)", what, facility, text, suppressed);
  else if (self->suppressed == 0)
    g_log (G_LOG_DOMAIN, flags, "kafka: %s: %s: %s", what, facility, text);
}
