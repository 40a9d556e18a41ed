#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Faults of a whole deployment under load: instances, PostgreSQL, Redis, Kafka and the network between them.

Three instances work while something breaks; then everything has to come to rest by itself, and P1 to P4 are compared
with the records (tests/lib/cluster_world.py). Besides: /readyz tells the truth in time (P6), and descriptors, threads
and memory return to where they were (P5).

In a build with fault points instances die at each commit boundary instead.

Arguments choose faults by name. ANNOT_SOAK_MINUTES: goes on with faults at random for so long (make soak MINUTES=n).
ANNOT_FAULT_SEED: repeats a run's choices.
"""

import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from annotationd_harness import (  # noqa: E402
    HarnessError, Tap, find_program, has_fault_points, is_sanitized, is_within, wait_for)
from cluster import Cluster  # noqa: E402
from cluster_world import World  # noqa: E402
from servers import PacketLoss, Unavailable  # noqa: E402

SEED = int(os.environ.get("ANNOT_FAULT_SEED", str(random.SystemRandom().randrange(1 << 30))))
PARTITIONS = 24
CONSUMERS = 20
SESSION_SECONDS = 6
SETTINGS = {
    "ANNOTATIOND_KAFKA_SESSION_TIMEOUT_MS": str(SESSION_SECONDS * 1000),
    "ANNOTATIOND_KAFKA_HEARTBEAT_INTERVAL_MS": "1000",
    "ANNOTATIOND_ANNOTATION_LEASE_SECONDS": "8",
    "ANNOTATIOND_ANNOTATION_RETRY_INTERVAL": "1",
    "ANNOTATIOND_SERVICE_DRAIN_DELAY": "1",
}
# Where an instance may die, in a build with fault points; how often it should, and for how long that is waited for,
# without and with one that did: to have partitions again it may have to outlive the session of the one before.
POINTS = ("before_store_commit", "during_store_commit", "after_store_commit", "after_notify", "before_offset_store",
          "after_offset_store", "before_submit_commit", "after_submit_commit", "after_take_outgoing", "before_produce",
          "after_produce", "after_confirm")
POINT_DEATHS = 3
POINT_SECONDS = (120, 25)
# What is promised (P6), and what a poll and a busy machine add to it.
TRUTH_SECONDS = 2
SLACK_SECONDS = 2

tap = Tap()


def readiness(instance):
    """(whether it is ready, the checks that are not healthy), or (None, [])."""
    client = instance.client(timeout=3)
    try:
        answer = client.get("/readyz")
        checks = answer.json()["checks"]
        return answer.status == 200, [name for name, check in checks.items()
                                      if isinstance(check, dict) and check.get("status") != "healthy"]
    except OSError:
        return None, []
    finally:
        client.close()


def expect_truth(name, cluster, check, seconds=TRUTH_SECONDS):
    """Every instance says within that time that this backend is away."""
    began = time.monotonic()
    waiting = list(cluster.running())

    def told():
        waiting[:] = [item for item in waiting if check not in readiness(item)[1]]
        return not waiting

    good = is_within(told, seconds + SLACK_SECONDS, 0.05)
    tap.ok(good, f"{name}: /readyz says so within {seconds} s (P6)",
           [(item.number, readiness(item)) for item in cluster.running()])
    tap.diag(f"{name}: told after {time.monotonic() - began:.1f} s")


def expect_ready(name, cluster, seconds):
    began = time.monotonic()
    good = is_within(lambda: all(readiness(item)[0] for item in cluster.running()), seconds + SLACK_SECONDS, 0.05)
    tap.ok(good, f"{name}: ready again within {seconds} s (P7)",
           [(item.number, readiness(item)) for item in cluster.running()])
    tap.diag(f"{name}: ready after {time.monotonic() - began:.1f} s")


# The faults. Each gets the world at work and leaves everything whole.

def kill_instances(name, world, rng):
    for _ in range(3):
        victim = rng.choice(world.cluster.running()[1:])
        victim.kill()
        time.sleep(rng.uniform(0.2, 1.5))
        victim.start(wait=False)
        time.sleep(rng.uniform(0.5, 1.5))
    expect_ready(name, world.cluster, SESSION_SECONDS + 15)


def commit_boundaries(name, world, rng):
    """Two of three die again and again, at one point after the other."""
    deaths = dict.fromkeys(POINTS, 0)
    victims = world.cluster.running()[1:3]
    for point in POINTS:
        fault = {"ANNOTATIOND_FAIL": f"{point}:0.2"}
        began = time.monotonic()
        for victim in victims:
            victim.kill()
            victim.start(wait=False, env=fault)
        while time.monotonic() - began < POINT_SECONDS[bool(deaths[point])] and deaths[point] < POINT_DEATHS:
            for victim in victims:
                if not victim.running():
                    deaths[point] += 1
                    victim.start(wait=False, env=fault)
            time.sleep(rng.uniform(0.05, 0.2))
    for victim in victims:
        victim.kill()
        victim.start(wait=False)
    expect_ready(name, world.cluster, SESSION_SECONDS + 20)
    tap.ok(all(deaths.values()), f"{name}: instances have died at every one", deaths)
    tap.diag(f"{name}: {deaths}")


def take_over(name, world, _rng):
    """One stays dead: the others have its partitions, its leases end, and the total of WebSockets is right again."""
    cluster = world.cluster
    victim = cluster.running()[-1]
    victim.kill()
    seconds = cluster.wait_spread(PARTITIONS, SESSION_SECONDS + 20)
    tap.diag(f"{name}: partitions taken over after {seconds:.1f} s")
    right = is_within(lambda: cluster.connection_count() == len(world.pages), 10 + SLACK_SECONDS, 0.2)
    tap.ok(right, f"{name}: websocket:connection_count is right again", cluster.connection_count())
    time.sleep(1)
    victim.start()


def drain_instance(name, world, _rng):
    victim = world.cluster.running()[-1]
    time.sleep(1)
    began = time.monotonic()
    victim.process.terminate()
    refused = is_within(lambda: not victim.ready(), 2, 0.02)
    tap.ok(refused, f"{name}: /readyz refuses at once")
    tap.equal(victim.stop(), 0, f"{name}: exits with 0")
    tap.ok(time.monotonic() - began < 30, f"{name}: within 30 s")
    victim.start()


def suspend_instance(name, world, _rng):
    """A zombie: suspended for longer than the session, its partitions and leases are others' when it wakes."""
    victim = world.cluster.running()[-1]
    os.kill(victim.process.pid, 19)
    time.sleep(SESSION_SECONDS + 4)
    os.kill(victim.process.pid, 18)
    expect_ready(name, world.cluster, 30)


def postgres_backends(name, world, rng):
    for _ in range(4):
        world.cluster.postgres.kill_backends("annotations")
        time.sleep(rng.uniform(0.3, 1))
    expect_ready(name, world.cluster, 5)


def postgres_restart(name, world, _rng):
    world.cluster.postgres.kill()
    expect_truth(name, world.cluster, "postgres")
    client = world.cluster.running()[0].client(world.token, timeout=10)
    answer = client.post("/api/v1/examples/next", {"count": 1})
    tap.ok(answer.status == 503 and answer.headers.get("Retry-After"), f"{name}: 503 with Retry-After", answer)
    time.sleep(2)
    world.cluster.postgres.start()
    expect_ready(name, world.cluster, 5)


def postgres_locked(name, world, _rng):
    """Somebody holds every example for longer than the lock timeout."""
    world.cluster.postgres.sql("BEGIN; LOCK TABLE annotationd.examples IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(8); "
                               "COMMIT", "annotations")
    expect_ready(name, world.cluster, 10)


def postgres_failover(name, world, _rng):
    """The primary is gone; a standby that has all that was committed takes its place."""
    standby = world.cluster.add_standby()
    time.sleep(1)
    world.cluster.postgres.kill()
    expect_truth(name, world.cluster, "postgres")
    world.cluster.use_standby(standby)
    expect_ready(name, world.cluster, 5)


def redis_flush(name, world, rng):
    for _ in range(3):
        world.cluster.redis.cli("FLUSHALL")
        time.sleep(rng.uniform(0.2, 1))
    right = is_within(lambda: world.cluster.connection_count() == len(world.pages), 12 + SLACK_SECONDS, 0.2)
    tap.ok(right, f"{name}: websocket:connection_count heals", world.cluster.connection_count())


def redis_down(name, world, _rng):
    labels = len(world.acknowledged_labels)
    world.cluster.redis.kill()
    expect_truth(name, world.cluster, "redis")
    going_on = wait_for(lambda: len(world.acknowledged_labels) > labels + 20, 10)
    tap.ok(going_on, f"{name}: annotating goes on", len(world.acknowledged_labels) - labels)
    world.cluster.redis.start()
    expect_ready(name, world.cluster, 10)


def redis_failover(name, world, _rng):
    """The master is gone; a replica, which has what it had, takes its place."""
    replica = world.cluster.add_replica()
    world.cluster.redis.kill()
    expect_truth(name, world.cluster, "redis")
    world.cluster.use_replica(replica)
    expect_ready(name, world.cluster, 10)
    right = is_within(lambda: world.cluster.connection_count() == len(world.pages), 12 + SLACK_SECONDS, 0.2)
    tap.ok(right, f"{name}: websocket:connection_count is right", world.cluster.connection_count())


def kafka_down(name, world, _rng):
    world.cluster.kafka.kill()
    expect_truth(name, world.cluster, "kafka_consumer")
    labels = len(world.acknowledged_labels)
    time.sleep(4)
    tap.ok(len(world.acknowledged_labels) > labels, f"{name}: annotating goes on")
    world.cluster.kafka.start()
    expect_ready(name, world.cluster, SESSION_SECONDS + 20)


def network_cuts(_name, world, rng):
    cluster = world.cluster
    for proxy in (cluster.postgres_proxy, cluster.redis_proxy, cluster.kafka_proxy) * 3:
        proxy.cut()
        time.sleep(rng.uniform(0.1, 0.6))


def half_open(name, world, _rng):
    """Connections that carry nothing any more are noticed; none is waited for for ever."""
    cluster = world.cluster
    proxies = (cluster.postgres_proxy, cluster.redis_proxy, cluster.kafka_proxy)
    for proxy in proxies:
        proxy.stall()
    for check in ("postgres", "redis", "kafka_consumer"):
        expect_truth(f"{name} {check}", cluster, check, 15)
    for proxy in proxies:
        proxy.heal()
    expect_ready(name, cluster, SESSION_SECONDS + 20)


def slow_network(name, world, _rng):
    cluster = world.cluster
    proxies = (cluster.postgres_proxy, cluster.redis_proxy, cluster.kafka_proxy)
    for proxy in proxies:
        proxy.delay(0.1)
    time.sleep(6)
    for proxy in proxies:
        proxy.heal()
    expect_ready(name, cluster, 10)


def packet_loss(name, world, _rng):
    """One packet of a hundred, of every connection between the instances and their servers."""
    cluster = world.cluster
    ports = [cluster.postgres.port, cluster.redis.port, cluster.kafka.client_port, cluster.postgres_proxy.port,
             cluster.redis_proxy.port, cluster.kafka_proxy.port]
    try:
        with PacketLoss(ports, 1) as loss:
            time.sleep(8)
            lost = loss.lost()
    except Unavailable as reason:
        tap.skip(name, reason)
        return
    tap.ok(lost > 10, f"{name}: packets were lost", lost)
    tap.diag(f"{name}: {lost} packets lost")
    expect_ready(name, cluster, 10)


def more_partitions(name, world, _rng):
    global PARTITIONS  # pylint: disable=global-statement
    PARTITIONS += 2
    world.cluster.kafka.add_partitions("hard-examples", PARTITIONS)
    seconds = world.cluster.wait_spread(PARTITIONS, 60)
    tap.diag(f"{name}: spread after {seconds:.1f} s")


def many_consumers(name, world, _rng):
    """Many join and leave while the work goes on."""
    cluster = world.cluster
    cluster.scale(CONSUMERS)
    joined = cluster.wait_spread(PARTITIONS, 60)
    stored = world.number_of("SELECT count(*) FROM annotationd.examples")
    for item in cluster.running()[3::2]:
        item.kill()
    cluster.scale(3)
    left = cluster.wait_spread(PARTITIONS, 60)
    tap.ok(wait_for(lambda: world.number_of("SELECT count(*) FROM annotationd.examples") > stored, 20),
           f"{name}: there is progress")
    tap.diag(f"{name}: spread {joined:.1f} s after {CONSUMERS} ran, {left:.1f} s after all but 3 had gone")


def rolling_restart(name, world, _rng):
    """Every instance is drained and started again, and no one who comes through the load balancer notices."""
    cluster = world.cluster
    world.through_nginx = True
    # What was under way before goes on directly.
    time.sleep(1)
    world.failed_requests = []
    for item in cluster.running():
        tap.equal(item.stop(), 0, f"{name}: instance {item.number} exits with 0")
        item.start()
        cluster.wait_spread(PARTITIONS, 60)
    failed = list(world.failed_requests)
    world.through_nginx = False
    with open(os.path.join(world.cluster.nginx.directory, "error.log"), encoding="utf-8") as file:
        tap.ok(not failed, f"{name}: no request through nginx has failed", f"{failed[:5]}\n{file.read()[-3000:]}")


# The first instance lives on after the first of them, so that its resources can be compared.
FAULTS = {function.__name__.replace("_", "-"): function for function in (
    rolling_restart, commit_boundaries, kill_instances, take_over, drain_instance, suspend_instance, postgres_backends,
    postgres_restart, postgres_locked, postgres_failover, redis_flush, redis_down, redis_failover, kafka_down,
    network_cuts, half_open, slow_network, packet_loss, more_partitions, many_consumers)}


def resources(instance):
    """Descriptors, threads and resident KiB of its process."""
    folder = f"/proc/{instance.process.pid}"
    with open(f"{folder}/status", encoding="utf-8") as file:
        status = dict(line.split(":", 1) for line in file)
    return {"descriptors": len(os.listdir(f"{folder}/fd")), "threads": int(status["Threads"]),
            "kilobytes": int(status["VmRSS"].split()[0])}


def settle(name, world):
    took = world.rest()
    # An instance that is stopped in good order leaves nothing half done.
    world.check(tap, name, took, nothing_twice=name in ("without a fault", "rolling-restart", "drain-instance"))
    return took is not None


def trial(name, world, rng):
    world.begin()
    time.sleep(1.5)
    try:
        FAULTS[name](name, world, rng)
    except (HarnessError, OSError) as error:
        tap.ok(False, f"{name}: runs", error)
    time.sleep(1)
    if not settle(name, world):
        for item in world.cluster.instances:
            tap.diag(f"instance {item.number}: {item.log()[-1500:]}")
        return False
    return True


def chosen_faults(rng):
    """The names to try, endless for a soak."""
    names = sys.argv[1:] or (["commit-boundaries"] if has_fault_points() else list(FAULTS))
    if not has_fault_points():
        tap.skip("commit-boundaries", "not built with --enable-fault-points (make check-asan does)")
        names = [name for name in names if name != "commit-boundaries"]
    for name in names:
        if name not in FAULTS:
            raise SystemExit(f"there is no fault {name}; there are {', '.join(FAULTS)}")
    yield from names
    until = time.monotonic() + 60 * float(os.environ.get("ANNOT_SOAK_MINUTES", "0"))
    while time.monotonic() < until:
        yield rng.choice([name for name in names if name != "more-partitions"])


def check_resources(before, after):
    """P5. What an allocator keeps for later is no leak: memory may have grown by a half and 20 MiB."""
    tap.ok(after["descriptors"] <= before["descriptors"] + 8, "descriptors return to their base line (P5)",
           f"{before} {after}")
    tap.ok(after["threads"] <= before["threads"] + 4, "threads return to their base line (P5)", f"{before} {after}")
    if not is_sanitized():
        tap.ok(after["kilobytes"] <= before["kilobytes"] * 1.5 + 20480, "memory returns to its base line (P5)",
               f"{before} {after}")


def run(cluster, rng):
    world = World(cluster, SEED).start()
    world.begin()
    time.sleep(3)
    if not settle("without a fault", world):
        return
    first = cluster.instances[0]
    process, before = first.process.pid, resources(first)
    for name in chosen_faults(rng):
        if not trial(name, world, rng):
            tap.diag("what follows would only repeat this")
            break
        if first.process.pid != process:
            process, before = first.process.pid, resources(first)
    else:
        check_resources(before, resources(first))
    world.end()


def main():
    if find_program("annotationd") is None:
        Tap.skip_all("annotationd is not built")
    tap.diag(f"seed {SEED}")
    try:
        with Cluster(instances=3, partitions=PARTITIONS, proxied=True, with_nginx=True, settings=SETTINGS) as cluster:
            cluster.wait_spread(PARTITIONS)
            run(cluster, random.Random(SEED))
    except Unavailable as reason:
        Tap.skip_all(reason)
    tap.done()


if __name__ == "__main__":
    main()
