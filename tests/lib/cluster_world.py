# SPDX-License-Identifier: Apache-2.0
"""The workload around a cluster, and its pages; afterwards the records are compared with the store and the topics, which
has to come about by itself and in bounded time (P7).
"""

import base64
import http.client
import itertools
import json
import random
import ssl
import subprocess
import threading
import time

from annotationd_harness import PNG, Client, HarnessError, example, wait_for
from cluster import DEAD, HARD, LABELED
from servers.process import need_program
from websocket_client import WebSocket, WebSocketClosed, WebSocketRefused
from workload import Workload

BUSY = (429, 500, 502, 503, 504, 507)


class TlsClient(Client):
    """Through the load balancer, whose certificate is of this run."""

    def open(self):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=self.timeout, context=context)


class Producer:
    """One kcat that stays connected; what it took is confirmed when finish() returns."""

    def __init__(self, kafka):
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            [need_program("kcat"), "-P", "-b", kafka.bootstrap, "-t", HARD, "-K", "\t", "-E", "-X", "linger.ms=5",
             "-X", "reconnect.backoff.max.ms=500"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def write(self, key, text):
        self.process.stdin.write(f"{key}\t{text}\n".encode())
        self.process.stdin.flush()

    def finish(self, timeout=90):
        self.process.stdin.close()
        if self.process.wait(timeout) != 0:
            raise HarnessError(f"kcat ended with {self.process.returncode}: not everything was produced")


class World(Workload):
    """start(), then for each fault begin(), the fault, rest() and check(); end().

    rate: examples a second through the broker while it produces.
    """

    # pylint: disable=too-many-instance-attributes
    def __init__(self, cluster, seed, rate=60, annotators=3):
        super().__init__()
        self.cluster = cluster
        self.random = random.Random(seed)
        self.rate = rate
        self.annotators = annotators
        self.through_nginx = False
        self.producer = None
        self.numbers = itertools.count()
        self.failed_requests = []
        self.latest = {}
        self.doubled = 0
        self.token = None
        self.producing = threading.Event()
        self.threads = []
        self.producers = []
        self.pages = []

    def start(self):
        self.token = self.cluster.running()[0].login("demo", self.cluster.password).token
        for number in range(self.annotators):
            self.threads.append(self.guard(self.annotate, number, 10))
        for number in range(2):
            page = Page(self, number)
            self.pages.append(page)
            self.threads.append(self.guard(page.run))
        return self

    def begin(self):
        """The load; from here the records of failed requests count anew."""
        self.failed_requests = []
        self.producer = Producer(self.cluster.kafka)
        self.producing.set()
        self.producers = [self.guard(self.produce), self.guard(self.produce_by_http)]

    def rest(self, patience=90):
        """Stops producing and waits until everything has come to rest; seconds that took, or None."""
        began = time.monotonic()
        self.producing.clear()
        for thread in self.producers:
            thread.join(patience)
        self.producer.finish()

        def settled():
            try:
                return self.is_settled()
            except (HarnessError, subprocess.TimeoutExpired):
                return False

        return time.monotonic() - began if wait_for(settled, patience, 0.2) else None

    def end(self):
        self.ended.set()
        for thread in self.threads:
            thread.join(20)

    def request(self, method, path, data=None, seed=0):
        """Asks one instance after the other until there is an answer; None when all has ended."""
        attempt = seed
        while not self.ended.is_set():
            client = self.new_client(attempt)
            attempt += 1
            if client is None:
                time.sleep(0.05)
                continue
            try:
                answer = client.request(method, path, data)
                if answer.status not in BUSY:
                    return answer
                self.note_failure(f"{method} {path}: {answer.status} {answer.body[:200]!r}")
            except (OSError, http.client.HTTPException) as error:
                self.note_failure(f"{method} {path}: {error!r}")
            finally:
                client.close()
            time.sleep(0.03)
        return None

    def new_client(self, attempt):
        if self.through_nginx:
            return TlsClient(self.cluster.nginx.port, self.token, timeout=15)
        running = self.cluster.running()
        return Client(running[attempt % len(running)].port, self.token, timeout=5) if running else None

    def note_failure(self, text):
        if len(self.failed_requests) < 1000:
            self.failed_requests.append(text)

    def produce(self):
        while self.producing.is_set():
            for _ in range(max(1, self.rate // 20)):
                self.produce_one(next(self.numbers))
            time.sleep(0.05)

    def produce_one(self, number):
        """Some come twice, some with a frame, and some are no examples at all."""
        event_id = f"broker-{number}"
        document = example(event_id, camera_id=f"cam-{number % 7}", priority=round(self.random.random(), 3))
        if number % 8 == 0:
            document["frame_data"] = base64.b64encode(PNG).decode()
        text = json.dumps(document, separators=(",", ":"))
        with self.lock:
            self.sent.add(event_id)
        for _ in range(2 if number % 11 == 5 else 1):
            self.producer.write(document["camera_id"], text)
        if number % 23 == 7:
            self.poison += 1
            self.producer.write("cam-0", '{"event_id": "poison-%d"' % number)

    def produce_by_http(self):
        while self.producing.is_set() and self.post_example(next(self.numbers)):
            time.sleep(self.random.uniform(0.05, 0.2))

    def nothing_left(self):
        time.sleep(0.1)

    # What is there in the end.

    def rows(self, statement):
        text = self.cluster.postgres.sql(statement, "annotations")
        return [line.split("|") for line in text.splitlines()]

    def number_of(self, statement):
        return int(self.rows(statement)[0][0])

    def committed(self):
        return sorted((event_id, int(revision)) for event_id, revision in self.rows(
            "SELECT e.event_id, a.revision FROM annotationd.annotations a JOIN annotationd.examples e USING (seq)"))

    def is_settled(self):
        figures = self.rows("SELECT (SELECT count(*) FROM annotationd.examples), "
                            "(SELECT count(*) FROM annotationd.examples WHERE status NOT IN (2, 3)), "
                            "(SELECT count(*) FROM annotationd.outbox)")[0]
        stored, unfinished, waiting = (int(item) for item in figures)
        pages = [page.seq for page in self.pages]
        self.latest = {"sent": len(self.sent), "stored": stored, "unfinished": unfinished, "outbox": waiting,
                       "pages": pages}
        return (stored >= len(self.sent) and unfinished == 0 and waiting == 0 and not self.correcting
                and all(seq >= stored for seq in pages) and self.rejected() >= self.poison)

    def check(self, tap, name, took, nothing_twice=False):
        """P1 to P4 and P7, by the records."""
        tap.ok(took is not None, f"{name}: comes to rest by itself (P7)", self.latest)
        rows = self.rows("SELECT event_id, seq FROM annotationd.examples ORDER BY seq")
        published = self.published()
        self.compare(tap, name, [row[0] for row in rows], self.committed(), published, self.rejected())
        tap.equal([int(row[1]) for row in rows], list(range(1, len(rows) + 1)), f"{name}: seq has no gap")
        for page in self.pages:
            tap.equal(page.seq, len(rows), f"{name}: page {page.number} has heard of all (P3)")
        doubled = len(published) - len(set(published)) - self.doubled
        self.doubled += doubled
        if nothing_twice:
            tap.equal(doubled, 0, f"{name}: nothing is published twice")
        tap.diag(f"{name}: {len(rows)} examples, {len(self.acknowledged_labels)} labels, "
                 f"{len(self.acknowledged_corrections)} corrections, {doubled} published twice, "
                 f"{len(self.failed_requests)} requests repeated, at rest after {took and round(took, 1)} s")

    def published(self):
        documents = [message.json() for message in self.cluster.kafka.consume(LABELED)]
        return [(item["event_id"], item["revision"]) for item in documents]

    def rejected(self):
        return len({message.value for message in self.cluster.kafka.consume(DEAD) if "poison-" in message.value})


class Page:
    """Listens at one instance; comes back, to another, with what it has when the line ends."""

    def __init__(self, world, number):
        self.world = world
        self.number = number
        self.epoch = None
        self.seq = 0
        self.heard = set()
        self.turns = number

    def run(self):
        while not self.world.ended.is_set():
            running = self.world.cluster.running()
            self.turns += 1
            if not running:
                time.sleep(0.1)
                continue
            try:
                with WebSocket(running[self.turns % len(running)].port, token=self.world.token, timeout=3) as line:
                    self.listen(line)
            except (OSError, WebSocketClosed, WebSocketRefused):
                time.sleep(0.1)

    def listen(self, line):
        hello = line.receive_type("hello")
        if self.epoch is None:
            self.epoch = hello["epoch"]
            self.seq = 0
        line.send({"type": "resume", "epoch": self.epoch, "seq": self.seq})
        while not self.world.ended.is_set():
            try:
                message = line.receive()
            except TimeoutError:
                line.send({"type": "ping"})
                message = line.receive()
            self.hear(message)

    def hear(self, message):
        """Live ones may come before what was missed."""
        if message["type"] == "new_example":
            self.heard.add(message["seq"])
            while self.seq + 1 in self.heard:
                self.seq += 1
                self.heard.discard(self.seq)
        elif message["type"] == "resync":
            self.epoch = message["epoch"]
            self.seq = max(self.seq, message["seq"])
