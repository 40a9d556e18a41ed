#include "store-contract.h"
void
store_contract_add_accounts (const char *plugin)
{
}
