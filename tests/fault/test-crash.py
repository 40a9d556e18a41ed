#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills the real daemon at every commit boundary, under load, and compares what was promised with what is there.

P1 to P4 of tests/lib/workload.py, where the page is one that comes back again and again; and SIGTERM under load ends
with 0 within its time.

ANNOT_FAULT_BUILD names a build with --enable-fault-points; without one only kills from outside are tried.
ANNOT_FAULT_EXAMPLES: examples for each trial. ANNOT_FAULT_SEED: repeats a run's choices.
"""

import base64
import concurrent.futures
import http.client
import itertools
import json
import os
import random
import sqlite3
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from annotationd_harness import (  # noqa: E402
    BUILD_DIR, PNG, Daemon, HarnessError, Tap, example, has_fault_points, wait_for)
from websocket_client import WebSocket, WebSocketClosed, WebSocketRefused  # noqa: E402
from workload import Workload  # noqa: E402

POINTS = {
    "before_store_commit": 0.15,
    "after_store_commit": 0.15,
    "after_notify": 0.15,
    "before_offset_store": 0.15,
    "after_offset_store": 0.15,
    "before_submit_commit": 0.05,
    "after_submit_commit": 0.05,
    "after_take_outgoing": 0.1,
    "before_produce": 0.05,
    "after_produce": 0.05,
    "after_confirm": 0.1,
}
EXAMPLES = int(os.environ.get("ANNOT_FAULT_EXAMPLES", "40"))
SEED = int(os.environ.get("ANNOT_FAULT_SEED", str(random.SystemRandom().randrange(1 << 30))))
PASSWORD = "correct horse battery"
# After this a trial has not settled: what an instance that died had claimed waits for up to 30 s of it.
PATIENCE = 60
# How long a trial goes on sending, when the daemon is slow to die.
LOAD_SECONDS = 15
# As often a trial's daemon dies before the faults are taken away, so that a trial ends.
CRASHES = 6
CONFIG = {
    "broker": {"batch-size": 10, "batch-milliseconds": 5},
    "annotation": {"lease-seconds": 5, "retry-interval": 1, "retry-attempts": 2},
    "http": {"max-connections-per-address": 1000},
}

tap = Tap()


class Trial(Workload):
    """One daemon that dies and is started again, and the people and machines around it that keep records."""

    # pylint: disable=too-many-instance-attributes
    def __init__(self, name, build_dir, fault=None, kill_every=None):
        super().__init__()
        self.random = random.Random(f"{SEED}-{name}")
        self.fault = {"ANNOTATIOND_FAIL": fault} if fault else {}
        self.kill_every = kill_every
        self.dies = bool(fault or kill_every)
        self.load_until = None
        self.daemon = Daemon(CONFIG, build_dir=build_dir)
        self.token = None
        self.crashes = 0
        self.settling = threading.Event()
        self.page_epoch = None
        self.page_seq = 0
        self.page_heard = set()
        self.threads = []

    # What the world does. Each runs in a thread of its own and answers when it is done.

    def work(self, *work):
        thread = self.guard(*work)
        self.threads.append(thread)
        return thread

    def gone_wrong(self):
        self.ended.set()

    def supervise(self):
        """Starts the daemon again whenever it has died; from settle() on without faults."""
        while not self.ended.is_set():
            if not self.daemon.running():
                if self.daemon.process is not None:
                    code = self.daemon.process.returncode
                    if code != -9:
                        self.problems.append(f"the daemon ended with {code}: {self.daemon.log()[-1500:]}")
                    self.crashes += 1
                calm = self.settling.is_set() or self.crashes >= CRASHES
                self.daemon.start(wait=False, env={} if calm else self.fault)
            elif self.kill_every and not self.settling.is_set() and self.crashes < CRASHES:
                time.sleep(self.random.uniform(0.5, 1.5) * self.kill_every)
                self.daemon.process.kill()
                self.daemon.process.wait()
            time.sleep(0.01)

    def request(self, method, path, data=None, seed=0):  # pylint: disable=unused-argument
        """Asks until there is an answer; None when the trial has ended."""
        while not self.ended.is_set():
            client = self.daemon.client(token=self.token, timeout=5)
            try:
                answer = client.request(method, path, data)
                if answer.status not in (429, 500, 502, 503, 507):
                    return answer
            except (OSError, http.client.HTTPException):
                pass
            finally:
                client.close()
            time.sleep(0.01)
        return None

    def more(self, number, least):
        """Whether to go on with the load: so many at least, and until the daemon has died often enough."""
        if number < least:
            return True
        return self.dies and self.crashes < CRASHES and time.monotonic() < self.load_until and not self.ended.is_set()

    def produce_to_broker(self):
        for number in itertools.takewhile(lambda n: self.more(n, EXAMPLES), itertools.count()):
            event_id = f"broker-{number}"
            self.sent.add(event_id)
            lines = [example(event_id, camera_id=f"cam-{number % 3}")]
            if number % 4 == 0:
                lines[0]["frame_data"] = base64.b64encode(PNG).decode()
            if number % 10 == 3:
                lines.append('{"event_id": "poison-%d"' % number)
                self.poison += 1
            if number % 7 == 5:
                lines.append(lines[0])
            self.daemon.feed(lines)
            time.sleep(self.random.uniform(0, 0.04))

    def produce_by_http(self):
        for number in itertools.takewhile(lambda n: self.more(n, EXAMPLES // 4), itertools.count()):
            if not self.post_example(number):
                return
            time.sleep(self.random.uniform(0, 0.1))

    def nothing_left(self):
        time.sleep(0.02)

    def watch(self):
        """A page: listens, and comes back with what it has when the daemon has died."""
        while not self.ended.is_set():
            try:
                with WebSocket(self.daemon.port, token=self.token, timeout=5) as page:
                    self.listen(page)
            except (OSError, WebSocketClosed, WebSocketRefused):
                time.sleep(0.05)

    def listen(self, page):
        hello = page.receive_type("hello")
        if self.page_epoch is None:
            self.page_epoch = hello["epoch"]
            self.page_seq = hello["seq"]
        page.send({"type": "resume", "epoch": self.page_epoch, "seq": self.page_seq})
        while not self.ended.is_set():
            message = page.receive()
            if message["type"] == "new_example":
                self.page_heard.add(message["seq"])
                while self.page_seq + 1 in self.page_heard:
                    self.page_seq += 1
            elif message["type"] == "resync":
                self.page_epoch = message["epoch"]
                self.page_seq = message["seq"]

    # What is there in the end.

    def query(self, statement):
        path = self.daemon.config["sqlite"]["path"]
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()

    def stored(self):
        return [row[0] for row in self.query("SELECT event_id FROM examples ORDER BY seq")]

    def committed(self):
        return sorted(self.query("SELECT e.event_id, a.revision FROM annotations a JOIN examples e USING (seq)"))

    def published(self):
        return [(message["event_id"], message["revision"]) for message in self.daemon.read_topic("labeled-examples")]

    def rejected(self):
        """How many different messages are in the dead-letter topic (as they came, which is not JSON)."""
        try:
            with open(self.daemon.topic_file("hard-examples.dlq"), encoding="utf-8") as file:
                return len({line for line in file if "poison-" in line})
        except OSError:
            return 0

    def is_settled(self):
        if self.ended.is_set():
            return True
        unfinished = self.query("SELECT count(*) FROM examples WHERE status NOT IN (2, 3)")[0][0]
        waiting = self.query("SELECT count(*) FROM outbox")[0][0]
        return (self.page_seq >= len(self.stored()) >= len(self.sent) and unfinished == 0 and waiting == 0
                and not self.correcting and self.rejected() >= self.poison)

    def run(self):
        self.daemon.add_user("ann", PASSWORD, ["annotator", "admin", "producer"])
        self.daemon.start()
        self.token = self.daemon.login("ann", PASSWORD).token
        self.daemon.kill()
        self.daemon.process = None
        self.load_until = time.monotonic() + LOAD_SECONDS
        self.work(self.supervise)
        producers = [self.work(self.produce_to_broker), self.work(self.produce_by_http)]
        self.work(self.watch)
        for _ in range(2):
            self.work(self.annotate, 0, 3)
        deadline = time.monotonic() + PATIENCE
        for thread in producers:
            thread.join(max(0.1, deadline - time.monotonic()))
        # Until it has died often enough, or there is nothing left to die at.
        wait_for(lambda: self.crashes >= CRASHES or self.is_settled(), timeout=PATIENCE / 2, interval=0.1)
        self.settling.set()
        if self.daemon.running():
            self.daemon.process.kill()
        settled = wait_for(self.is_settled, timeout=PATIENCE, interval=0.1) and not self.ended.is_set()
        self.ended.set()
        for thread in self.threads:
            thread.join(10)
        return settled

    def check(self, name, settled, expect_crashes):
        stored = self.stored()
        committed = self.committed()
        published = self.published()
        letters = self.rejected()
        details = (f"seed {SEED}, {self.crashes} crashes\nlog:\n{self.daemon.log()[-3000:]}")

        tap.ok(settled, f"{name}: settles", f"{len(stored)} of {len(self.sent)} stored, {len(committed)} annotated, "
               f"{len(set(published))} published, {letters} of {self.poison} rejected; {details}")
        if expect_crashes:
            tap.ok(self.crashes > 1, f"{name}: the daemon has died there", details)
        self.compare(tap, name, stored, committed, published, letters, details)
        tap.equal([row[0] for row in self.query("SELECT seq FROM examples ORDER BY seq")],
                  list(range(1, len(stored) + 1)), f"{name}: seq has no gap")
        tap.equal(self.page_seq, len(stored), f"{name}: the page has heard of every example")


def crash_trial(name, build_dir, **kwargs):
    """Runs in a thread. Answers what is still to be done in the main thread: the checks."""
    trial = Trial(name, build_dir, **kwargs)
    try:
        settled = trial.run()
    except (HarnessError, sqlite3.Error, json.JSONDecodeError) as error:
        trial.problems.append(repr(error))
        settled = False

    def check():
        try:
            trial.check(name, settled, expect_crashes=True)
            tap.diag(f"{name}: {trial.crashes} crashes, {len(trial.acknowledged_labels)} labels acknowledged")
        except (HarnessError, sqlite3.Error, json.JSONDecodeError) as error:
            tap.ok(False, f"{name}: runs", error)
        finally:
            trial.ended.set()
            trial.daemon.close()

    return check


def terminate_trial(build_dir):
    """SIGTERM while all are at work."""
    name = "SIGTERM under load"
    trial = Trial(name, build_dir)
    try:
        trial.daemon.add_user("ann", PASSWORD, ["annotator", "admin", "producer"])
        trial.daemon.start()
        trial.token = trial.daemon.login("ann", PASSWORD).token
        workers = [trial.work(*work) for work in ([trial.produce_to_broker], [trial.produce_by_http],
                                                  [trial.annotate, 0, 3], [trial.watch])]
        wait_for(lambda: len(trial.acknowledged_labels) >= 5, timeout=20)
        began = time.monotonic()
        code = trial.daemon.stop()
        took = time.monotonic() - began
        trial.daemon.process = None
        tap.equal(code, 0, f"{name}: exits with 0")
        tap.ok(took < 30, f"{name}: within 30 s", f"{took:.1f} s")
        tap.ok("cut short" not in trial.daemon.log(), f"{name}: nothing was cut short", trial.daemon.log()[-2000:])
        supervisor = trial.work(trial.supervise)
        settled = wait_for(lambda: all(not w.is_alive() for w in workers[:2]) and trial.is_settled(), timeout=PATIENCE,
                           interval=0.1) and not trial.ended.is_set()
        trial.ended.set()
        for thread in (*workers, supervisor):
            thread.join(10)
        trial.check(name, settled, expect_crashes=False)
    except (HarnessError, sqlite3.Error, json.JSONDecodeError) as error:
        tap.ok(False, f"{name}: runs", error)
    finally:
        trial.ended.set()
        trial.daemon.close()


def main():
    fault_build = os.environ.get("ANNOT_FAULT_BUILD") or (BUILD_DIR if has_fault_points(BUILD_DIR) else None)
    chosen = sys.argv[1:]

    if not os.path.exists(os.path.join(BUILD_DIR, "annotationd")) and not fault_build:
        Tap.skip_all("annotationd is not built")
    tap.diag(f"seed {SEED}")
    if not chosen or "term" in chosen:
        terminate_trial(BUILD_DIR)
    # A trial mostly waits: for the claims and leases of those who have died.
    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
        trials = []
        if not chosen or "kill" in chosen:
            trials.append(pool.submit(crash_trial, "SIGKILL at random", BUILD_DIR, kill_every=0.4))
        for point, probability in POINTS.items():
            if chosen and point not in chosen:
                continue
            if fault_build is None or not has_fault_points(fault_build):
                tap.skip(point, "not built with --enable-fault-points (make check-fault does)")
                continue
            trials.append(pool.submit(crash_trial, point, fault_build, fault=f"{point}:{probability}"))
        for trial in trials:
            trial.result()()
    tap.done()


if __name__ == "__main__":
    main()
