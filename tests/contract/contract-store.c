/* SPDX-License-Identifier: Apache-2.0 */
/* The store contract for one plugin: contract-store [PLUGIN], `sqlite` by default. */
#include "store-contract.h"

#include "annot-test-backend.h"

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
  store_contract_add_all (plugin);
  return g_test_run ();
}
