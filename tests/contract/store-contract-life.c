#include "store-contract.h"
void
store_contract_add_life (const char *plugin)
{
}
