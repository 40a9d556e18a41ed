/* SPDX-License-Identifier: Apache-2.0 */
/* Whether it lives, whether it can serve, and the older answer to both. */
#include "annot-answer.h"
#include "annot-router.h"

static void
get_healthz (AnnotRequest *request)
{
  GString *out = g_string_new ("{");

  annot_answer_text (out, "status", "healthy");
  annot_answer_time (out, "timestamp", g_get_real_time ());
  annot_request_set_header (request, "Cache-Control", "no-store");
  annot_answer_send (request, 200, out);
}

static void
get_readyz (AnnotRequest *request)
{
  AnnotHealthMonitor *health = annot_pipeline_get_health (annot_request_get_pipeline (request));
  gboolean ready = annot_health_monitor_is_ready (health);
  GString *out = g_string_new ("{");

  annot_answer_text (out, "status", ready ? "ready" : "not_ready");
  annot_answer_time (out, "timestamp", g_get_real_time ());
  annot_answer_raw (out, "checks", "");
  annot_health_monitor_append_checks (health, out);
  annot_request_set_header (request, "Cache-Control", "no-store");
  annot_answer_send (request, ready ? 200 : 503, out);
}

/* The shape that the older service answered; -1 pending where the store is away, as there. */
static void
get_health (AnnotRequest *request)
{
  AnnotPipeline *pipeline = annot_request_get_pipeline (request);
  AnnotHealthMonitor *health = annot_pipeline_get_health (pipeline);
  gboolean database = annot_health_monitor_is_healthy (health, ANNOT_PLUGIN_STORE);
  gboolean broker = annot_health_monitor_is_healthy (health, ANNOT_PLUGIN_BROKER);
  gint64 pending = database ? annot_notifier_get_pending (annot_pipeline_get_notifier (pipeline)) : -1;
  g_autoptr (GString) details = g_string_new ("{");
  GString *out = g_string_new ("{");

  annot_answer_time (details, "timestamp", g_get_real_time ());
  annot_answer_text (details, "version", PACKAGE_VERSION);
  annot_answer_raw (details, "checks", "");
  annot_health_monitor_append_checks (health, details);
  g_string_append_c (details, '}');

  annot_answer_text (out, "status", database && broker ? "healthy" : "unhealthy");
  annot_answer_text (out, "service", annot_config_get_string (annot_request_get_config (request), "service", "name"));
  annot_answer_boolean (out, "database_connected", database);
  annot_answer_boolean (out, "kafka_connected", broker);
  annot_answer_int (out, "pending_examples", pending);
  annot_answer_raw (out, "details", details->str);
  annot_request_set_header (request, "Cache-Control", "no-store");
  annot_answer_send (request, database && broker ? 200 : 503, out);
}

const AnnotRoute annot_health_routes[] = {
  { "GET", "/healthz", 0, TRUE, ANNOT_RATE_NONE, ANNOT_BODY_NONE, get_healthz, "Say that the service lives" },
  { "GET", "/readyz", 0, TRUE, ANNOT_RATE_NONE, ANNOT_BODY_NONE, get_readyz,
    "Say whether the service can serve, and why not" },
  { "GET", "/health", 0, TRUE, ANNOT_RATE_NONE, ANNOT_BODY_NONE, get_health, "Say both in the older shape" },
  { NULL, NULL, 0, FALSE, ANNOT_RATE_NONE, ANNOT_BODY_NONE, NULL, NULL },
};
