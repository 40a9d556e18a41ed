#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Many instances as one, on PostgreSQL, Redis and Apache Kafka, configured by the older service's variables alone."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from annotationd_harness import Tap, example, find_program, is_within, wait_for  # noqa: E402
from cluster import GROUP, HARD, LABELED, Cluster  # noqa: E402
from servers import Unavailable  # noqa: E402
from servers.postgres import PASSWORD
from websocket_client import WebSocket, WebSocketClosed  # noqa: E402

PARTITIONS = 6
# The longest that Kafka waits for a member that says nothing.
SETTINGS = {"ANNOTATIOND_KAFKA_SESSION_TIMEOUT_MS": "6000", "ANNOTATIOND_KAFKA_HEARTBEAT_INTERVAL_MS": "1000"}

tap = Tap()


def described(cluster):
    """{client id: partitions} as Kafka's own tool tells it."""
    held = {}
    for row in cluster.kafka.describe_group(GROUP):
        if row["TOPIC"] == HARD and row["CLIENT-ID"] != "-":
            held.setdefault(row["CLIENT-ID"], []).append(int(row["PARTITION"]))
    return {name: sorted(partitions) for name, partitions in held.items()}


def told_by_instances(cluster, token):
    """{instance: (client id, partitions)} as each tells it of itself."""
    told = {}
    for item in cluster.running():
        client = item.client(token)
        info = client.get("/api/v1/scaling/info").json()
        check = client.get("/readyz").json()["checks"].get("kafka_consumer", {}).get("details", {})
        partitions = sorted(part for parts in info.get("consumer_assignments", {}).values() for part in parts)
        is_whole = check.get("assigned_partitions") == len(partitions)
        told[item.number] = (check.get("client_id", ""), partitions if is_whole else None)
    return told


def is_told_alike(cluster, token):
    """What Kafka and the instances tell, once that is the same: a rebalance may fall between two questions."""
    held, told = described(cluster), told_by_instances(cluster, token)
    return (held, told) if held == dict(told.values()) else None


def check_group(cluster):
    tap.ok(cluster.wait_spread(PARTITIONS) >= 0, "three instances have all partitions, none of them twice")
    # A member is known to the group from its first commit of an offset on.
    for number in range(PARTITIONS):
        cluster.kafka.produce(HARD, [example(f"warm-{number}-{item}") for item in range(10)], partition=number)
    client = cluster.instances[1].login("demo", cluster.password)
    agreed = wait_for(lambda: is_told_alike(cluster, client.token), 60, 0.5)
    held, told = agreed or (described(cluster), told_by_instances(cluster, client.token))
    tap.ok(len(held) == 3 and sorted(p for parts in held.values() for p in parts) == list(range(PARTITIONS)),
           "kafka-consumer-groups --describe says the same, each by a client id of its own", held)
    tap.ok(all(name.startswith("annotation-frontend-consumer-") for name in held),
           "a client id names service and instance", held)
    for number, (name, partitions) in told.items():
        tap.ok(name.endswith(f"-instance-{number}") and held.get(name) == partitions,
               f"instance {number} names the partitions that it holds", f"{held} {told}")
    metrics = client.get("/api/v1/kafka/metrics").json()
    tap.equal(metrics.get("group_id"), GROUP, "/api/v1/kafka/metrics names the group")
    lag = wait_for(lambda: client.get("/api/v1/kafka/metrics").json().get("lag") == 0, 10, 0.2)
    tap.ok(lag, "and its lag, which is 0 soon", client.get("/api/v1/kafka/metrics").json())
    scaling = wait_for(lambda: (lambda info: info if len(info.get("instances", [])) == 3 else None)(
        client.get("/api/v1/scaling/info").json()), 10, 0.2)
    tap.ok(scaling, "/api/v1/scaling/info knows three instances", client.get("/api/v1/scaling/info").json())


def check_rebalance(cluster):
    fresh, _ = cluster.scale(4)
    seconds = cluster.wait_spread(PARTITIONS, 30)
    tap.ok(seconds < 30, "a fourth gets its share")
    fresh[0].kill()
    began = time.monotonic()
    cluster.wait_spread(PARTITIONS, 40)
    took = time.monotonic() - began
    tap.ok(took < 20, "and when it is killed its share goes back to the others in bounded time", took)
    tap.diag(f"joined after {seconds:.1f} s, taken over after {took:.1f} s (session timeout 6 s)")


def check_pages(cluster):
    first, second, third = cluster.running()[:3]
    token = first.login("ann-1", cluster.password).token
    pages = {item.number: WebSocket(item.port, token=token) for item in (second, third)}
    for page in pages.values():
        page.receive_type("hello")
    held = wait_for(lambda: cluster.assignments().get(first.number), 30)
    cluster.kafka.produce(HARD, [example("shared-1", priority=1.0)], partition=held[0])
    for number, page in pages.items():
        heard = None
        while heard != "shared-1":
            heard = page.receive_type("new_example", 10)["example"]["event_id"]
        tap.equal(heard, "shared-1", f"what instance {first.number} consumed is shown by instance {number}")
    taken = first.client(token).post("/api/v1/examples/next", {"count": 1}).json()["examples"][0]
    tap.equal(taken["example"]["event_id"], "shared-1", "it is handed out by the first instance")
    other = second.login("ann-2", cluster.password)
    label = {"corrected_detections": [], "lease": taken["lease"]["token"]}
    tap.equal(other.post("/api/v1/examples/shared-1/label", label).status, 409, "somebody else's submit through the "
              "second is refused")
    answers = [item.client(token).post("/api/v1/examples/shared-1/label", label).status for item in (third, first)]
    tap.equal(answers, [200, 200], "its own through the third is taken, and the same again through the first")

    def published():
        return [message for message in cluster.kafka.consume(LABELED) if message.json()["event_id"] == "shared-1"]

    wait_for(published, 15, 0.3)
    time.sleep(1)
    messages = published()
    tap.equal(len(messages), 1, "it is published once")
    tap.ok(messages and messages[0].key == "cam-1" and messages[0].headers.get("id"), "with its key and id", messages)
    lead = messages[0].json()["lead_time_ms"] if messages else None
    tap.ok(lead is not None and 0 <= lead < 60000, "and the time from the lease by the first to the submit by the third",
           lead)
    for page in pages.values():
        page.close()


def check_sessions(cluster):
    first, second = cluster.running()[:2]
    client = first.login("ann-3", cluster.password)
    there = second.client(client.token)
    tap.equal(there.get("/api/v1/me").status, 200, "who signs in on one is signed in on another")
    with WebSocket(first.port, token=client.token) as page:
        page.receive_type("hello")
        tap.equal(there.post("/api/v1/logout", {}).status in (200, 204), True, "signs out on the other")
        ended = wait_for(lambda: client.get("/api/v1/me").status == 401, 3)
        tap.ok(ended, "which ends it on the first")
        try:
            while True:
                page.receive(5)
        except WebSocketClosed as closed:
            tap.ok(closed.code >= 3000, "its page too", closed)
        except TimeoutError:
            tap.ok(False, "its page too", "still open")


def check_counts(cluster):
    first, second, third = cluster.running()[:3]
    token = first.login("ann-4", cluster.password).token
    pages = [WebSocket(item.port, token=token) for item in (first, second, third, third)]
    tap.ok(wait_for(lambda: cluster.connection_count() == 4, 10), "websocket:connection_count is the live total",
           cluster.connection_count())
    third.kill()
    began = time.monotonic()
    tap.ok(is_within(lambda: cluster.connection_count() == 2, 13),
           "and right again 10 s after an instance with open pages was killed", cluster.connection_count())
    tap.diag(f"right after {time.monotonic() - began:.1f} s")
    for page in pages[:2]:
        page.close()
    third.start()
    cluster.wait_spread(PARTITIONS, 30)


def check_nothing_lost(cluster):
    """All this time nothing was stored twice or left out."""
    sent = {f"warm-{number}-{item}" for number in range(PARTITIONS) for item in range(10)} | {"shared-1"}

    def stored():
        rows = cluster.postgres.sql("SELECT event_id FROM annotationd.examples", "annotations").split()
        return rows if set(rows) >= sent else None

    rows = wait_for(stored, 10, 0.2) or []
    tap.equal(sorted(rows), sorted(sent), "every example is stored once")
    secrets = [cluster.redis.password, PASSWORD, cluster.password]
    leaks = [(item.number, secret[:3]) for item in cluster.instances for secret in secrets if secret in item.log()]
    tap.equal(leaks, [], "no log holds a secret")


def main():
    if find_program("annotationd") is None:
        Tap.skip_all("annotationd is not built")
    try:
        with Cluster(instances=3, partitions=PARTITIONS, settings=SETTINGS) as cluster:
            for check in (check_group, check_pages, check_sessions, check_rebalance, check_counts, check_nothing_lost):
                check(cluster)
    except Unavailable as reason:
        Tap.skip_all(reason)
    tap.done()


if __name__ == "__main__":
    main()
