#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""How old an example is when a page at another instance shows it, at a steady pace; and the bare round trips within."""

import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from bench_common import Page, finish, load, note, report  # noqa: E402
from annotationd_harness import HarnessError  # noqa: E402
from cluster import HARD, Cluster  # noqa: E402
from servers.postgres import PASSWORD  # noqa: E402

RATE = 500
SECONDS = 10
BARE = "bare"


def bare_milliseconds(cluster):
    """p50 of each way that an example takes."""
    cluster.kafka.create_topic(BARE, 1)
    kafka = int(load("load-topic", "round-trip", cluster.kafka.bootstrap, BARE, 1000)[0]) / 1000
    postgres = int(load("bare-postgres", "commit", cluster.postgres.conninfo(BARE), 1000,
                        env={"PGPASSWORD": PASSWORD})[0]) / 1000
    redis = int(load("bare-redis", cluster.redis.port, 2000, lines=[cluster.redis.password])[0]) / 1000
    note(f"bare: Kafka {kafka:.2f} ms, PostgreSQL commit {postgres:.2f} ms, Redis {redis:.2f} ms")
    return kafka + postgres + redis


def other_instance(cluster):
    """The topic has one partition; the page is at the instance that does not read it."""
    idle = [number for number, partitions in cluster.assignments().items() if not partitions]
    if len(idle) != 1:
        raise HarnessError(f"one of two instances should have the partition: {cluster.assignments()}")
    return cluster.find(idle[0])


def main():
    # The instance that has no partition serves pages all the same.
    with Cluster(instances=0, partitions=1, settings={"ANNOTATIOND_HEALTH_REQUIRE_PARTITIONS": "false"}) as cluster:
        cluster.postgres.sql(f"CREATE DATABASE {BARE} TEMPLATE annotations")
        cluster.scale(2)
        cluster.wait_spread(1)
        bare = bare_milliseconds(cluster)
        instance = other_instance(cluster)
        page = Page(instance.port, cluster.token(), RATE * SECONDS, SECONDS + 20)
        load("load-topic", "feed", cluster.kafka.bootstrap, HARD, RATE, SECONDS)
        page.finish()
        p50, p99 = page.p50 / 1000, page.p99 / 1000
        note(f"produced to shown at another instance, {RATE} a second: p50 {p50:.1f} ms, p99 {p99:.1f} ms; p50 ÷ the "
             f"bare round trips {p50 / bare:.1f}")
        report("p99 from produced to shown", p99, 100, at_least=False, unit=" ms")
        report("examples that the page was not told of", RATE * SECONDS - page.seen, 0, at_least=False)


if __name__ == "__main__":
    finish(main)
