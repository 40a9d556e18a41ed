#include "store-contract.h"
void
store_contract_add_outbox (const char *plugin)
{
}
