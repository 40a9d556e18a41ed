/* SPDX-License-Identifier: Apache-2.0 */
/* The store contract for one plugin: contract-store [PLUGIN], `sqlite` by default. */
#include "store-contract.h"

#include "annot-test-backend.h"

static void
add_all (const char *plugin)
{
  store_contract_add_examples (plugin);
  store_contract_add_lists (plugin);
  store_contract_add_leases (plugin);
  store_contract_add_annotations (plugin);
  store_contract_add_outbox (plugin);
  store_contract_add_accounts (plugin);
  store_contract_add_privacy (plugin);
  store_contract_add_life (plugin);
  store_contract_add_copy (plugin);
}

int
main (int argc, char **argv)
{
  const char *plugin;

  g_test_init (&argc, &argv, NULL);
  plugin = argc > 1 ? argv[1] : "sqlite";
  if (!annot_test_backend_is_built (ANNOT_PLUGIN_STORE, plugin)) {
    g_print ("1..0 # SKIP the plugin %s is not built\n", plugin);
    return 0;
  }
  add_all (plugin);
  return g_test_run ();
}
