#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The contract of a state, kept by the redis plugin in each way that a server can be reached."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

# pylint: disable=wrong-import-position
from annotationd_harness import Tap
from contract_runner import run_contract
from servers import Certificates, Redis, Sentinel, Unavailable

# What docs/contracts.md lists, and not one command more.
RULES = ("resetkeys resetchannels ~site-a:* ~websocket:connection_count &site-a:* &websocket:new_example -@all "
         "+auth +client|setname +del +eval +evalsha +get +hget +hmget +hset +info +pexpire +ping +publish +role +select +set "
         "+subscribe +time +zadd +zcard +zrange +zrangebyscore +zrem +zremrangebyscore +zscore")

# Where only the way to the server differs, what uses it in every way is enough.
ESSENTIAL = ["/state/publish", "/state/presence/numbers", "/state/retry/order", "/state/rate/burst", "/state/health",
             "/state/reopen"]


# A suite under valgrind, on a busy machine, is slow to greet.
PATIENCE = {"connect-timeout": 60, "command-timeout": 60}


def run(tap, variant, settings, only=()):
    run_contract(tap, "contract-state", variant, {"redis": {**PATIENCE, **settings}}, plugin="redis", only=only)


def plain(tap):
    with Redis() as server:
        run(tap, "plain", {"url": server.url()})
        run(tap, "unix socket", {"url": f"unix://{server.socket}?db=1"}, ESSENTIAL)


def least_rights(tap):
    with Redis(user=("annotationd", "only-a-test", RULES)) as server:
        run(tap, "account, prefix", {"url": server.url(database=2, scheme="redis"), "prefix": "site-a:"})


def encrypted(tap):
    certificates = Certificates()
    with Redis(password="only-a/test@:", certificates=certificates,
               settings=["tls-auth-clients yes"]) as server:
        run(tap, "TLS, certificate, password",
            {"url": f"rediss://localhost:{server.port}", "password": server.password, "tls-ca-file": certificates.ca,
             "tls-certificate": certificates.certificate("client"), "tls-key": certificates.key("client")}, ESSENTIAL)


def by_sentinel(tap):
    with Redis(password="only-a-test") as server, Sentinel(server) as sentinel:
        run(tap, "Sentinel",
            {"url": f"redis://:{server.password}@", "sentinel-master": sentinel.name,
             "sentinels": f"127.0.0.1:1,127.0.0.1:{sentinel.port}"}, ESSENTIAL)


def main():
    tap = Tap()
    for variant in (plain, least_rights, encrypted, by_sentinel):
        try:
            variant(tap)
        except Unavailable as reason:
            tap.skip(variant.__name__, reason)
    tap.done()


if __name__ == "__main__":
    main()
