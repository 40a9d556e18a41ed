/* SPDX-License-Identifier: Apache-2.0 */
/* annotationctl status: how it is, in a few numbers. */
#include "annot-ctl-http.h"
#include "annot-ctl-output.h"

static gboolean
show_remote (AnnotCtl *ctl, GError **error)
{
  g_autoptr (JsonNode) health = annot_ctl_call (ctl, "GET", "/health", NULL, NULL, error);
  g_autoptr (JsonNode) stats = NULL;
  JsonObject *object;

  if (!health)
    return FALSE;
  if (!ctl->token || !JSON_NODE_HOLDS_OBJECT (health)) {
    if (JSON_NODE_HOLDS_OBJECT (health))
      annot_ctl_print_object (ctl, json_node_get_object (health));
    return TRUE;
  }
  stats = annot_ctl_call (ctl, "GET", "/api/v1/stats", NULL, NULL, error);
  if (!stats)
    return FALSE;
  object = json_node_get_object (health);
  if (JSON_NODE_HOLDS_OBJECT (stats)) {
    static const char *const members[] = { "pending", "leased", "completed", "skipped", "retry_queue_size" };

    for (guint i = 0; i < G_N_ELEMENTS (members); i++) {
      JsonNode *member = json_object_get_member (json_node_get_object (stats), members[i]);

      if (member)
        json_object_set_member (object, members[i], json_node_copy (member));
    }
  }
  annot_ctl_print_object (ctl, object);
  return TRUE;
}

static gboolean
show_store (AnnotCtl *ctl, GError **error)
{
  AnnotStore *store = annot_ctl_open_store (ctl, error);
  g_autoptr (GAsyncResult) counted = NULL;
  g_autoptr (GAsyncResult) placed = NULL;
  g_autoptr (AnnotStats) stats = NULL;
  g_autoptr (AnnotPosition) position = NULL;
  g_autoptr (JsonObject) object = json_object_new ();

  if (!store)
    return FALSE;
  annot_store_get_stats (store, NULL, annot_ctl_done, &counted);
  stats = annot_store_get_stats_finish (store, annot_ctl_wait (&counted), error);
  if (!stats)
    return FALSE;
  annot_store_get_position (store, NULL, annot_ctl_done, &placed);
  position = annot_store_get_position_finish (store, annot_ctl_wait (&placed), error);
  if (!position)
    return FALSE;
  json_object_set_string_member (object, "store", annot_config_get_string (ctl->config, "store", "plugin"));
  json_object_set_string_member (object, "epoch", position->epoch);
  json_object_set_int_member (object, "seq", position->seq);
  json_object_set_int_member (object, "pending", stats->pending);
  json_object_set_int_member (object, "leased", stats->leased);
  json_object_set_int_member (object, "completed", stats->completed);
  json_object_set_int_member (object, "skipped", stats->skipped);
  json_object_set_int_member (object, "outgoing", stats->outgoing);
  json_object_set_int_member (object, "retry_queue_size", stats->retrying);
  annot_ctl_print_object (ctl, object);
  return TRUE;
}

static gboolean
run_status (AnnotCtl *ctl, int argc, char **argv, GError **error)
{
  if (!annot_ctl_parse (annot_ctl_status_commands, &argc, &argv, NULL, NULL, 0, 0, error))
    return FALSE;
  return ctl->url ? show_remote (ctl, error) : show_store (ctl, error);
}

const AnnotCtlCommand annot_ctl_status_commands[] = {
  { "status", NULL, N_ ("Show how many examples stand where"), run_status },
  { NULL, NULL, NULL, NULL },
};
