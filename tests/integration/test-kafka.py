#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The daemon on a real Kafka cluster: the work itself, instances that share it, and what goes on when things fail."""

import http.client
import os
import re
import secrets
import subprocess
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

# pylint: disable=wrong-import-position
from annotationd_harness import Daemon, Tap, example, free_port, wait_for
from servers import Certificates, Kafka, Unavailable, librdkafka_version

PASSWORD = "correct horse battery"
SASL_PASSWORD = "never-to-be-printed"
# Two are promised; what else a busy machine does comes to it.
TRUTH_SECONDS = 3.5
tap = Tap()


def topics_of(name):
    return [f"{name}-in", f"{name}-out", f"{name}-events", f"{name}-dead"]


def make_topics(cluster, name, partitions=1, without=()):
    cluster.create_topics([topic for topic in topics_of(name) if topic not in without], partitions)


def instance(cluster, name, user=True, **kafka):
    """A daemon with a store of its own on the topics and in the group of that name."""
    given, labeled, events, dead = topics_of(name)
    daemon = Daemon({"broker": {"plugin": "kafka", "hard-examples-topic": given, "labeled-examples-topic": labeled,
                                "events-topic": events, "dead-letter-topic": dead},
                     "kafka": {"bootstrap-servers": cluster.clients, "group-id": name, **kafka},
                     "annotation": {"retry-interval": 1}})
    if user:
        daemon.add_user("ann", PASSWORD, ["annotator", "admin"])
    return daemon


def readiness(daemon):
    """Status and body of /readyz, 0 while nobody listens."""
    client = daemon.client(timeout=3)
    try:
        answer = client.get("/readyz")
        return answer.status, answer.json()
    except (OSError, http.client.HTTPException):
        return 0, {}
    finally:
        client.close()


def check_of(daemon):
    return readiness(daemon)[1].get("checks", {}).get("kafka_consumer", {})


def details_of(daemon):
    return check_of(daemon).get("details", {})


def turns(daemon, status, timeout):
    """How long until /readyz answers so, None when it does not."""
    began = time.monotonic()
    if wait_for(lambda: readiness(daemon)[0] == status, timeout):
        return time.monotonic() - began
    return None


def counter(daemon, name):
    client = daemon.client()
    text = client.get("/metrics").body.decode()
    client.close()
    match = re.search(rf"^annotationd_{name} (\S+)$", text, re.M)
    return int(float(match.group(1))) if match else None


def stored(daemon):
    return counter(daemon, "ingest_stored_total")


def stored_ids(daemon):
    with sqlite3.connect(f"file:{daemon.config['sqlite']['path']}?mode=ro", uri=True, timeout=10) as connection:
        return {row[0] for row in connection.execute("SELECT event_id FROM examples")}


def label_next(client, notes=None):
    """Takes an example and answers it; its id."""
    answer = client.post("/api/v1/examples/next", {"count": 1})
    if answer.status != 200:
        return None
    item = answer.json()["examples"][0]
    name = item["example"]["event_id"]
    done = client.post(f"/api/v1/examples/{name}/label",
                       {"corrected_detections": [], "quality_score": 0.9, "notes": notes,
                        "lease": item["lease"]["token"]})
    return name if done.status == 200 else None


def lines_about(daemon, text):
    return [line for line in daemon.log().splitlines() if text in line]


def test_loop(cluster):
    """The topic is not there at first: that is told, and found when it is."""
    make_topics(cluster, "loop", 2, without=["loop-in"])
    with instance(cluster, "loop") as daemon:
        daemon.start(wait=False)
        tap.ok(turns(daemon, 503, 10) is not None, "not ready without the topic")
        tap.ok(wait_for(lambda: "create the topic" in details_of(daemon).get("error", ""), 10),
               "/readyz says that it is missing", check_of(daemon))
        tap.ok(wait_for(lambda: len(lines_about(daemon, "loop-in")) == 1, 10), "the log says so in a line",
               daemon.log()[-2000:])
        # The health of a cluster that answers, but no partition: both have to be seen.
        cluster.create_topic("loop-in", 2)
        took = turns(daemon, 200, 15)
        tap.ok(took is not None, "ready when it has been made and a partition assigned", readiness(daemon))
        Tap.diag(f"a topic that is made is found after {took or 0:.1f} s")
        wanted = {"group_id": "loop", "consumer_assigned": True, "assigned_partitions": 2, "brokers_up": 1}
        tap.ok(wait_for(lambda: wanted.items() <= details_of(daemon).items(), 3), "/readyz names group and partitions",
               details_of(daemon))
        tap.ok(wait_for(lambda: details_of(daemon).get("client_id", "").startswith("annotation-frontend-consumer-"), 3),
               "and the client", details_of(daemon))
        cluster.produce("loop-in", [example(f"e{i}", priority=0.5) for i in range(20)], key="cam-1")
        tap.ok(wait_for(lambda: stored(daemon) == 20, 10), "what is produced is stored", stored(daemon))
        ann = daemon.login("ann", PASSWORD)
        named = label_next(ann)
        tap.ok(named is not None, "it is shown and labelled", daemon.log()[-2000:])
        tap.ok(wait_for(lambda: len(cluster.consume("loop-out")) == 1, 10), "the labelled one goes out")
        sent = cluster.consume("loop-out")[0]
        tap.ok(sent.json()["event_id"] == named and sent.key == "cam-1" and sent.headers.get("id")
               and sent.headers.get("content-type") == "application/json"
               and sent.json()["source"]["topic"] == "loop-in", "with key, headers and source", sent.headers)
        metrics = ann.get("/api/v1/kafka/metrics").json()
        tap.ok(metrics["consumer_group"] == "loop" and metrics["partition_assignments"] == {"loop-in": [0, 1]}
               and metrics["connection_status"] == "connected" and metrics["produced"] >= 1, "figures of the group",
               metrics)
        tap.ok(wait_for(lambda: details_of(daemon).get("lag") == 0, 5), "nothing is behind", check_of(daemon))
        skipped = ann.post("/api/v1/examples/next", {"count": 1}).json()["examples"][0]
        name = skipped["example"]["event_id"]
        ann.post(f"/api/v1/examples/{name}/skip", {"reason": "blurred", "lease": skipped["lease"]["token"]})
        tap.ok(wait_for(lambda: len(cluster.consume("loop-events")) == 1, 10), "a skip is an event")
        event = cluster.consume("loop-events")[0]
        tap.ok(event.key == name == event.json()["example_id"] and event.headers.get("id")
               and event.headers.get("content-type") == "application/json", "with key and headers",
               f"{event!r} {event.headers}")
        tap.equal(daemon.stop(), 0, "it drains")
    offsets = cluster.offsets("loop")
    tap.equal(sum(offset for (topic, _), offset in offsets.items() if topic == "loop-in"), 20,
              "its offsets are committed")
    tap.equal(cluster.group("loop")["members"], [], "and the group is left")


def test_letters(cluster):
    """A message that can never be stored."""
    make_topics(cluster, "letters", without=["letters-dead"])
    with instance(cluster, "letters") as daemon:
        daemon.start()
        cluster.produce("letters-in", [example("good-1")])
        cluster.produce("letters-in", ["no JSON at all"], key="cam-7", headers={"trace": "abc", "null": None, "empty": ""})
        cluster.produce("letters-in", [example("good-2")])
        tap.ok(wait_for(lambda: stored(daemon) == 2, 10), "the good ones on both sides of it are stored")
        tap.ok(wait_for(lambda: lines_about(daemon, "letters-dead did not take"), 12), "no topic for dead letters",
               daemon.log()[-1500:])
        time.sleep(1.5)
        tap.equal(cluster.offsets("letters").get(("letters-in", 0)), 1, "the offset stays before it")
        cluster.create_topic("letters-dead")
        tap.ok(wait_for(lambda: cluster.offsets("letters").get(("letters-in", 0)) == 3, 30),
               "it goes on when there is one", cluster.offsets("letters"))
        letters = cluster.consume("letters-dead")
        tap.equal(len(letters), 1, "one dead letter")
        letter = letters[0]
        origin = cluster.consume("letters-in")[1]
        tap.ok(letter.value == "no JSON at all" and letter.key == "cam-7" and letter.timestamp == origin.timestamp > 0,
               "key, value and timestamp are untouched", f"{letter!r} {letter.timestamp} {origin.timestamp}")
        tap.equal({name: letter.headers.get(name, "none") for name in origin.headers},
                  {"trace": "abc", "null": None, "empty": ""}, "so are headers, a null and an empty one")
        prefix = "__connect.errors."
        tap.ok(letter.headers.get(prefix + "topic") == "letters-in" and letter.headers.get(prefix + "partition") == "0"
               and letter.headers.get(prefix + "offset") == "1" and letter.headers.get(prefix + "stage") == "parse"
               and letter.headers.get(prefix + "exception.message"), "where it came from, and why", letter.headers)
        tap.equal(daemon.stop(), 0, "it drains")
        cluster.set_offset("letters", "letters-in", 0, 0)
        daemon.start()
        tap.ok(wait_for(lambda: counter(daemon, "ingest_known_total") == 2, 10), "read again, they are known")
        tap.ok(wait_for(lambda: cluster.offsets("letters").get(("letters-in", 0)) == 3, 15) and stored(daemon) == 0,
               "and nothing is stored twice", cluster.offsets("letters"))


# What comes by a topic and is no example: value and key.
POISON = {
    "no text": (b'{"event_id":"\xff\xfe"}', "cam-1"), "no key": (b"[1, 2]", None),
    "deep": (b'{"event_id":"deep","a":' + b"[" * 60 + b"]" * 60 + b"}", "cam-1"),
    "huge": (b'{"event_id":"huge","a":"' + b"x" * 300000 + b'"}', "cam-1"),
}


def test_poison(cluster):
    make_topics(cluster, "poison")
    with instance(cluster, "poison", False) as daemon:
        daemon.config["limits"] = {"message-bytes": 200000, "frame-bytes": 100000}
        daemon.start()
        for value, key in POISON.values():
            cluster.produce("poison-in", [value], key=key)
        for key, null in (("cam-1", True), ("", True), ("cam-1", False)):
            cluster.produce_nothing("poison-in", key, null)
        cluster.produce("poison-in", [example("good")])
        offset = len(POISON) + 4
        tap.ok(wait_for(lambda: stored(daemon) == 1, 15), "a good one behind seven that are none is stored",
               daemon.log()[-1500:])
        tap.ok(wait_for(lambda: cluster.offsets("poison").get(("poison-in", 0)) == offset, 5), "their offsets are stored",
               cluster.offsets("poison"))
        given, letters = (cluster.consume_raw(topic) for topic in ("poison-in", "poison-dead"))
        tap.equal(letters, given[:-1], "each is a dead letter, key and value byte for byte")
        tap.equal(given[4:7], [(b"cam-1", None), (None, None), (b"cam-1", b"")], "among them nulls and an empty one")


# murmur2 as in org.apache.kafka.common.utils.Utils; https://github.com/aappleby/smhasher has the original.
def murmur2(data):
    mask = 0xffffffff
    value = (0x9747b28c ^ len(data)) & mask
    for at in range(0, len(data) - len(data) % 4, 4):
        part = int.from_bytes(data[at:at + 4], "little") * 0x5bd1e995 & mask
        part = (part ^ part >> 24) * 0x5bd1e995 & mask
        value = value * 0x5bd1e995 & mask ^ part
    rest = data[len(data) - len(data) % 4:]
    if rest:
        value = (value ^ int.from_bytes(rest, "little")) * 0x5bd1e995 & mask
    value = (value ^ value >> 13) * 0x5bd1e995 & mask
    return value ^ value >> 15


def test_keys(cluster):
    """A labelled example goes where Java's producers put its camera."""
    make_topics(cluster, "keys", 6)
    cameras = [f"camera-{number}" for number in range(12)]
    with instance(cluster, "keys") as daemon:
        daemon.start()
        cluster.produce("keys-in", [example(f"of-{camera}", camera_id=camera) for camera in cameras], partition=0)
        tap.ok(wait_for(lambda: stored(daemon) == len(cameras), 10), "examples of some cameras are there")
        client = daemon.login("ann", PASSWORD)
        tap.ok(all(label_next(client) for _ in cameras), "and are labelled")
        tap.ok(wait_for(lambda: len(cluster.consume("keys-out")) == len(cameras), 10), "and published")
        places = {message.key: message.partition for message in cluster.consume("keys-out")}
        tap.equal(places, {camera: (murmur2(camera.encode()) & 0x7fffffff) % 6 for camera in cameras},
                  "each where Java's producers put its key")


def members_of(cluster, group):
    return {member["client_id"]: member["partitions"] for member in cluster.group(group)["members"]}


def is_shared(cluster, group, members, partitions):
    """Every member has some, and no partition has two."""
    held = members_of(cluster, group)
    every = [partition for some in held.values() for partition in some]
    return len(held) == members and all(held.values()) and len(every) == len(set(every)) == partitions


def test_group(cluster):
    make_topics(cluster, "group", 6)
    daemons = [instance(cluster, "group", False, **{"session-timeout-ms": 6000, "heartbeat-interval-ms": 500})
               for _ in range(3)]
    try:
        for daemon in daemons:
            daemon.start(wait=False)
        tap.ok(wait_for(lambda: is_shared(cluster, "group", 3, 6), 30, 0.3), "three share six partitions",
               members_of(cluster, "group"))
        tap.ok(all(turns(daemon, 200, 10) is not None for daemon in daemons), "and all are ready")
        tap.ok(wait_for(lambda: sorted(row["PARTITION"] for row in cluster.describe_group("group")) == list("012345"), 30),
               "as Kafka's own tool says")
        for part in range(6):
            cluster.produce("group-in", [example(f"p{part}-{i}") for i in range(10)], partition=part)
        tap.ok(wait_for(lambda: sum(map(stored, daemons)) == 60, 10), "each message is stored once",
               [stored(daemon) for daemon in daemons])
        daemons[0].kill()
        began = time.monotonic()
        tap.ok(wait_for(lambda: is_shared(cluster, "group", 2, 6), 15, 0.2), "two take over from one that was killed",
               members_of(cluster, "group"))
        Tap.diag(f"taken over after {time.monotonic() - began:.1f} s with a session of 6 s")
        for part in range(6):
            cluster.produce("group-in", [example(f"q{part}-{i}") for i in range(10)], partition=part)
        before = [counter(daemon, "ingest_known_total") for daemon in daemons[1:]]
        Tap.diag(f"read again: {before}")
        wanted = {f"q{part}-{i}" for part in range(6) for i in range(10)}
        tap.ok(wait_for(lambda: wanted <= set().union(*map(stored_ids, daemons[1:])), 10), "and nothing is left behind",
               wanted - set().union(*map(stored_ids, daemons[1:])))
        # One that leaves in good order moves its partitions at once.
        began = time.monotonic()
        tap.equal(daemons[1].stop(), 0, "one more leaves")
        tap.ok(wait_for(lambda: is_shared(cluster, "group", 1, 6), 10, 0.1), "the last one has them all")
        Tap.diag(f"left and taken over after {time.monotonic() - began:.1f} s")
    finally:
        for daemon in daemons:
            daemon.close()


def test_changes(cluster):
    """Partitions are added; the topic goes and comes back."""
    make_topics(cluster, "changes")
    with instance(cluster, "changes") as daemon:
        daemon.start()
        cluster.produce("changes-in", [example("one")])
        tap.ok(wait_for(lambda: stored(daemon) == 1, 10), "one partition")
        cluster.add_partitions("changes-in", 3)
        for part in range(3):
            cluster.produce("changes-in", [example(f"three-{part}")], partition=part)
        tap.ok(wait_for(lambda: stored(daemon) == 4, 20), "three, without a restart", stored(daemon))
        cluster.delete_topic("changes-in")
        # Made again before its readers have let go of it, it would be read from where they were in the old one.
        ann = daemon.login("ann", PASSWORD)
        tap.ok(wait_for(lambda: ann.get("/api/v1/kafka/metrics").json()["partition_assignments"] == {}, 15),
               "the topic goes, and with it the partitions", check_of(daemon))
        tap.ok(turns(daemon, 503, 3) is not None, "not ready without the topic", readiness(daemon))
        time.sleep(1)
        cluster.create_topic("changes-in", 2)
        cluster.produce("changes-in", [example("again-0")], partition=0)
        cluster.produce("changes-in", [example("again-1")], partition=1)
        tap.ok(turns(daemon, 200, 20) is not None, "ready when it is back", readiness(daemon))
        tap.ok(wait_for(lambda: stored(daemon) == 6, 15), "and all of the new one is read", stored(daemon))


def test_static_member(cluster):
    """Another one with the same name throws it out; it comes back."""
    make_topics(cluster, "static")
    with instance(cluster, "static", **{"group-instance-id": "only-one", "session-timeout-ms": 3000,
                                        "heartbeat-interval-ms": 500}) as daemon:
        daemon.start()
        with subprocess.Popen(["kcat", "-b", cluster.bootstrap, "-X", "group.instance.id=only-one", "-X",
                               "session.timeout.ms=3000", "-X", "heartbeat.interval.ms=500", "-G", "static", "static-in"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as other:
            tap.ok(wait_for(lambda: lines_about(daemon, "give each its own"), 15), "a fenced member says what to do",
                   daemon.log()[-1500:])
            other.kill()
        took = turns(daemon, 200, 10)
        tap.ok(took is not None and took < 6, "and is back within five seconds", f"{took} {readiness(daemon)}")
        cluster.produce("static-in", [example("after")])
        tap.ok(wait_for(lambda: stored(daemon) == 1, 10), "and consumes", stored(daemon))


def test_long_pause(cluster):
    """The store takes nothing for longer than max.poll.interval: the partitions stay."""
    make_topics(cluster, "pause")
    with instance(cluster, "pause", **{"session-timeout-ms": 10000, "heartbeat-interval-ms": 500,
                                       "max-poll-interval-ms": 10000}) as daemon:
        daemon.start()
        cluster.produce("pause-in", [example(f"before-{i}") for i in range(10)])
        tap.ok(wait_for(lambda: stored(daemon) == 10, 10), "it consumes")
        with sqlite3.connect(daemon.config["sqlite"]["path"], isolation_level=None) as lock:
            lock.execute("BEGIN IMMEDIATE")
            cluster.produce("pause-in", [example(f"during-{i}") for i in range(3000)])
            time.sleep(13)
            tap.equal(cluster.offsets("pause").get(("pause-in", 0)), 10, "no offset moves while the store is locked")
            lock.execute("ROLLBACK")
        tap.ok(wait_for(lambda: stored(daemon) == 3010, 15), "all of it is stored afterwards", stored(daemon))
        tap.equal(len(lines_about(daemon, " assigned")), 1, "in one assignment")
        tap.ok(wait_for(lambda: cluster.offsets("pause").get(("pause-in", 0)) == 3010, 5), "and committed",
               cluster.offsets("pause"))


def test_too_large(cluster):
    """What the topic does not take stays in the outbox, and somebody is told."""
    make_topics(cluster, "large", without=["large-out"])
    cluster.create_topic("large-out", 1, max_message_bytes=700)
    with instance(cluster, "large") as daemon:
        daemon.start()
        ann = daemon.login("ann", PASSWORD)
        noise = secrets.token_hex(1000)
        cluster.produce("large-in", [example("large")])
        tap.ok(wait_for(lambda: label_next(ann, noise) == "large", 10, 0.2), "a large one is labelled")
        tap.ok(wait_for(lambda: lines_about(daemon, "raise max.message.bytes"), 15), "the log says what to raise",
               daemon.log()[-1500:])
        tap.ok(all(noise[:40] not in line for line in daemon.log().splitlines()), "and not what was in it")
        tap.equal(len(lines_about(daemon, "raise max.message.bytes")), 1, "in one line")
        tap.ok(daemon.ready(), "the daemon goes on", readiness(daemon))
        cluster.produce("large-in", [example("small")])
        tap.ok(wait_for(lambda: label_next(ann) == "small", 10, 0.2), "and so does the work")


def test_cluster_away(cluster):
    """The one broker is killed, comes back, hangs, and goes on."""
    make_topics(cluster, "away")
    with instance(cluster, "away", **{"session-timeout-ms": 6000, "heartbeat-interval-ms": 1000}) as daemon:
        daemon.start()
        ann = daemon.login("ann", PASSWORD)
        cluster.produce("away-in", [example(f"before-{i}") for i in range(5)])
        tap.ok(wait_for(lambda: stored(daemon) == 5, 10), "it consumes")
        cluster.kill()
        took = turns(daemon, 503, 5)
        tap.ok(took is not None and took < TRUTH_SECONDS, "killed: not ready within two seconds", took)
        tap.ok(check_of(daemon).get("status") in ("unhealthy", "error"), "because of the cluster", check_of(daemon))
        tap.ok(label_next(ann) is not None, "people go on")
        cluster.start()
        took = turns(daemon, 200, 20)
        tap.ok(took is not None, "started again: ready again", readiness(daemon))
        Tap.diag(f"ready {took or 0:.1f} s after the cluster")
        tap.ok(wait_for(lambda: len(cluster.consume("away-out")) == 1, 35, 0.5), "what was labelled meanwhile goes out")
        cluster.produce("away-in", [example(f"after-{i}") for i in range(5)])
        tap.ok(wait_for(lambda: stored(daemon) == 10, 15), "and it consumes again", stored(daemon))
        cluster.suspend()
        took = turns(daemon, 503, 5)
        tap.ok(took is not None and took < TRUTH_SECONDS, "hanging: not ready within two seconds", took)
        time.sleep(3)
        tap.ok(readiness(daemon)[0] == 503, "and so it stays", readiness(daemon))
        cluster.resume()
        took = turns(daemon, 200, 15)
        tap.ok(took is not None, "awake: ready again", readiness(daemon))
        cluster.produce("away-in", [example(f"awake-{i}") for i in range(5)])
        tap.ok(wait_for(lambda: stored(daemon) == 15, 15), "and it consumes again", stored(daemon))
        tap.equal(daemon.stop(), 0, "it drains")


def refused(daemon, text, name):
    """It serves, is not ready, says why in a line or two, and tells no secret."""
    daemon.start(wait=False)
    tap.ok(wait_for(lambda: lines_about(daemon, text), 12), f"{name}: the log says what to do", daemon.log()[-1500:])
    tap.ok(wait_for(lambda: readiness(daemon)[0] == 503, 3), f"{name}: not ready", readiness(daemon))
    tap.ok(wait_for(lambda: text in details_of(daemon).get("error", ""), 6),
           f"{name}: /readyz says why", check_of(daemon))
    time.sleep(1)
    tap.ok(len(lines_about(daemon, text)) <= 2, f"{name}: it is not said all the time", daemon.log()[-2000:])
    tap.ok(SASL_PASSWORD not in daemon.log(), f"{name}: no secret in the log")
    daemon.close()


def test_least_rights(cluster, settings):
    """What docs/contracts.md says that a user needs, and nothing else."""
    cluster.add_acl("annotationd", "Read", topic="wrong-in")
    cluster.add_acl("annotationd", "Read", group="wrong")
    cluster.add_acl("annotationd", "Write", topic="wrong-out")
    with instance(cluster, "wrong", **settings) as daemon:
        daemon.start()
        cluster.produce("wrong-in", [example("by-right")])
        ann = daemon.login("ann", PASSWORD)
        tap.ok(wait_for(lambda: label_next(ann), 10, 0.2), "read with the right to read", daemon.log()[-1000:])
        tap.ok(wait_for(lambda: len(cluster.consume("wrong-out")) == 1, 10, 0.3), "written with the right to write",
               daemon.log()[-1000:])
        tap.ok(wait_for(lambda: cluster.offsets("wrong").get(("wrong-in", 0)) == 1, 5), "and committed in the group")


def test_unreadable(cluster, settings):
    """The topic is known to the user, but may not be read: Kafka's refusal of that comes once."""
    make_topics(cluster, "blind")
    cluster.add_acl("annotationd", "Describe", topic="blind-in")
    cluster.add_acl("annotationd", "Read", group="blind")
    cluster.produce("blind-in", [example("seen")])
    with instance(cluster, "blind", False, **settings) as daemon:
        daemon.start(wait=False)
        tap.ok(wait_for(lambda: "grant it to this user" in details_of(daemon).get("error", ""), 12),
               "a topic that may not be read: /readyz says why", check_of(daemon))
        time.sleep(5)
        tap.equal(readiness(daemon)[0], 503, "not ready, and so it stays")
        cluster.add_acl("annotationd", "Read", topic="blind-in")
        tap.ok(turns(daemon, 200, 20) is not None, "until it is granted", check_of(daemon))
        tap.ok(wait_for(lambda: stored(daemon) == 1, 10), "and it is read", stored(daemon))


def test_wrong_starts():
    """What an operator gets wrong once."""
    certificates, stranger = Certificates(), Certificates()
    with Kafka(sasl={"annotationd": SASL_PASSWORD}, certificates=certificates, acl=True) as cluster:
        good = {"security-protocol": "SASL_SSL", "sasl-mechanism": "PLAIN", "sasl-username": "annotationd",
                "sasl-password": SASL_PASSWORD, "ssl-ca-file": certificates.ca}
        make_topics(cluster, "wrong")
        refused(instance(cluster, "wrong", False, **{**good, "sasl-password": "wrong-" + SASL_PASSWORD}),
                "check [kafka] sasl-mechanism, sasl-username and sasl-password-file", "wrong password")
        refused(instance(cluster, "wrong", False, **{**good, "ssl-ca-file": stranger.ca}),
                "check [kafka] ssl-ca-file", "wrong authority")
        refused(instance(cluster, "wrong", False, **good), "grant it to this user", "no rights")
        test_least_rights(cluster, good)
        test_unreadable(cluster, good)
        if librdkafka_version() < (2, 6, 1):
            refused(instance(cluster, "wrong", False, **{**good, "sasl-mechanism": "SCRAM-SHA-256"}),
                    "SCRAM needs librdkafka 2.6.1 with", "SCRAM of old")
        cluster.clients = f"127.0.0.1:{free_port()}"
        refused(instance(cluster, "wrong", False), "check [kafka] bootstrap-servers", "nobody there")
        cluster.clients = "no-such-host.invalid:9092"
        refused(instance(cluster, "wrong", False), "check [kafka] bootstrap-servers", "no such host")


def test_wrong_configuration():
    """What needs no cluster to be known."""
    with Daemon({"broker": {"plugin": "kafka"}}) as daemon:
        for settings, text in [
                ({}, "[kafka] bootstrap-servers: has to be set"),
                ({"bootstrap-servers": "a"}, "bootstrap-servers: entry 1 is not HOST:PORT"),
                ({"rdkafka.enable.auto.offset.store": "true"}, "rdkafka.enable.auto.offset.store: may not be changed"),
                ({"rdkafka.enable.auto.commit": "false"}, "rdkafka.enable.auto.commit: may not be changed"),
                ({"rdkafka.enable.idempotence": "false"}, "rdkafka.enable.idempotence: may not be changed"),
                ({"rdkafka.partition.assignment.strategy": "cooperative-sticky"}, "take range or roundrobin"),
                ({"rdkafka.sasl.password": SASL_PASSWORD}, "rdkafka.sasl.password: set sasl-password-file instead"),
                ({"rdkafka.sasl.oauthbearer.config": SASL_PASSWORD}, "sasl-mechanism is PLAIN or SCRAM"),
                ({"rdkafka.delivery.report.only.error": "true"}, "nothing would ever be known to have arrived"),
                ({"rdkafka.transactional.id": "x"}, "without transactions"),
                ({"rdkafka.auto.commit.interval.ms": "0"}, "must be 1 to 5000"),
                ({"rdkafka.auto.commit.interval.ms": "86400000"}, "must be 1 to 5000"),
                ({"rdkafka.partitioner": "random"}, "where Java's producers do not put them"),
                ({"rdkafka.allow.auto.create.topics": "true"}, "topics are an operator's to make"),
                ({"rdkafka.test.mock.num.brokers": "3"}, "the cluster is that of bootstrap-servers"),
                ({"rdkafka.ssl.engine.location": "/tmp/x.so"}, "no other code is loaded"),
                ({"bootstrap-servers": f"sasl_ssl://u:{SASL_PASSWORD}@127.0.0.1:1"}, "entry 1 is not HOST:PORT"),
                ({"rdkafka.no.such": "1"}, "[kafka] rdkafka.no.such: No such configuration property"),
                ({"rdkafka.fetch.wait.max.ms": "soon"}, "fetch.wait.max.ms"),
                ({"delivery-timeout": "29"}, "[kafka] delivery-timeout"),
                ({"heartbeat-interval-ms": "20000"}, "heartbeat-interval-ms: more than a third"),
                ({"sasl-username": "me"}, "sasl-username: of no effect"),
                ({"security-protocol": "SSL", "ssl-ca-file": "/no/such/file"},
                 "[kafka] ssl-ca-file: /no/such/file: No such file or directory; make it readable"),
                ({"security-protocol": "SASL_SSL", "sasl-mechanism": "PLAIN", "sasl-username": "me"},
                 "sasl-password-file: has to be set"),
                ({"security-protocol": "SASL_SSL", "sasl-mechanism": "PLAIN", "sasl-username": "me",
                  "sasl-password-file": "/no/such/file"}, "sasl-password-file"),
        ]:
            daemon.config["kafka"] = {} if not settings else {"bootstrap-servers": "127.0.0.1:9", **settings}
            daemon.write_config()
            done = subprocess.run([*daemon.command(), "--check-config"], capture_output=True, text=True, check=False,
                                  env=daemon.environment())
            said = [line for line in done.stderr.splitlines() if line]
            tap.ok(done.returncode == 78 and len(said) == 1 and text in said[0] and SASL_PASSWORD not in said[0],
                   f"{', '.join(settings) or 'no servers'}: {text}", f"{done.returncode} {done.stderr}")
        daemon.config["kafka"] = {"bootstrap-servers": "a:1", "rdkafka.ssl.keystore.password": SASL_PASSWORD,
                                  "rdkafka.ssl.key.pem": SASL_PASSWORD, "rdkafka.client.rack": "r1"}
        daemon.write_config()
        done = subprocess.run([*daemon.command(), "--print-config"], capture_output=True, text=True, check=False,
                              env=daemon.environment())
        tap.ok(done.returncode == 0 and SASL_PASSWORD not in done.stdout + done.stderr
               and "#rdkafka.ssl.keystore.password=(hidden)" in done.stdout and "rdkafka.client.rack=r1" in done.stdout,
               "what is passed on to librdkafka is printed, and no secret", done.stdout)
        daemon.config["kafka"] = {"bootstrap-servers": "a:1;b:2,c:3", "rdkafka.fetch.wait.max.ms": "50"}
        daemon.write_config()
        done = subprocess.run([*daemon.command(), "--check-config"], capture_output=True, text=True, check=False,
                              env=daemon.environment())
        tap.ok(done.returncode == 0 and not done.stderr, "a good one is good", done.stderr)


def main():
    chosen = sys.argv[1:]
    shared = [test_loop, test_letters, test_poison, test_keys, test_group, test_changes, test_static_member, test_long_pause,
              test_too_large, test_cluster_away]
    shared = [test for test in shared if not chosen or test.__name__[5:] in chosen]

    def measured(test, *arguments):
        began = time.monotonic()
        test(*arguments)
        Tap.diag(f"{test.__name__}: {time.monotonic() - began:.1f} s")

    if not chosen or "wrong_configuration" in chosen:
        measured(test_wrong_configuration)
    try:
        if shared:
            with Kafka() as cluster:
                for test in shared:
                    measured(test, cluster)
        if not chosen or "wrong_starts" in chosen:
            measured(test_wrong_starts)
    except Unavailable as reason:
        tap.skip("the daemon on a real cluster", str(reason))
    tap.done()


if __name__ == "__main__":
    main()
