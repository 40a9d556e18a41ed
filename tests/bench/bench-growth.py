#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What each step costs with a million examples in PostgreSQL, beside the same with ten thousand."""

import os
import statistics
import sys
import uuid

sys.path.insert(0, os.path.dirname(__file__))
from bench_common import HarnessError, fill_examples, finish, note, now, report  # noqa: E402
from annotationd_harness import Daemon, example  # noqa: E402
from servers import Postgres  # noqa: E402

FEW = 10000
MANY = 1000000
BATCH = 500
# How often.
STEPS = {"way": 400, "first_page": 300, "next": 400, "label": 400, "stats": 400, "batch": 20}
# A batch goes into indexes of random ids, which have outgrown the buffers.
NEEDED = {"first_page": 1.5, "next": 1.5, "label": 1.5, "stats": 1.5, "batch": None}


class Steps:
    """What a page and a producer ask for, at an instance of its own; and how long each took, in milliseconds."""

    def __init__(self, database, name, total):
        database.add_database(name, owner="annotationd")
        self.daemon = Daemon({"limits": {"default": "10000000/min", "label": "10000000/min"}},
                             env={"DATABASE_URL": database.url(name, "annotationd")})
        self.daemon.add_user("demo", "secret-of-demo", ["annotator", "producer", "admin"])
        fill_examples(database, name, total)
        self.daemon.start()
        self.client = self.daemon.login("demo", "secret-of-demo")
        self.leases = []
        self.times = {}

    def ask(self, method, path, data=None):
        answer = self.client.request(method, path, data)
        if answer.status not in (200, 201):
            raise HarnessError(f"{method} {path}: {answer!r}")
        return answer

    def way(self):
        """There and back, which all others take, too."""
        self.ask("GET", "/healthz")

    def first_page(self):
        self.ask("GET", "/api/v1/examples?status=pending&page=1&size=50")

    def next(self):
        self.leases += self.ask("POST", "/api/v1/examples/next", {"count": 1}).json()["examples"]

    def label(self):
        item = self.leases.pop()
        self.ask("POST", f"/api/v1/examples/{item['example']['event_id']}/label", {
            "lease": item["lease"]["token"],
            "corrected_detections": [{"bbox": {"x1": 1, "y1": 2, "x2": 3, "y2": 4}, "class_name": "person",
                                      "corrected_class": "cat", "is_correct": False}]})

    def stats(self):
        self.ask("GET", "/api/v1/stats")

    def batch(self):
        self.ask("POST", "/api/v1/examples", [example(str(uuid.uuid4())) for _ in range(BATCH)])

    def time(self, step):
        began = now()
        getattr(self, step)()
        self.times.setdefault(step, []).append((now() - began) * 1000)

    def cost(self, step):
        """The median, without the way there and back."""
        return statistics.median(self.times[step]) - (0 if step == "way" else self.cost("way"))


def seq_scans(database):
    return int(database.sql("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'examples'", "many"))


def main():
    with Postgres(durable=True) as database:
        database.add_role("annotationd")
        few, many = Steps(database, "few", FEW), Steps(database, "many", MANY)
        scans = seq_scans(database)
        # In turns, so that what else the machine does falls on both.
        for step, repeats in STEPS.items():
            for _ in range(repeats):
                few.time(step)
                many.time(step)
        for step, needed in NEEDED.items():
            small, large = few.cost(step), many.cost(step)
            note(f"{step}: {small:.2f} ms with {FEW} examples, {large:.2f} ms with {MANY}; ratio {large / small:.2f}")
            if needed is not None:
                report(f"{step} with {MANY} ÷ {FEW} examples", large / small, needed, at_least=False)
        few.daemon.stop()
        many.daemon.stop()
        report("reads of all examples one after the other", seq_scans(database) - scans, 0, at_least=False)


if __name__ == "__main__":
    finish(main)
