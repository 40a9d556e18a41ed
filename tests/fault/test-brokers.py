#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a Kafka cluster of several brokers does to its clients: leaders and coordinators that move, brokers that go, requests
that fail, partitions that go while nothing is fetched. librdkafka's mock cluster does each of them on demand."""

import os
import re
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

# pylint: disable=wrong-import-position
from annotationd_harness import Daemon, Tap, example, wait_for
from servers import MockKafka, Unavailable

PASSWORD = "correct horse battery"
# Numbers of requests in Kafka's protocol.
PRODUCE, OFFSET_COMMIT, INIT_PRODUCER_ID = 0, 8, 22

tap = Tap()


def start(cluster, name, **kafka):
    """An instance in a group of its own, on topics of its own; make_topics() before."""
    daemon = Daemon({"broker": {"plugin": "kafka", "hard-examples-topic": f"{name}-in",
                                "labeled-examples-topic": f"{name}-out", "events-topic": f"{name}-events",
                                "dead-letter-topic": f"{name}-dead"},
                     "kafka": {"bootstrap-servers": cluster.bootstrap, "group-id": name, "session-timeout-ms": 6000,
                               "heartbeat-interval-ms": 1000, **kafka},
                     "annotation": {"retry-interval": 1}})
    daemon.add_user("ann", PASSWORD, ["annotator", "admin"])
    return daemon.start()


def make_topics(cluster, name, partitions=1):
    cluster.create_topics([f"{name}-{what}" for what in ("in", "out", "events", "dead")], partitions)


def figures(daemon, name):
    """{labels: value} of a metric."""
    client = daemon.client()
    text = client.get("/metrics").body.decode()
    client.close()
    return {labels: float(value) for labels, value in re.findall(rf"^annotationd_{name}(\S*) (\S+)$", text, re.M)}


def figure(daemon, name):
    return sum(figures(daemon, name).values())


def stored(*daemons):
    ids = set()
    for daemon in daemons:
        connection = sqlite3.connect(f"file:{daemon.config['sqlite']['path']}?mode=ro", uri=True, timeout=10)
        ids.update(row[0] for row in connection.execute("SELECT event_id FROM examples"))
        connection.close()
    return ids


def label(daemon):
    """Labels the next example; its id."""
    client = daemon.login("ann", PASSWORD)
    item = client.post("/api/v1/examples/next", {"count": 1}).json()["examples"][0]
    event_id = item["example"]["event_id"]
    answer = client.post(f"/api/v1/examples/{event_id}/label",
                         {"corrected_detections": [], "lease": item["lease"]["token"]})
    if answer.status != 200:
        raise AssertionError(f"label: {answer!r}")
    return event_id


def published(cluster, name):
    return [message.json()["event_id"] for message in cluster.consume(f"{name}-out")]


def test_pause_and_rebalance(cluster):
    """A partition that goes while the store is away is read on when it is back."""
    make_topics(cluster, "pause", 2)
    with start(cluster, "pause") as first:
        tap.ok(wait_for(lambda: figure(first, "consumer_partitions") == 2, 20), "one instance has both partitions")
        for partition in (0, 1):
            cluster.produce("pause-in", [example(f"before-{partition}")], partition=partition)
        tap.ok(wait_for(lambda: len(stored(first)) == 2, 10), "it reads both", stored(first))
        with sqlite3.connect(first.config["sqlite"]["path"], isolation_level=None) as lock:
            lock.execute("BEGIN IMMEDIATE")
            cluster.produce("pause-in", [example("held-0")], partition=0)
            cluster.produce("pause-in", [example("held-1")], partition=1)
            tap.ok(wait_for(lambda: figure(first, "ingest_paused") == 1, 30), "intake is paused while the store is away")
            time.sleep(1)
            for partition in (0, 1):
                cluster.produce("pause-in", [example(f"more-{partition}-{i}") for i in range(50)], partition=partition)
            tap.ok(wait_for(lambda: figure(first, "consumer_lag") >= 100, 10), "the lag grows meanwhile",
                   figures(first, "consumer_lag"))
            with start(cluster, "pause") as second:
                tap.ok(wait_for(lambda: figure(first, "consumer_partitions") == figure(second, "consumer_partitions") == 1,
                                60), "a second instance gets one of them")
                lock.execute("ROLLBACK")
                wanted = stored(first) | {"held-0", "held-1"} | {f"more-{p}-{i}" for p in (0, 1) for i in range(50)}
                tap.ok(wait_for(lambda: stored(first, second) == wanted, 20), "both together store all",
                       wanted - stored(first, second))
                second.stop()
        tap.ok(wait_for(lambda: figure(first, "consumer_partitions") == 2, 30), "the first has both again")
        for partition in (0, 1):
            cluster.produce("pause-in", [example(f"after-{partition}-{i}") for i in range(20)], partition=partition)
        wanted = {f"after-{p}-{i}" for p in (0, 1) for i in range(20)}
        tap.ok(wait_for(lambda: wanted <= stored(first), 15), "and reads both", wanted - stored(first))
        tap.ok(wait_for(lambda: figure(first, "consumer_lag") == 0, 5), "to the end", figures(first, "consumer_lag"))


def test_fatal_producer(cluster):
    """A producer that is refused for good is made anew, and what it had is sent."""
    make_topics(cluster, "fatal")
    cluster.produce("fatal-in", [example(f"fatal-{i}") for i in range(3)])
    with start(cluster, "fatal") as daemon:
        first = wait_for(lambda: stored(daemon) and label(daemon), 20)
        tap.ok(wait_for(lambda: published(cluster, "fatal") == [first], 15), "an annotation is published")
        cluster.ask(f"fail {PRODUCE} OUT_OF_ORDER_SEQUENCE_NUMBER")
        second = label(daemon)
        tap.ok(wait_for(lambda: "the producer is made anew" in daemon.log(), 30), "a producer fails for good",
               daemon.log()[-1500:])
        began = time.monotonic()
        tap.ok(wait_for(lambda: set(published(cluster, "fatal")) == {first, second}, 30), "what it had is published",
               f"{published(cluster, 'fatal')}\n{daemon.log()[-1500:]}")
        tap.ok(time.monotonic() - began < 5, "within five seconds, by another one", time.monotonic() - began)
        cluster.ask(f"fail {INIT_PRODUCER_ID} CLUSTER_AUTHORIZATION_FAILED")
        cluster.ask(f"fail {PRODUCE} OUT_OF_ORDER_SEQUENCE_NUMBER")
        third = label(daemon)
        tap.ok(wait_for(lambda: set(published(cluster, "fatal")) == {first, second, third}, 40),
               "so is what one had whose successor failed, too", daemon.log()[-1500:])
        tap.ok(wait_for(daemon.ready, 10), "and it is ready")


def move_all(broker):
    """As the controller does when another broker goes."""
    return [f"coordinator moves {broker}", *[f"leader moves-{topic} {p} {broker}" for topic in ("in", "out", "events", "dead")
                                             for p in range(3)]]


def test_moves(cluster):
    """Leaders, coordinators and brokers change under load."""
    make_topics(cluster, "moves", 3)
    sent = set()

    def produce(count):
        names = [f"moves-{len(sent) + i}" for i in range(count)]
        for number, name in enumerate(names):
            cluster.produce("moves-in", [example(name)], partition=number % 3)
        sent.update(names)

    with start(cluster, "moves") as daemon:
        produce(6)
        tap.ok(wait_for(lambda: stored(daemon) == sent, 20), "it reads", sent - stored(daemon))
        for what, commands, undo in (
                ("leaders move", [f"leader moves-in {p} {p % 3 + 1}" for p in range(3)], []),
                ("the coordinator moves", ["coordinator moves 2"], []),
                ("a commit is refused", [f"fail {OFFSET_COMMIT} NOT_COORDINATOR REQUEST_TIMED_OUT"],
                 [f"clear {OFFSET_COMMIT}"]),
                *((f"broker {gone} is restarted", move_all(gone % 3 + 1) + [f"down {gone}"], [f"up {gone}"])
                  for gone in (1, 2, 3))):
            for command in commands:
                cluster.ask(command)
            produce(6)
            tap.ok(wait_for(lambda: stored(daemon) == sent, 30), f"{what}: it reads on", sent - stored(daemon))
            done = label(daemon)
            tap.ok(wait_for(lambda: done in published(cluster, "moves"), 30), f"{what}: it publishes",  # pylint: disable=cell-var-from-loop
                   daemon.log()[-1500:])
            for command in undo:
                cluster.ask(command)
        tap.ok(wait_for(daemon.ready, 15), "it is ready in the end", daemon.log()[-1500:])
        daemon.stop()
    with start(cluster, "moves") as daemon:
        tap.ok(wait_for(lambda: figure(daemon, "consumer_partitions") == 3, 20), "another instance has the partitions")
        produce(3)
        tap.ok(wait_for(lambda: len(stored(daemon)) >= 3, 20), "and reads", stored(daemon))
        tap.equal(stored(daemon) - {f"moves-{len(sent) - i}" for i in (1, 2, 3)}, set(), "from where the one before it has committed")


def main():
    chosen = sys.argv[1:]
    tests = [test_pause_and_rebalance, test_fatal_producer, test_moves]
    try:
        for test in tests:
            if not chosen or test.__name__[5:] in chosen:
                with MockKafka(3) as cluster:
                    test(cluster)
    except Unavailable as reason:
        tap.skip("a cluster of several brokers", str(reason))
    tap.done()


if __name__ == "__main__":
    main()
