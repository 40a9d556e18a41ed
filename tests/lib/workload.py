# SPDX-License-Identifier: Apache-2.0
"""People and machines who produce and annotate while the daemon suffers, and keep records of what they were promised.

P1  an acknowledged HTTP write is in the store exactly once
P2  every message of the broker is in the store exactly once, or in the dead-letter topic
P3  a page's view, after recovery, equals the store: no gap, in order
P4  every committed annotation reaches the broker, in order for each example
"""

import threading
import zlib

from annotationd_harness import example

# One annotation in so many is corrected afterwards.
CORRECTED = 5


def correction(label):
    return {"corrected_detections": [{"bbox": {"x1": 1, "y1": 2, "x2": 3, "y2": 4}, "class_name": "person",
                                      "corrected_class": label, "is_correct": False}], "quality_score": 0.5}


def disorder(published):
    """The examples of which an older revision follows a newer one, where each revision counts when it first comes."""
    newest = {}
    seen = set()
    wrong = set()
    for event_id, revision in published:
        if (event_id, revision) in seen:
            continue
        seen.add((event_id, revision))
        if revision < newest.get(event_id, 0):
            wrong.add(event_id)
        newest[event_id] = max(revision, newest.get(event_id, 0))
    return wrong


class Workload:
    """The records, and those who make them. Who inherits has request(method, path, data, seed), an answer or None when
    all has ended, and nothing_left(), called when there is no example to annotate.
    """

    def __init__(self):
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.sent = set()
        self.poison = 0
        self.acknowledged_examples = set()
        self.acknowledged_labels = set()
        self.acknowledged_corrections = set()
        self.correcting = set()
        self.problems = []

    def guard(self, work, *arguments):
        """Runs it in a thread; what it raises is a problem."""

        def run():
            try:
                work(*arguments)
            except Exception as error:  # pylint: disable=broad-except
                self.problems.append(f"{work.__name__}: {error!r}")
                self.gone_wrong()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def gone_wrong(self):
        """Goes on, unless a workload has reason to end then."""

    def post_example(self, number):
        """Whether to go on."""
        event_id = f"http-{number}"
        with self.lock:
            self.sent.add(event_id)
        answer = self.request("POST", "/api/v1/examples", example(event_id), seed=number)
        if answer is None:
            return False
        if answer.status in (200, 201):
            self.acknowledged_examples.add(event_id)
        else:
            self.problems.append(f"POST of {event_id}: {answer!r}")
        return True

    def annotate(self, seed, count):
        while not self.ended.is_set():
            seed += 1
            answer = self.request("POST", "/api/v1/examples/next", {"count": count}, seed=seed)
            if answer is None:
                return
            if answer.status == 204:
                self.nothing_left()
                continue
            if answer.status != 200:
                self.problems.append(f"next: {answer!r}")
                return
            for item in answer.json()["examples"]:
                self.finish(item, seed)

    def finish(self, item, seed):
        """Labels it, by another instance than handed it out where there is one; some are corrected afterwards."""
        event_id = item["example"]["event_id"]
        corrects = zlib.crc32(event_id.encode()) % CORRECTED == 0
        with self.lock:
            if corrects:
                self.correcting.add(event_id)
        if (self.submit(event_id, {"lease": item["lease"]["token"], **correction("cat")}, seed + 1,
                        self.acknowledged_labels) and corrects):
            self.submit(event_id, correction("dog"), seed + 2, self.acknowledged_corrections)
        with self.lock:
            self.correcting.discard(event_id)

    def submit(self, event_id, body, seed, acknowledged):
        answer = self.request("POST", f"/api/v1/examples/{event_id}/label", body, seed=seed)
        if answer is None:
            return False
        if answer.status == 200:
            with self.lock:
                acknowledged.add(event_id)
        elif answer.status != 409:
            self.problems.append(f"label of {event_id}: {answer!r}")
        return answer.status == 200

    def compare(self, tap, name, stored, committed, published, letters, context=""):
        """P1, P2 and P4. stored: event ids by seq; committed: (event id, revision); published: the same, as they came;
        letters: how many different messages are in the dead-letter topic."""
        # pylint: disable=too-many-arguments,too-many-positional-arguments
        revisions = {}
        for event_id, revision in committed:
            revisions.setdefault(event_id, []).append(revision)
        corrected = {event_id for event_id, numbers in revisions.items() if len(numbers) > 1}

        def missing(wanted, there):
            return f"{len(wanted - there)} missing: {sorted(wanted - there)[:5]}"

        tap.equal(self.problems, [], f"{name}: nobody got a wrong answer")
        tap.ok(self.acknowledged_examples <= set(stored) and self.acknowledged_labels <= set(revisions)
               and self.acknowledged_corrections <= corrected, f"{name}: what was acknowledged is in the store (P1)",
               f"examples {missing(self.acknowledged_examples, set(stored))}, "
               f"labels {missing(self.acknowledged_labels, set(revisions))}, "
               f"corrections {missing(self.acknowledged_corrections, corrected)} {context}")
        tap.ok(len(stored) == len(set(stored)) and set(stored) == self.sent and letters >= self.poison,
               f"{name}: every message is stored once or a dead letter, and nothing else (P2)",
               f"{missing(self.sent, set(stored))}, foreign {sorted(set(stored) - self.sent)[:5]}, "
               f"{letters} dead letters for {self.poison} {context}")
        tap.ok(all(sorted(numbers) == list(range(1, len(numbers) + 1)) for numbers in revisions.values()),
               f"{name}: no annotation is there twice, no revision is left out",
               [item for item in revisions.items() if len(item[1]) > 1][:20])
        tap.ok(set(published) == set(committed) and not disorder(published),
               f"{name}: every annotation is published, in order for each example, and nothing else (P4)",
               f"{missing(set(committed), set(published))}, foreign {sorted(set(published) - set(committed))[:5]}, "
               f"out of order {sorted(disorder(published))[:5]} {context}")
