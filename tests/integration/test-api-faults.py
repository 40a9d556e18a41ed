#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the API answers while a backend fails, and that nothing is lost or doubled by it."""

import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

# pylint: disable=wrong-import-position
from annotationd_harness import Daemon, HarnessError, Tap, example, is_within, wait_for  # noqa: E402

PASSWORD = "correct horse battery"
tap = Tap()


def is_problem(answer, status):
    return answer.status == status and answer.headers.get_content_type() == "application/problem+json"


def is_away(answer):
    return is_problem(answer, 503) and int(answer.headers["Retry-After"]) > 0


class Faulty:
    """A daemon whose store and state fail as told."""

    def __init__(self):
        self.daemon = Daemon({"annotation": {"lease-seconds": 30}})
        if not os.path.exists(os.path.join(self.daemon.plugin_dir(), "fakestore.so")):
            Tap.skip_all("the fake backends are not built")
        for name, role in (("ann", "annotator"), ("rob", "producer"), ("admin", "admin"), ("com", "compliance_officer")):
            self.daemon.add_user(name, PASSWORD, [role])
        self.files = {}
        for kind, real in (("store", "sqlite"), ("state", "memory")):
            self.files[kind] = os.path.join(self.daemon.directory, f"{kind}.json")
            self.daemon.config[kind] = {"plugin": f"fake{kind}"}
            self.daemon.config[f"fake{kind}"] = {"backend": real, "plugin-dir": self.daemon.plugin_dir(),
                                                 "script": self.files[kind]}
        self.daemon.write_config()

    def script(self, kind, *rules):
        """From now on these rules; none: all is well."""
        path = self.files[kind]
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(rules, file)
        os.rename(path + ".new", path)
        time.sleep(0.15)


def test_store_away(faulty, clients):
    ann, rob, admin, com = (clients[name] for name in ("ann", "rob", "admin", "com"))
    rob.post("/api/v1/examples", example("before"))
    faulty.script("store", {"method": "*", "error": "not-connected", "message": "secret host db.internal is away"})
    calls = {
        "list": lambda: ann.get("/api/v1/examples"), "get": lambda: ann.get("/api/v1/examples/before"),
        "frame": lambda: ann.get("/api/v1/examples/before/frame"),
        "put": lambda: rob.post("/api/v1/examples", example("during")),
        "put several": lambda: rob.post("/api/v1/examples", [example("during"), example("during-2")]),
        "next": lambda: ann.post("/api/v1/examples/next"),
        "renew": lambda: ann.post("/api/v1/leases/renew", {"tokens": ["1.1"]}),
        "release": lambda: ann.post("/api/v1/leases/release", {"tokens": ["1.1"]}),
        "label": lambda: ann.post("/api/v1/examples/before/label", {"corrected_detections": []}),
        "skip": lambda: ann.post("/api/v1/examples/before/skip"), "stats": lambda: ann.get("/api/v1/stats"),
        "delete": lambda: admin.delete("/api/v1/examples/before"), "export": lambda: admin.get("/api/v1/export"),
        "retry": lambda: admin.get("/api/v1/retry"), "users": lambda: admin.get("/api/v1/users"),
        "make user": lambda: admin.post("/api/v1/users", {"name": "x", "password": PASSWORD, "roles": ["admin"]}),
        "tokens": lambda: admin.get("/api/v1/tokens"), "make token": lambda: admin.post("/api/v1/tokens", {}),
        "erase": lambda: com.post("/api/v1/data-subject/delete", {"face_hash_id": "0" * 64}),
        "logout": lambda: com.post("/api/v1/logout"),
        "login": lambda: faulty.daemon.client().post("/api/v1/login", {"username": "ann", "password": PASSWORD}),
        "API token": lambda: faulty.daemon.client("annot_" + "x" * 43).get("/api/v1/me"),
    }
    answers = {name: call() for name, call in calls.items()}
    wrong = {name: answer for name, answer in answers.items() if not is_away(answer)}
    tap.equal(wrong, {}, "while the store is away every call on it is 503 with Retry-After")
    told = {name for name, answer in answers.items() if b"db.internal" in answer.body}
    tap.equal(told, set(), "and none tells what only the log should know")
    tap.equal(ann.get("/api/v1/me").status, 200, "a session is known without the store")
    tap.equal(rob.get("/metrics").status, 200, "metrics answer what can be said without it")
    tap.ok(is_within(lambda: rob.get("/readyz").status == 503, 3.5), "/readyz tells within two seconds")
    tap.equal(rob.get("/health").json()["pending_examples"], -1, "/health does not guess")
    faulty.script("store")
    tap.ok(wait_for(lambda: rob.get("/readyz").status == 200, timeout=4), "it recovers by itself")
    tap.equal([ann.get(f"/api/v1/examples/{name}").status for name in ("before", "during", "during-2")], [200, 404, 404],
              "what was refused is not there, what was there still is")


def test_no_space(faulty, clients):
    faulty.script("store", {"method": "put_examples", "error": "no-space"}, {"method": "submit", "error": "no-space"})
    tap.ok(is_problem(clients["rob"].post("/api/v1/examples", example("full")), 507), "a full disk is 507")
    tap.ok(is_problem(clients["ann"].post("/api/v1/examples/before/label", {"corrected_detections": []}), 507),
           "for annotations too")
    faulty.script("store")


def test_partly(faulty, clients):
    """The second transaction of a long request fails."""
    faulty.script("store", {"method": "put_examples", "skip": 1, "error": "temporary"})
    lines = "\n".join(json.dumps(example(f"part-{i:04}")) for i in range(700))
    answer = clients["rob"].post("/api/v1/examples", lines, headers={"Content-Type": "application/x-ndjson"})
    body = answer.json()
    tap.equal((answer.status, body["created"], body["failed"]), (207, 500, 200), "what was stored is told apart")
    tap.equal(body["items"][600]["errors"][0]["code"], "temporary", "from what may be sent again")
    faulty.script("store")
    answer = clients["rob"].post("/api/v1/examples", lines, headers={"Content-Type": "application/x-ndjson"})
    tap.equal((answer.status, answer.json()["created"], answer.json()["known"]), (207, 200, 500), "which then is")


def test_unknown_outcome(faulty, clients):
    """The transaction took effect, but its answer was lost: the client sends it again."""
    ann = clients["ann"]
    body = {"corrected_detections": [], "notes": "once"}
    faulty.script("store", {"method": "submit", "times": 1, "error": "timeout", "answer-lost": True})
    first = ann.post("/api/v1/examples/before/label", body)
    tap.ok(is_away(first), "an unknown outcome is 503", first)
    faulty.script("store")
    again = ann.post("/api/v1/examples/before/label", body)
    tap.equal((again.status, again.json().get("revision")), (200, 1), "the repetition finds the first")

    def published():
        return [message for message in faulty.daemon.read_topic("labeled-examples") if message["event_id"] == "before"]

    wait_for(published)
    time.sleep(0.5)
    tap.equal(len(published()), 1, "and it is published once")


def test_state_away(faulty, clients):
    faulty.script("state", {"method": "*", "error": "not-connected"})
    ann = clients["ann"]
    tap.equal(clients["rob"].post("/api/v1/examples", example("stateless", priority=50)).status, 201,
              "without the state examples are taken")
    items = ann.post("/api/v1/examples/next").json()["examples"]
    tap.equal(items[0]["example"]["event_id"], "stateless", "handed out")
    answer = ann.post("/api/v1/examples/stateless/label",
                      {"corrected_detections": [], "lease": items[0]["lease"]["token"]})
    tap.equal(answer.status, 200, "and labelled")
    session = faulty.daemon.login("ann", PASSWORD)
    tap.equal((session.post("/api/v1/logout").status, session.get("/api/v1/me").status), (200, 401),
              "sessions begin and end")
    faulty.script("state")


def test_slow(faulty):
    """A call that never answers."""
    faulty.script("store", {"method": "list_examples", "hang": True})
    client = faulty.daemon.login("ann", PASSWORD)
    client.timeout = 20
    begun = time.monotonic()
    answer = client.get("/api/v1/examples")
    waited = time.monotonic() - begun
    tap.ok(is_away(answer) and waited < 5, "a call that never answers is 503 after handler-timeout", f"{waited} {answer}")
    tap.equal(client.get("/api/v1/stats").status, 200, "and does not stand in the way of others")
    faulty.script("store")


def main():
    faulty = Faulty()
    faulty.daemon.config["http"]["handler-timeout"] = 2
    faulty.daemon.write_config()
    with faulty.daemon as daemon:
        try:
            daemon.start()
        except HarnessError as error:
            tap.ok(False, "the daemon starts with the fake backends", error)
            tap.done()
        clients = {name: daemon.login(name, PASSWORD) for name in ("ann", "rob", "admin", "com")}
        test_store_away(faulty, clients)
        test_no_space(faulty, clients)
        test_partly(faulty, clients)
        test_unknown_outcome(faulty, clients)
        test_state_away(faulty, clients)
        test_slow(faulty)
        tap.equal(daemon.stop(), 0, "the daemon ends well")
    tap.done()


main()
