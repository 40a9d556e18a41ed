/* SPDX-License-Identifier: Apache-2.0 */
/* URLs of a Redis server: what is taken has a place to connect to that reads the same again, and says no password; what
 * is refused is told in one line. */
#include "../../plugins/redis/redis-address.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static void
check_again (const RedisAddress *address)
{
  g_autofree char *where = redis_address_describe (address);
  g_autoptr (GSocketConnectable) connectable = redis_address_to_connectable (address);
  g_autoptr (RedisAddress) again = NULL;

  if (!connectable || !where)
    abort ();
  if (address->path)
    return;
  again = redis_address_parse_host (where, 1, NULL);
  if (!again || again->port != address->port || strcmp (again->host, address->host) != 0)
    abort ();
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autofree char *masked = annot_address_mask (text);
  g_autoptr (GError) error = NULL;
  g_autoptr (RedisAddress) address = redis_address_parse (text, &error);
  g_autoptr (RedisAddress) shown = NULL;

  if (!address) {
    if (!error || strchr (error->message, '\n'))
      abort ();
    return 0;
  }
  check_again (address);
  /* What is printed of it is the same place, with another password. */
  shown = redis_address_parse (masked, NULL);
  if (!shown || g_strcmp0 (shown->host, address->host) != 0 || g_strcmp0 (shown->path, address->path) != 0
      || (address->password && g_strcmp0 (shown->password, "(hidden)") != 0))
    abort ();
  return 0;
}
