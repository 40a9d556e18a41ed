#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The contract of brokers, kept by the plugin `kafka` on real clusters and on librdkafka's mock of one."""

import os
import secrets
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

# pylint: disable=wrong-import-position
from annotationd_harness import BUILD_DIR, Tap
from contract_runner import run_contract
from servers import Certificates, Kafka, MockKafka, Unavailable, librdkafka_version

# At least as many as the suite has tests.
TOPICS = 20
USER = "annotationd"
PASSWORD = secrets.token_hex(12)

# Where only the way to the cluster differs, what uses it in every way is enough.
ESSENTIAL = ["/broker/order-and-offsets", "/broker/restart/in-the-middle", "/broker/flush/many", "/broker/health"]


class Later:
    """Results that are told when those before them have been."""

    def __init__(self):
        self.calls = []

    def ok(self, condition, name, detail=None):
        self.calls.append(("ok", condition, name, detail))
        return bool(condition)

    def skip(self, name, reason):
        self.calls.append(("skip", name, reason))

    def tell(self, tap):
        for name, *arguments in self.calls:
            getattr(tap, name)(*arguments)


def run(tap, variant, cluster, settings=None, only=()):
    """The suite, with topics of its own."""
    topics = [f"contract-{secrets.token_hex(6)}" for _ in range(TOPICS)]
    cluster.create_topics(topics)
    run_contract(tap, "contract-broker", variant,
                 {"kafka": {"bootstrap-servers": cluster.bootstrap, "group-id": f"contract-{secrets.token_hex(6)}",
                            **(settings or {})}},
                 plugin="kafka", env={"ANNOT_CONTRACT_TOPICS": " ".join(topics)}, only=only)


def sasl(cluster, mechanism):
    return {"bootstrap-servers": cluster.clients, "security-protocol": "SASL_PLAINTEXT", "sasl-mechanism": mechanism,
            "sasl-username": USER, "sasl-password": PASSWORD}


def on_mock(tap, cluster):
    # Whoever joins waits there for three seconds, or for the session timeout of those who have left.
    with cluster:
        run(tap, "mock", cluster, {"session-timeout-ms": 4000, "heartbeat-interval-ms": 1000})


def on_newer(tap):
    with Kafka("4.1.1", sasl={USER: PASSWORD}) as cluster:
        run(tap, "4.1.1", cluster)
        run(tap, "4.1.1 PLAIN", cluster, sasl(cluster, "PLAIN"), ESSENTIAL)
        # tests/integration/test-kafka.py shows what the older one says.
        if librdkafka_version() >= (2, 6, 1):
            cluster.add_scram(USER)
            run(tap, "4.1.1 SCRAM", cluster, sasl(cluster, "SCRAM-SHA-256"), ESSENTIAL)
        else:
            tap.skip("4.1.1 SCRAM", "Kafka 4 takes the SCRAM of librdkafka 2.6.1 and later only")


def on_older(tap):
    with Kafka("3.9.1", sasl={USER: PASSWORD}) as cluster:
        run(tap, "3.9.1", cluster)
        cluster.add_scram(USER)
        run(tap, "3.9.1 SCRAM", cluster, sasl(cluster, "SCRAM-SHA-256"), ESSENTIAL)


def on_tls(tap):
    certificates = Certificates()
    with Kafka(certificates=certificates) as cluster:
        run(tap, "4.1.1 TLS", cluster,
            {"bootstrap-servers": cluster.clients, "security-protocol": "SSL", "ssl-ca-file": certificates.ca},
            ESSENTIAL)


PARTS = {"newer": on_newer, "TLS": on_tls, "older": on_older}


def attempt(tap, name, test, *arguments):
    try:
        test(tap, *arguments)
    except Unavailable as reason:
        tap.skip(f"the contract, {name}", str(reason))
    # pylint: disable-next=broad-exception-caught
    except Exception as error:
        tap.ok(False, f"the contract, {name}", repr(error))


def main():
    tap = Tap()
    if not os.path.exists(os.path.join(BUILD_DIR, "plugins", "kafka.la")):
        Tap.skip_all("the plugin kafka was not built")
    wanted = sys.argv[1:] or ["mock", *PARTS]
    # Which is mostly waiting.
    later = Later()
    beside = None
    if "mock" in wanted:
        beside = threading.Thread(target=attempt, args=(later, "mock", on_mock, MockKafka(3)), daemon=True)
        beside.start()
    for name in PARTS:
        if name in wanted:
            attempt(tap, name, PARTS[name])
    if beside is not None:
        beside.join()
        later.tell(tap)
    tap.done()


if __name__ == "__main__":
    main()
