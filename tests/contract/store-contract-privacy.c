#include "store-contract.h"
void
store_contract_add_privacy (const char *plugin)
{
}
