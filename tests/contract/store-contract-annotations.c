#include "store-contract.h"
void
store_contract_add_annotations (const char *plugin)
{
}
