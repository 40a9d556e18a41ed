/* SPDX-License-Identifier: Apache-2.0 */
/* Connection strings: what is accepted, which servers they name, and how they are called. */
#pragma once

#include "postgres-settings.h"

G_BEGIN_DECLS

/* Returns: (transfer full): the string as libpq takes it: `postgres+driver://` loses its driver, and `ssl=` of drivers'
 * URLs becomes `sslmode=` */
char *postgres_address_normalise (const char *text);
/* Each may be NULL. */
PostgresHost *postgres_host_new (const char *name, const char *address, const char *port);
void postgres_host_free (PostgresHost *host);
/* Fills hosts, label and role of settings from its conninfo. Returns: FALSE when libpq does not understand it */
gboolean postgres_address_parse (PostgresSettings *settings);

G_END_DECLS
