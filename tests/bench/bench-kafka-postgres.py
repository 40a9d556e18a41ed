#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""From Kafka to PostgreSQL with a page watching, beside bare inserts of the same rows; two instances beside one.

The examples lie in the topic before the instances may read. The time goes from the first batch that the page is told of
to the last one.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
from bench_common import Page, cores, finish, load, note, process_seconds, report, suspended  # noqa: E402
from cluster import HARD, Cluster  # noqa: E402
from servers.postgres import PASSWORD  # noqa: E402

ROUNDS = 3
PARTITIONS = 6
EXAMPLES = 60000
BATCH = 500
FRAMES = 2000
FRAME_BYTES = 100000
# What the bound of bytes in a batch makes of such frames.
FRAME_BATCH = 30
PATIENCE = 60
BARE = "bare"


class Run:
    """One way through: rate, CPU seconds of the instances and of PostgreSQL's backends, and what the page was told."""

    def __init__(self, cluster, count, batch, frame_bytes):
        instances = cluster.running()
        page = Page(instances[0].port, cluster.token(), count, PATIENCE)
        with suspended(instances):
            load("load-topic", "fill", cluster.kafka.bootstrap, HARD, count, frame_bytes)
            own = sum(process_seconds(item.process.pid) for item in instances)
            backends = cluster.postgres.backend_seconds()
        page.finish()
        self.seen = page.seen
        self.count = count
        self.rate = (page.seen - batch) / (page.last - page.first)
        self.own = sum(process_seconds(item.process.pid) for item in instances) - own
        after = cluster.postgres.backend_seconds()
        self.backends = sum(seconds - backends.get(pid, 0) for pid, seconds in after.items())


def bare(cluster, count, batch, frame_bytes):
    return float(load("bare-postgres", "insert", cluster.postgres.conninfo(BARE), count, batch, frame_bytes,
                      env={"PGPASSWORD": PASSWORD})[0])


def measure(cluster, count, batch, frame_bytes, rounds=ROUNDS):
    """The best rates of both, taken in turns; all runs."""
    reference, runs = 0, []
    for _ in range(rounds):
        reference = max(reference, bare(cluster, count, batch, frame_bytes))
        runs.append(Run(cluster, count, batch, frame_bytes))
    return reference, max(run.rate for run in runs), runs


def lost(runs):
    return sum(run.count - run.seen for run in runs)


def microseconds(runs, seconds):
    """CPU an example, over all runs."""
    return sum(getattr(run, seconds) for run in runs) / sum(run.count for run in runs) * 1e6


def bench_examples(cluster):
    reference, rate, runs = measure(cluster, EXAMPLES, BATCH, 0)
    own, backends = microseconds(runs, "own"), microseconds(runs, "backends")
    note(f"1 KB examples: {rate:.0f}/s, bare inserts {reference:.0f}/s; CPU of the daemon {own:.1f} µs, of the "
         f"PostgreSQL backends {backends:.1f} µs an example")
    report("Kafka to PostgreSQL with a page ÷ bare inserts", rate / reference, 0.7)
    report("CPU of the daemon ÷ of the PostgreSQL backends", own / backends, 0.6, at_least=False)
    report("examples that the page was not told of", lost(runs), 0, at_least=False)
    return rate


def bench_frames(cluster):
    reference, rate, runs = measure(cluster, FRAMES, FRAME_BATCH, FRAME_BYTES)
    megabytes = FRAME_BYTES / 1e6
    note(f"100 KB frames: {rate * megabytes:.0f} MB/s, bare bytea inserts {reference * megabytes:.0f} MB/s")
    report("frames from Kafka to PostgreSQL ÷ bare bytea inserts", rate / reference, 0.6)
    report("frames' examples that the page was not told of", lost(runs), 0, at_least=False)


def bench_two(cluster, alone):
    cluster.scale(2)
    cluster.wait_spread(PARTITIONS)
    rate = max(Run(cluster, EXAMPLES, BATCH, 0).rate for _ in range(2))
    note(f"two instances: {rate:.0f}/s on {cores()} cores; ÷ one: {rate / alone:.2f}")


def main():
    with Cluster(instances=0, partitions=PARTITIONS) as cluster:
        # The tables of the daemon, and nobody else in them.
        cluster.postgres.sql(f"CREATE DATABASE {BARE} TEMPLATE annotations")
        cluster.scale(1)
        cluster.wait_spread(PARTITIONS)
        alone = bench_examples(cluster)
        bench_frames(cluster)
        bench_two(cluster, alone)


if __name__ == "__main__":
    finish(main)
