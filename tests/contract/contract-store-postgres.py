#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The contract of a store, kept by the postgres plugin in each way that a server can be reached."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

# pylint: disable=wrong-import-position
from annotationd_harness import Tap
from contract_runner import run_contract
from servers import Certificates, PgBouncer, Postgres, Unavailable
from servers.postgres import PASSWORD

# Where only the way to the server differs, what uses it in every way is enough.
ESSENTIAL = [f"/store/postgres/{name}" for name in
             ("examples/round-trip", "examples/frame", "examples/concurrent-batches", "examples/health",
              "lists/filters", "annotations/under-lease", "outbox/inline-frame", "accounts", "life")]


def run(tap, server, variant, settings, only=(), suite="contract-store"):
    reset = (f"{server.psql} -X -q -v ON_ERROR_STOP=1 -d '{server.socket_conninfo()}' -o /dev/null "
             "-c 'SET client_min_messages = warning' -c 'DROP SCHEMA IF EXISTS annotationd CASCADE'")
    run_contract(tap, suite, variant, {"postgres": settings}, only=only, env={"ANNOT_CONTRACT_RESET": reset},
                 plugin="postgres" if suite == "contract-store" else None)


def main():
    tap = Tap()
    try:
        certificates = Certificates()
        with Postgres(certificates=certificates) as server:
            run(tap, server, "unix socket", {"conninfo": server.socket_conninfo()})
            run(tap, server, "own", {"conninfo": server.socket_conninfo()}, suite="test-store-postgres")
            run(tap, server, "TLS, verified", {
                "conninfo": f"postgresql+asyncpg://postgres@localhost:{server.port}/postgres"
                            f"?ssl=verify-full&sslrootcert={certificates.ca}&hostaddr=127.0.0.1",
                "password": PASSWORD}, ESSENTIAL)
        with Postgres() as server, PgBouncer(server) as bouncer:
            run(tap, server, "PgBouncer in transaction mode",
                {"conninfo": server.url(port=bouncer.port), "prepared-statements": "false", "pool-max": 4})
    except Unavailable as reason:
        tap.skip("postgres", reason)
    tap.done()


if __name__ == "__main__":
    main()
