#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The work itself: the whole loop, leases, annotations, conflicts, skips, erasure, the outbox."""

import itertools
import os
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

# pylint: disable=wrong-import-position
from annotationd_harness import PNG, Daemon, Tap, base64, example, quickest, wait_for  # noqa: E402
from websocket_client import WebSocket  # noqa: E402

PASSWORD = "correct horse battery"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
FACE = "ab" * 32
tap = Tap()


def is_problem(answer, status, code=None):
    if answer.status != status or answer.headers.get_content_type() != "application/problem+json":
        return False
    return code is None or any(error["code"] == code for error in answer.json()["errors"])


def take(client, count=1):
    answer = client.post("/api/v1/examples/next", {"count": count})
    return answer.json()["examples"] if answer.status == 200 else []


def label(client, event_id, **body):
    return client.post(f"/api/v1/examples/{event_id}/label", body)


def corrected(**change):
    return [{"bbox": {"x1": 10, "y1": 20, "x2": 110, "y2": 220}, "class_name": "person", "confidence": 0.41,
             "corrected_class": None, "is_correct": True, **change}]


def labeled(daemon, event_id):
    return [message for message in daemon.read_topic("labeled-examples") if message["event_id"] == event_id]


def test_loop(daemon, ann):
    with WebSocket(daemon.port, token=ann.token) as page:
        page.receive_type("hello")
        frame = base64.b64encode(PNG).decode()
        daemon.feed([example("loop-1", frame_data=frame, model_version="v7", custom={"kept": True})])
        message = page.receive_type("new_example")
        tap.equal(message["example"]["event_id"], "loop-1", "what is appended to the topic stands in an open page")
        tap.ok("frame_data" not in message["example"] and message["example"]["has_frame"], "without its frame")
        item = take(ann)[0]
        tap.equal((item["example"]["event_id"], item["example"]["status"]), ("loop-1", "leased"), "it is handed out")
        tap.equal(page.receive_type("example_taken")["example_id"], "loop-1", "which the page is told")
        tap.equal(ann.get(item["example"]["frame_url"]).body, PNG, "its frame is shown")
        body = {"corrected_detections": corrected(corrected_class="child", is_correct=False), "quality_score": 0.9,
                "notes": "Größe?", "lease": item["lease"]["token"]}
        first = label(ann, "loop-1", **body)
        tap.equal(first.status, 200, "and labelled")
        tap.equal(page.receive_type("example_done")["example_id"], "loop-1", "which the page is told, too")
        again = label(ann, "loop-1", **body)
        tap.equal((again.status, again.body), (200, first.body), "the same submit repeated answers the same")
    messages = wait_for(lambda: labeled(daemon, "loop-1"))
    time.sleep(0.5)
    messages = labeled(daemon, "loop-1")
    tap.equal(len(messages), 1, "it is published exactly once")
    got = messages[0]
    tap.equal({name: got[name] for name in ("camera_id", "annotator_id", "quality_score", "notes", "revision",
                                            "model_version", "timestamp", "frame_data")},
              {"camera_id": "cam-1", "annotator_id": "ann", "quality_score": 0.9, "notes": "Größe?", "revision": 1,
               "model_version": "v7", "timestamp": "2026-11-23T08:00:00Z", "frame_data": frame}, "complete")
    tap.equal((got["corrected_detections"][0]["corrected_class"], got["corrected_detections"][0]["is_correct"],
               got["original_detections"][0]["class_name"]), ("child", False, "person"), "with what was and what is")
    tap.ok({"annotation_timestamp", "schema_version", "lead_time_ms", "source"} <= got.keys()
           and got["source"]["topic"] == "hard-examples", "and where it came from", got)
    tap.equal(ann.get("/api/v1/stats").json()["by_label"], {"child": 1}, "the statistics count it by its new class")
    tap.equal(ann.get("/api/v1/examples?status=completed").json()["total"], 1, "the list shows it as completed")


def test_shown_soon(daemon, ann):
    numbers = itertools.count()
    with WebSocket(daemon.port, token=ann.token) as page:
        page.receive_type("hello")

        def measure():
            begun = time.monotonic()
            daemon.feed([example(f"soon-{next(numbers)}")])
            page.receive_type("new_example")
            return time.monotonic() - begun

        waited = quickest(measure, 0.9)
        tap.ok(waited < 0.9, "and that within a second", f"{waited:.3f} s")
    for number in range(next(numbers)):
        tap.equal(label(ann, f"soon-{number}", corrected_detections=[]).status, 200, "it is labelled")


def test_next(rob, ann, ben):
    tap.equal(ann.post("/api/v1/examples/next").status, 204, "nothing to do is 204, also without a body")
    rob.post("/api/v1/examples", [example(f"p{i}", priority=i / 10) for i in range(6)])
    items = take(ann, 2)
    tap.equal([item["example"]["event_id"] for item in items], ["p5", "p4"], "the most urgent first")
    tap.ok(all({"token", "expires_at"} <= item["lease"].keys() for item in items), "each with its lease")
    tap.equal([item["example"]["event_id"] for item in take(ben, 20)], ["p3", "p2", "p1", "p0"],
              "what one holds no other gets")
    for body, name in (({"count": 0}, "0"), ({"count": 21}, "21"), ({"count": "2"}, "text"), ({"count": 1.5}, "1.5")):
        tap.ok(is_problem(ann.post("/api/v1/examples/next", body), 422), f"a count of {name} is 422")
    tap.ok(is_problem(ann.post("/api/v1/examples/next", b"[]", headers={"Content-Type": "application/json"}), 400),
           "an array is 400")
    return items


def test_leases(items, ann, ben):
    tokens = [item["lease"]["token"] for item in items]
    answer = ann.post("/api/v1/leases/renew", {"tokens": tokens + ["999999.1"]}).json()
    tap.equal(([lease["token"] for lease in answer["renewed"]], answer["ended"]), (tokens, ["999999.1"]), "leases renew")
    tap.ok(answer["renewed"][0]["expires_at"] >= items[0]["lease"]["expires_at"], "to a later deadline")
    answer = ben.post("/api/v1/leases/renew", {"tokens": tokens}).json()
    tap.equal((answer["renewed"], answer["ended"]), ([], tokens), "another's do not")
    answer = ben.post("/api/v1/leases/release", {"tokens": tokens}).json()
    tap.equal(answer["released"], [], "nor can they be given back")
    for body, field in (({}, "tokens"), ({"tokens": "x"}, "tokens"), ({"tokens": ["x"]}, "tokens[0]"),
                        ({"tokens": ["1.1"] * 1001}, "tokens")):
        answer = ann.post("/api/v1/leases/renew", body)
        tap.ok(is_problem(answer, 422) and answer.json()["errors"][0]["field"] == field, f"{field}: 422", answer)
    answer = ann.post("/api/v1/leases/release", {"tokens": tokens[:1]}).json()
    tap.equal([lease["event_id"] for lease in answer["released"]], ["p5"], "one's own can")
    stale = label(ann, "p5", corrected_detections=corrected(), lease=tokens[0])
    tap.ok(is_problem(stale, 409, "stale"), "a submit under a lease that was given back is 409 and says stale", stale)
    other = take(ben)[0]
    tap.equal(other["example"]["event_id"], "p5", "another gets it then")
    tap.ok(is_problem(label(ann, "p5", corrected_detections=corrected(), lease=tokens[0]), 409, "stale"),
           "the first one's late submit is stale")
    tap.ok(is_problem(label(ann, "p5", corrected_detections=corrected()), 409, "stale"), "also without naming a lease")
    done = label(ben, "p5", corrected_detections=corrected(), lease=other["lease"]["token"])
    tap.equal(done.status, 200, "the holder's is good")
    late = label(ann, "p5", corrected_detections=corrected(class_name="x"))
    tap.ok(is_problem(late, 409, "finished"), "then it is 409 and says finished", late)
    again = label(ben, "p5", corrected_detections=corrected(), notes="second thought")
    tap.equal((again.status, again.json().get("revision")), (200, 2), "its own annotator may revise it")
    return tokens[1]


def test_label_forms(daemon, rob, ann, token):
    tap.equal(label(ann, "p4", corrected_detections=[], lease=token, annotator_id="ann").status, 200,
              "annotator_id may say who one is")
    rob.post("/api/v1/examples", [example(name) for name in ("short", "form", "strict")])
    answer = label(ann, "short", example_id="short", bbox={"x1": 1, "y1": 2, "x2": 3, "y2": 4}, label="Hündin",
                   quality_score=1.0, notes="ok")
    tap.equal(answer.status, 200, "the short form, without a lease")
    fields = urllib.parse.urlencode({"example_id": "form", "bbox": '{"x1":1,"y1":2,"x2":3,"y2":4}', "label": "dog",
                                     "annotator_id": "ann", "quality_score": "0.5", "notes": "äh"})
    answer = ann.post("/api/v1/examples/form/label", fields, headers=FORM)
    tap.equal((answer.status, answer.json().get("status"), answer.json().get("example_id")), (200, "success", "form"),
              "the older form-encoded one")
    messages = wait_for(lambda: labeled(daemon, "form") and labeled(daemon, "short"))
    short, form = labeled(daemon, "short")[0], labeled(daemon, "form")[0]
    tap.ok(messages and form["corrected_detections"][0]["bbox"] == {"x1": 1, "y1": 2, "x2": 3, "y2": 4}
           and form["quality_score"] == 0.5 and form["notes"] == "äh", "are published alike", form)
    detection = short["corrected_detections"][0]
    tap.equal(detection.get("corrected_class") or detection["class_name"], "Hündin", "with the class that was given")
    for body, field in (({"annotator_id": "ben", "corrected_detections": []}, "annotator_id"),
                        ({"example_id": "other", "corrected_detections": []}, "example_id"),
                        ({"corrected_detections": {}}, "corrected_detections"),
                        ({"corrected_detections": [], "quality_score": 2}, "quality_score"),
                        ({"corrected_detections": [], "lease": "x"}, "lease"),
                        ({"corrected_detections": [{"bbox": [1, 2, 3]}]}, "corrected_detections[0].bbox")):
        answer = label(ann, "strict", **body)
        tap.ok(is_problem(answer, 422) and answer.json()["errors"][0]["field"] == field, f"{field}: 422", answer)
    tap.ok(is_problem(ann.post("/api/v1/examples/strict/label", b"{", headers={"Content-Type": "application/json"}), 400),
           "broken JSON is 400")
    tap.ok(is_problem(ann.post("/api/v1/examples/strict/label", b"x", headers={"Content-Type": "text/plain"}), 415),
           "another type 415")
    tap.ok(is_problem(label(ann, "none", corrected_detections=[]), 404), "an unknown example 404")
    tap.equal(ann.get("/api/v1/examples/strict").json()["status"], "pending", "and nothing was written")


def test_skip(daemon, rob, ann, ben):
    rob.post("/api/v1/examples", example("skipped", priority=5))
    item = take(ann)[0]
    path = "/api/v1/examples/skipped/skip"
    tap.ok(is_problem(ben.post(path, {"lease": item["lease"]["token"]}), 409, "stale"), "another cannot skip it")
    tap.ok(is_problem(ann.post(path, {"reason": "x" * 1001}), 422), "a reason has an end")
    answer = ann.post(path, {"reason": "too dark", "lease": item["lease"]["token"]})
    tap.equal((answer.status, answer.json()["example_status"]), (200, "pending"), "a skip gives it to others")
    tap.ok(all(item["example"]["event_id"] != "skipped" for item in take(ann, 20)), "not to the same one again")
    tap.equal(take(ben)[0]["example"]["event_id"], "skipped", "but to the next")
    answer = ben.post(path, {"reason": "still too dark"})
    tap.equal(answer.json()["example_status"], "skipped", "after max-skips nobody is asked")
    answers = [ben.post(path, {}), ann.post(path, {"lease": item["lease"]["token"]})]
    tap.equal([(answer.status, answer.json().get("example_status")) for answer in answers], [(200, "skipped")] * 2,
              "a skip that is sent again is the same skip, whatever has happened since")
    tap.ok(is_problem(ann.post("/api/v1/examples/none/skip"), 404), "an unknown one is 404")
    events = wait_for(lambda: [event for event in daemon.read_topic("annotation.events")
                               if event["example_id"] == "skipped"][1:])
    tap.ok(events and events[0]["event_type"] == "skipped" and events[0]["by"] == "ben"
           and events[0]["reason"] == "still too dark", "the events are published", events)


def test_expiry():
    with Daemon({"annotation": {"lease-seconds": 5}}) as daemon:
        for name, role in (("ann", "annotator"), ("ben", "annotator"), ("rob", "producer")):
            daemon.add_user(name, PASSWORD, [role])
        daemon.start()
        check_expiry(daemon, *(daemon.login(name, PASSWORD) for name in ("rob", "ann", "ben")))


def check_expiry(daemon, rob, ann, ben):
    rob.post("/api/v1/examples", example("expiring", priority=9))
    with WebSocket(daemon.port, token=ann.token) as page:
        page.receive_type("hello")
        item = take(ann)[0]
        tap.equal(item["example"]["event_id"], "expiring", "a lease")
        tap.equal(page.receive_type("lease_expired", 30)["example_id"], "expiring", "that is not renewed runs out")
    got = wait_for(lambda: take(ben), timeout=3)
    tap.equal(got[0]["example"]["event_id"], "expiring", "and another gets it")
    answer = label(ann, "expiring", corrected_detections=corrected(), lease=item["lease"]["token"])
    tap.ok(is_problem(answer, 409, "stale"), "the late submit is refused with its reason")
    tap.equal(label(ben, "expiring", corrected_detections=corrected(), lease=got[0]["lease"]["token"]).status, 200,
              "the present one is not")


def test_many_at_once(daemon, rob):
    count = 120
    rob.post("/api/v1/examples", [example(f"race-{i}", camera_id="race", priority=20) for i in range(count)])
    taken, lock = [], threading.Lock()

    def work(name):
        client = daemon.login(name, PASSWORD)
        while True:
            items = [item for item in take(client, 3) if item["example"]["camera_id"] == "race"]
            if not items:
                return
            for item in items:
                event_id = item["example"]["event_id"]
                answer = label(client, event_id, corrected_detections=corrected(), lease=item["lease"]["token"])
                with lock:
                    taken.append((event_id, answer.status))

    threads = [threading.Thread(target=work, args=(name,)) for name in ("ann", "ben", "eve", "joe") * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tap.equal((len(taken), len({event_id for event_id, _ in taken}), {status for _, status in taken}),
              (count, count, {200}), "eight at once never get the same example")
    published = wait_for(lambda: [m for m in daemon.read_topic("labeled-examples") if m["camera_id"] == "race"][count - 1:])
    events = [m["event_id"] for m in daemon.read_topic("labeled-examples") if m["camera_id"] == "race"]
    tap.ok(published and len(events) == len(set(events)) == count, "and each is published once", len(events))


def test_privacy(daemon, rob, ann, com):
    face = {"metadata": {"privacy": {"face_hashes": [FACE.upper()]}}}
    frame = base64.b64encode(PNG).decode()
    rob.post("/api/v1/examples", [example("face-1", frame_data=frame, **face), example("face-2", **face),
                                  example("no-face")])
    label(ann, "face-1", corrected_detections=corrected())
    for body in ({}, {"face_hash_id": "x" * 64}, {"face_hash_id": "ab"}, {"face_hash_id": 5}):
        tap.ok(is_problem(com.post("/api/v1/data-subject/delete", body), 422), f"{str(body)[:40]} is 422")
    answer = com.post("/api/v1/data-subject/delete", {"face_hash_id": FACE}).json()
    tap.equal((answer["status"], answer["events"], answer["files"], answer["annotations"]), ("success", 2, 1, 1),
              "erasure counts what it erased")
    tap.equal([ann.get(f"/api/v1/examples/{name}").status for name in ("face-1", "face-2", "no-face")], [404, 404, 200],
              "which is gone, and nothing else")
    answer = com.post("/api/v1/data-subject/delete", {"face_hash_id": FACE}).json()
    tap.equal(answer["events"], 0, "once more erases nothing")
    events = wait_for(lambda: [event for event in daemon.read_topic("annotation.events")
                               if event["event_type"] == "data_subject_deleted"])
    tap.ok(events and FACE not in str(events) and events[0]["by"] == "com", "an event says so without the hash", events)
    tap.ok(FACE not in daemon.log().lower(), "nor is it in the log")


def test_retry():
    """The labelled topic cannot be written: the outbox keeps the message and tries again."""
    with Daemon({"annotation": {"retry-interval": 600}}) as daemon:
        for name, role in (("ann", "annotator"), ("rob", "producer"), ("admin", "admin")):
            daemon.add_user(name, PASSWORD, [role])
        os.mkdir(daemon.topic_file("labeled-examples"))
        daemon.start()
        ann, rob, admin = (daemon.login(name, PASSWORD) for name in ("ann", "rob", "admin"))
        rob.post("/api/v1/examples", [example("r1"), example("r2")])
        statuses = [label(ann, name, corrected_detections=corrected()).status for name in ("r1", "r2")]
        tap.equal(statuses, [200, 200], "annotating goes on while the broker refuses")
        retries = wait_for(lambda: (admin.get("/api/v1/retry").json()["retries"][1:]
                                    and admin.get("/api/v1/retry").json()["retries"]))
        tap.ok(retries and all(item["attempts"] >= 1 and item["last_error"] and item["due_at"] for item in retries)
               and {item["event_id"] for item in retries} == {"r1", "r2"}, "the schedule shows what waits, and why", retries)
        tap.equal(ann.get("/api/v1/stats").json()["retry_queue_size"], 2, "the statistics count it")
        dropped = next(item for item in retries if item["event_id"] == "r2")
        kept = next(item for item in retries if item["event_id"] == "r1")
        tap.equal(admin.delete(f"/api/v1/retry/{dropped['id']}").status, 200, "an admin gives one up")
        tap.ok(is_problem(admin.delete(f"/api/v1/retry/{dropped['id']}"), 404), "once")
        os.rmdir(daemon.topic_file("labeled-examples"))
        time.sleep(1)
        tap.equal(daemon.read_topic("labeled-examples"), [], "nothing is tried before it is due")
        tap.equal(admin.post(f"/api/v1/retry/{kept['id']}/now").status, 202, "an admin has the other tried at once")
        tap.ok(wait_for(lambda: labeled(daemon, "r1")) and not labeled(daemon, "r2"), "and it is published")
        tap.equal(wait_for(lambda: admin.get("/api/v1/retry").json()["retries"] == []), True, "the schedule is empty")
        tap.ok(is_problem(admin.post("/api/v1/retry/none/now"), 404), "an unknown one is 404")


def main():
    config = {"annotation": {"lease-seconds": 60, "max-skips": 2}, "limits": {"deletion": "100000/h"}}
    with Daemon(config) as daemon:
        for name, role in (("ann", "annotator"), ("ben", "annotator"), ("eve", "annotator"), ("joe", "annotator"),
                           ("rob", "producer"), ("com", "compliance_officer")):
            daemon.add_user(name, PASSWORD, [role])
        daemon.start()
        ann, ben, rob, com = (daemon.login(name, PASSWORD) for name in ("ann", "ben", "rob", "com"))
        test_loop(daemon, ann)
        test_shown_soon(daemon, ann)
        items = test_next(rob, ann, ben)
        token = test_leases(items, ann, ben)
        test_label_forms(daemon, rob, ann, token)
        test_skip(daemon, rob, ann, ben)
        test_expiry()
        test_many_at_once(daemon, rob)
        test_privacy(daemon, rob, ann, com)
        tap.equal(daemon.stop(), 0, "the daemon ends well")
    test_retry()
    tap.done()


main()
