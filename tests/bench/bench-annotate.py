#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sixteen annotators who take the next examples over HTTP and label them, beside pgbench with the same SQL functions."""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
from bench_common import HarnessError, fill_examples, finish, load, note, report  # noqa: E402
from cluster import Cluster  # noqa: E402
from servers.postgres import PASSWORD, debian_folders  # noqa: E402
from servers.process import need_program  # noqa: E402

ANNOTATORS = 16
SECONDS = 3
ROUNDS = 3
EXAMPLES = 100000
BARE = "bare"
DETECTIONS = ('[{"bbox":{"x1":10,"y1":20,"x2":110,"y2":220},"class_name":"person","confidence":0.41,'
              '"corrected_class":"child","is_correct":false}]')


def pgbench_script(count):
    """Claims so many and submits each, as the daemon does."""
    columns = ", ".join(f"(array_agg (c.event_id))[{n}] AS event_{n}, (array_agg (c.seq))[{n}] AS seq_{n}, "
                        f"(array_agg (c.fence))[{n}] AS fence_{n}" for n in range(1, count + 1))
    lines = [f"SELECT {columns} FROM annotationd.claim_2 ('ann-' || :client_id, {count}, 300, 16777216) AS c \\gset"]
    for n in range(1, count + 1):
        lines.append(
            f"SELECT * FROM annotationd.submit_1 (:event_{n}, :seq_{n}, :fence_{n}, gen_random_uuid ()::text, 1, "
            "'ann-' || :client_id, annotationd.now_1 (), 0.9, 1000, repeat ('d', 64), 'partly hidden', :detections, "
            f"ARRAY['child'], gen_random_uuid ()::text, 'labeled-examples', 'cam-1', :event_{n}, false, 0, :payload);")
    return "\n".join(lines) + "\n"


def pgbench(cluster, count):
    """Labels a second."""
    script = os.path.join(cluster.directory, f"annotate-{count}.sql")
    with open(script, "w", encoding="utf-8") as file:
        file.write(pgbench_script(count))
    done = subprocess.run([need_program("pgbench", debian_folders()), "-n", "-c", str(ANNOTATORS), "-T", str(SECONDS),
                           "-M", "prepared", "-f", script, "-D", f"detections={DETECTIONS}",
                           "-D", f"payload={'x' * 1000}", cluster.postgres.conninfo(BARE)],
                          capture_output=True, text=True, env={**os.environ, "PGPASSWORD": PASSWORD}, timeout=60,
                          check=False)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if done.returncode != 0 or not found:
        raise HarnessError(f"pgbench: {done.returncode}: {done.stderr[-1000:]}")
    return float(found.group(1)) * count


def bench_annotators(cluster, tokens, count):
    port = cluster.running()[0].port
    reference, best = 0, [0]
    for _ in range(ROUNDS):
        reference = max(reference, pgbench(cluster, count))
        figures = [float(word) for word in load("load-annotate", port, count, SECONDS, lines=tokens)]
        best = max(best, figures)
    rate, next_50, next_99, label_50, label_99 = best
    note(f"{count} at a time: {rate:.0f} labels/s, pgbench {reference:.0f}; next p50 {next_50 / 1000:.1f} ms, "
         f"p99 {next_99 / 1000:.1f}; label p50 {label_50 / 1000:.1f} ms, p99 {label_99 / 1000:.1f}")
    report(f"next and label, {count} at a time, ÷ pgbench", rate / reference, 0.4)


def main():
    with Cluster(instances=0) as cluster:
        fill_examples(cluster.postgres, "annotations", EXAMPLES)
        cluster.postgres.sql(f"CREATE DATABASE {BARE} TEMPLATE annotations")
        cluster.scale(1)
        instance = cluster.running()[0]
        tokens = []
        for number in range(ANNOTATORS):
            name = f"annotator-{number}"
            instance.add_user(name, cluster.password)
            tokens.append(instance.login(name, cluster.password).token)
        for count in (1, 10):
            bench_annotators(cluster, tokens, count)


if __name__ == "__main__":
    finish(main)
