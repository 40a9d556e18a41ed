#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Examples over HTTP: taken in, listed, shown, their frames, removed; the API's description; figures and health."""

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

# pylint: disable=wrong-import-position
from annotationd_harness import PNG, Daemon, Tap, example, is_within, quote, wait_for  # noqa: E402

PASSWORD = "correct horse battery"
NDJSON = {"Content-Type": "application/x-ndjson"}
FRAME = base64.b64encode(PNG).decode()
tap = Tap()


def is_problem(answer, status):
    return answer.status == status and answer.headers.get_content_type() == "application/problem+json" \
        and answer.json()["status"] == status


def test_intake_one(rob, ann):
    answer = rob.post("/api/v1/examples", example("one"))
    tap.equal((answer.status, answer.json()), (201, {"status": "created", "event_id": "one", "seq": 1}), "one is created")
    tap.equal(answer.headers["Location"], "/api/v1/examples/one", "and says where it is")
    answer = rob.post("/api/v1/examples", example("one", camera_id="other"))
    tap.equal((answer.status, answer.json()["status"]), (200, "known"), "the same again is known")
    tap.equal(ann.get("/api/v1/examples/one").json()["camera_id"], "cam-1", "and changes nothing")
    for body, type_, status, name in ((b"{", "application/json", 400, "broken JSON"),
                                      (b"", "application/json", 400, "an empty body"),
                                      (b"[1,", "application/json", 400, "a broken array"),
                                      (b"[] x", "application/json", 400, "something behind the array"),
                                      (b"[]", "application/json", 422, "an empty array"),
                                      (b"\n\n", "application/x-ndjson", 422, "empty lines"),
                                      (b"a=1", "application/x-www-form-urlencoded", 415, "a form"),
                                      (b"<a/>", "text/xml", 415, "XML")):
        answer = rob.post("/api/v1/examples", body, headers={"Content-Type": type_})
        tap.ok(is_problem(answer, status), f"{name} is {status}", answer)


def test_intake_fields(rob):
    nested = {}
    for _ in range(40):
        nested = {"a": nested}
    box = {"x1": 1, "y1": 1, "x2": 2, "y2": 2}
    for change, field in (({"event_id": None}, "event_id"), ({"event_id": "a b"}, "event_id"),
                          ({"event_id": "x" * 256}, "event_id"), ({"camera_id": 5}, "camera_id"),
                          ({"timestamp": "yesterday"}, "timestamp"), ({"detections": {}}, "detections"),
                          ({"detections": [{"bbox": box, "confidence": 2}]}, "detections[0].confidence"),
                          ({"detections": [{"bbox": [1, 2, 3]}]}, "detections[0].bbox"),
                          ({"frame_data": "!!!"}, "frame_data"),
                          ({"frame_data": base64.b64encode(b"<svg/>").decode()}, "frame_data")):
        answer = rob.post("/api/v1/examples", {**example("bad"), **change})
        tap.ok(is_problem(answer, 422) and answer.json()["errors"][0]["field"] == field, f"{field} is named", answer)
    tap.ok(rob.post("/api/v1/examples", {**example("deep"), "metadata": nested}).status in (400, 422),
           "what is nested too deep is refused")


def test_intake_many(rob):
    answer = rob.post("/api/v1/examples", [example("m1"), example("m2")])
    tap.equal((answer.status, answer.json()["created"]), (201, 2), "an array of new ones is 201")
    answer = rob.post("/api/v1/examples", [example("m1"), example("m2")])
    tap.equal((answer.status, answer.json()["known"]), (200, 2), "of known ones 200")
    answer = rob.post("/api/v1/examples", [example("m1"), {"event_id": "m3"}, example("m4"), 7])
    items = answer.json()["items"]
    tap.equal((answer.status, [item["status"] for item in items]), (207, ["known", "error", "created", "error"]),
              "mixed 207, each with its own answer")
    tap.equal((items[1]["event_id"], items[1]["errors"][0]["field"], items[1]["index"]), ("m3", "camera_id", 1),
              "which names item and field")
    answer = rob.post("/api/v1/examples", [{}, {"event_id": "m5"}])
    tap.ok(is_problem(answer, 422) and [error["field"] for error in answer.json()["errors"]]
           == ["[0].event_id", "[1].camera_id"], "all wrong 422, in the one shape of errors", answer)
    lines = "\n".join([json.dumps(example("n1")), "", "  " + json.dumps(example("n2")) + "\r", "{broken", ""])
    answer = rob.post("/api/v1/examples", lines, headers=NDJSON)
    tap.equal((answer.status, [item["status"] for item in answer.json()["items"]]), (207, ["created", "created", "error"]),
              "lines likewise; a broken one does not stop the others")
    answer = rob.post("/api/v1/examples", [example("twice"), example("twice")])
    tap.equal((answer.status, [item["status"] for item in answer.json()["items"]]), (207, ["created", "known"]),
              "a double within one request counts once")
    lines = "\n".join(json.dumps(example(f"bulk-{i:04}")) for i in range(1700))
    answer = rob.post("/api/v1/examples", lines, headers=NDJSON)
    sequence = [item["seq"] for item in answer.json()["items"]]
    tap.ok(answer.status == 201 and sequence == list(range(sequence[0], sequence[0] + 1700)),
           "1700 lines are stored in order, over several transactions")
    answer = rob.post("/api/v1/examples", "{}\n" * 10001, headers=NDJSON)
    tap.ok(is_problem(answer, 413), "more than 10000 are 413", answer)


def test_limits():
    with Daemon({"limits": {"message-bytes": "64K", "frame-bytes": "1K", "detections": 3}}) as daemon:
        daemon.add_user("rob", PASSWORD, ["producer"])
        daemon.start()
        rob = daemon.login("rob", PASSWORD)
        large = example("large", text="x" * 70000)
        tap.ok(is_problem(rob.post("/api/v1/examples", large), 413), "an example beyond message-bytes is 413")
        answer = rob.post("/api/v1/examples", [example("small"), large])
        tap.equal([item["status"] for item in answer.json()["items"]], ["created", "error"], "in an array, its item is")
        body = json.dumps(example("huge", text="x" * 300000))
        tap.ok(is_problem(rob.post("/api/v1/examples", body, headers={"Content-Type": "application/json"}), 413),
               "a body beyond four times that too")
        tap.equal(rob.get("/healthz").status, 200, "and the service goes on")
        big = base64.b64encode(PNG + b"\0" * 2000).decode()
        tap.ok(is_problem(rob.post("/api/v1/examples", example("big", frame_data=big)), 422), "a large frame is 422")
        box = example("x")["detections"]
        tap.ok(is_problem(rob.post("/api/v1/examples", example("many", detections=box * 4)), 422),
               "as are too many detections")


def test_round_trip(rob, ann):
    text = "Füße, 日本語, \U0001f600, \u202e, \\ \" \t </script>"
    sent = example("unicode:1.a-b_c", camera_id="Küche/1", text=text, reason=text, unknown_member={"a": [1, {"b": None}]},
                   metadata={"privacy": {"face_hashes": []}, "ü": "ö"}, priority=0.25, model_version="v12")
    sent["detections"][0]["unknown"] = {"c": True}
    tap.equal(rob.post("/api/v1/examples", sent).status, 201, "any text is taken")
    got = ann.get("/api/v1/examples/" + quote(sent["event_id"])).json()
    tap.ok(all(got[name] == sent[name] for name in sent), "and given back as it was, unknown members too", got)
    tap.equal((got["status"], got["has_frame"], got["revision"]), ("pending", False, 0), "with where it stands")
    boxes = [{"bbox": [1, 2, 3, 4], "label": "a"},
             {"bounding_box": {"x_min": 0.1, "y_min": 0.2, "x_max": 0.3, "y_max": 0.4}, "class_name": "b"}]
    rob.post("/api/v1/examples", example("boxes", detections=boxes))
    got = ann.get("/api/v1/examples/boxes").json()["detections"]
    tap.equal([item["bbox"] for item in got], [{"x1": 1, "y1": 2, "x2": 3, "y2": 4},
                                               {"x1": 0.1, "y1": 0.2, "x2": 0.3, "y2": 0.4}],
              "all spellings of a box are one")
    tap.equal([item["class_name"] for item in got], ["a", "b"], "and of a class")
    tap.ok(is_problem(ann.get("/api/v1/examples/none"), 404), "an unknown id is 404")
    tap.ok(is_problem(ann.get("/api/v1/examples/" + quote("a b")), 404), "an impossible one too")


def test_list(rob, ann):
    for i in range(7):
        detections = [{"bbox": [1, 2, 3, 4], "class_name": "cat" if i % 2 else "dog", "confidence": 0.5}]
        rob.post("/api/v1/examples", example(f"list-{i}", camera_id="lister", priority=i / 10, detections=detections,
                                             reason=f"needle-{i}"))
    def ids(query):
        return [item["event_id"] for item in ann.get("/api/v1/examples?camera_id=lister&" + query).json()["examples"]]

    page = ann.get("/api/v1/examples?camera_id=lister&size=3&page=2").json()
    tap.equal((page["total"], page["page"], page["page_size"], len(page["examples"])), (7, 2, 3, 3), "a numbered page")
    tap.equal([item["event_id"] for item in page["examples"]], ["list-3", "list-2", "list-1"], "by priority")
    tap.ok(all("frame_data" not in item for item in page["examples"]), "without frames")
    tap.equal(ids("order=oldest"), [f"list-{i}" for i in range(7)], "oldest first")
    tap.equal(ids("order=newest"), [f"list-{i}" for i in reversed(range(7))], "newest first")
    tap.equal(ids("label=cat&order=oldest"), ["list-1", "list-3", "list-5"], "of one class")
    tap.equal(ids("q=needle-4"), ["list-4"], "with a text")
    tap.equal(ids("q=%25"), [], "in which no wildcard works")
    tap.equal((ids("status=completed"), len(ids("status=all"))), ([], 7), "in one state, or all")
    seen, cursor = [], ""
    while True:
        page = ann.get(f"/api/v1/examples?camera_id=lister&size=2&order=priority{cursor}").json()
        seen += [item["event_id"] for item in page["examples"]]
        if not page["next_cursor"]:
            break
        cursor = "&cursor=" + quote(page["next_cursor"])
    tap.equal(seen, [f"list-{i}" for i in reversed(range(7))], "a cursor reads every row once")
    tap.equal((page["total"], page["page"]), (None, None), "without counting")
    for query, field in (("size=0", "size"), ("size=501", "size"), ("page=x", "page"), ("status=odd", "status"),
                         ("order=odd", "order"), ("cursor=x&page=1", "page")):
        answer = ann.get("/api/v1/examples?" + query)
        tap.ok(is_problem(answer, 422) and answer.json()["errors"][0]["field"] == field, f"?{query} is 422", answer)
    tap.ok(is_problem(ann.get("/api/v1/examples?cursor=nonsense"), 422), "a made-up cursor too")
    tap.equal(ids("q=%ff%fe"), [], "broken UTF-8 finds nothing")
    answer = ann.get("/api/v1/examples?status=%ff%00")
    tap.ok(is_problem(answer, 422) and answer.body.decode("utf-8"), "and is answered as text", answer)


def test_frame(rob, ann, client):
    rob.post("/api/v1/examples", example("framed", frame_data="data:image/jpeg;base64," + FRAME))
    got = ann.get("/api/v1/examples/framed").json()
    digest = hashlib.sha256(PNG).hexdigest()
    tap.equal((got["has_frame"], got["frame_sha256"]), (True, digest), "an example says that it has a frame")
    answer = ann.get(got["frame_url"])
    tap.equal((answer.status, answer.body), (200, PNG), "the frame is the image")
    headers = answer.headers
    tap.equal(headers["Content-Type"], "image/png", "of the type its bytes say, not the producer")
    tap.equal(headers["ETag"], f'"{digest}"', "with a strong ETag")
    tap.ok("immutable" in headers["Cache-Control"] and "private" in headers["Cache-Control"], "kept, but not shared")
    tap.equal(headers["X-Content-Type-Options"], "nosniff", "not guessed at")
    tap.ok("sandbox" in headers["Content-Security-Policy"] and "default-src 'none'" in headers["Content-Security-Policy"],
           "and shut in")
    for tag in (f'"{digest}"', f'W/"{digest}"', f'"x", "{digest}"', "*"):
        answer = ann.get(got["frame_url"], headers={"If-None-Match": tag})
        tap.equal((answer.status, answer.body, answer.headers["ETag"]), (304, b"", f'"{digest}"'), f"{tag} is 304")
    tap.equal(ann.get(got["frame_url"], headers={"If-None-Match": '"other"'}).status, 200, "another tag is not")
    answer = ann.request("HEAD", got["frame_url"])
    tap.equal((answer.status, answer.headers["Content-Length"], answer.body), (200, str(len(PNG)), b""), "HEAD says so")
    tap.ok(is_problem(client.get(got["frame_url"]), 401), "nobody sees it without signing in")
    tap.ok(is_problem(rob.get(got["frame_url"]), 403), "nor does a producer")
    tap.ok(is_problem(ann.get("/api/v1/examples/one/frame"), 404), "no frame is 404")
    tap.ok(is_problem(ann.get("/api/v1/examples/none/frame"), 404), "no example too")


def test_delete(rob, ann, admin, daemon):
    rob.post("/api/v1/examples", [example("d1", frame_data=FRAME), example("d2")])
    answer = admin.delete("/api/v1/examples/d1?reason=blurred")
    tap.equal((answer.status, answer.json()["status"], answer.json()["deleted_id"]), (200, "success", "d1"),
              "an admin removes")
    tap.equal((ann.get("/api/v1/examples/d1").status, ann.get("/api/v1/examples/d1/frame").status), (404, 404),
              "example and frame are gone")
    tap.ok(is_problem(admin.delete("/api/v1/examples/d1"), 404), "once")
    events = wait_for(lambda: [event for event in daemon.read_topic("annotation.events")
                               if event.get("example_id") == "d1"])
    tap.ok(len(events) == 1 and events[0]["by"] == "admin" and events[0]["reason"] == "blurred"
           and events[0]["event_type"] == "deleted", "and the event is published", events)
    tap.equal(ann.delete("/api/v1/examples/d2").status, 200, "an annotator's delete")
    got = ann.get("/api/v1/examples/d2").json()
    tap.equal((got["status"], got["skips"]), ("pending", 1), "only skips")


def test_redirect(ann, client):
    answer = client.get("/api/examples?page=1&q=a%20b")
    tap.equal((answer.status, answer.headers["Location"]), (301, "/api/v1/examples?page=1&q=a%20b"),
              "the unversioned path is redirected, query kept")
    tap.equal((answer.headers["X-API-Version-Redirect"], answer.headers["X-Deprecated-Endpoint"]), ("v1", "true"),
              "and says so")
    tap.equal(client.post("/api/login", {}).headers["Location"], "/api/v1/login", "for every method")
    tap.ok(is_problem(ann.get("/api/v1/none"), 404), "an unknown path is 404")
    answer = ann.request("PUT", "/api/v1/examples")
    tap.ok(is_problem(answer, 405) and "POST" in answer.headers["Allow"], "an unknown method 405 with Allow")


def references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_openapi(admin, client):
    answer = client.get("/api/v1/openapi.json")
    document = answer.json()
    tap.equal((answer.status, document["openapi"]), (200, "3.1.0"), "the API describes itself")
    missing = [ref for ref in references(document)
               if not ref.startswith("#/components/") or ref.split("/")[3] not in document["components"][ref.split("/")[2]]]
    tap.equal(missing, [], "every reference leads somewhere")
    operations = [(method, path, operation) for path, methods in document["paths"].items()
                  for method, operation in methods.items()]
    bare = [f"{method} {path}" for method, path, operation in operations
            if not operation.get("tags") or not any(code[0] in "23" for code in operation["responses"])]
    tap.equal(bare, [], "every route is documented with what it answers")
    unnamed = [f"{method} {path}" for method, path, operation in operations
               for name in re.findall(r"{(\w+)}", path)
               if not any(part["name"] == name and part["in"] == "path" for part in operation["parameters"])]
    tap.equal(unnamed, [], "and its path parameters")
    ids = [operation["operationId"] for _, _, operation in operations]
    tap.equal(len(set(ids)), len(ids), "under a name of its own")
    root = os.environ.get("G_TEST_SRCDIR", os.path.join(os.path.dirname(__file__), "..", ".."))
    with open(os.path.join(root, "data", "openapi", "details.json"), encoding="utf-8") as file:
        detailed = set(json.load(file)["operations"])
    tap.equal(detailed ^ {f"{method.upper()} {path}" for method, path, _ in operations}, set(),
              "details and routes are the same")
    lost = []
    for method, path, _ in operations:
        target = path.replace("{id}", "no-such").replace("{name}", "no-such")
        answer = admin.request(method.upper(), target, data=None if method == "get" else {})
        if answer.status == 405 or (answer.status == 404 and "{" not in path):
            lost.append(f"{method} {path}: {answer.status}")
    tap.equal(lost, [], "every documented route answers")
    page = client.get("/docs")
    tap.ok(page.status == 200 and all(path in page.body.decode() for path in document["paths"]), "/docs lists them all")
    outside = [url for url in re.findall(r'(?:src|href)="([^"]*)"', page.body.decode()) if not url.startswith("/")]
    tap.equal((outside, "default-src 'none'" in page.headers["Content-Security-Policy"]), ([], True),
              "and loads nothing from elsewhere")


def test_health(client, daemon):
    answer = client.get("/healthz")
    tap.ok(answer.status == 200 and answer.json().keys() == {"status", "timestamp"}
           and answer.json()["status"] == "healthy", "/healthz")
    tap.equal((client.request("HEAD", "/healthz").status, client.request("HEAD", "/healthz").body), (200, b""), "its HEAD")
    answer = client.get("/readyz")
    checks = answer.json()["checks"]
    tap.equal((answer.status, answer.json()["status"]), (200, "ready"), "/readyz")
    tap.ok({"memory", "local", "sqlite", "overall"} <= checks.keys()
           and all(check["status"] == "healthy" and isinstance(check["details"], dict)
                   for name, check in checks.items() if name != "overall"), "has a check for each backend", checks)
    body = client.get("/health").json()
    tap.ok({"status", "service", "database_connected", "kafka_connected", "pending_examples", "details"} <= body.keys()
           and body["status"] == "healthy" and body["service"] == "annotation-frontend"
           and body["database_connected"] is True and isinstance(body["pending_examples"], int),
           "/health in the older shape", body)
    shutil.move(daemon.topics, daemon.topics + ".away")
    away = is_within(lambda: client.get("/readyz").status == 503, 3.5)
    if away:
        answer = client.get("/readyz").json()
        tap.ok(answer["status"] == "not_ready" and answer["checks"]["local"]["status"] != "healthy",
               "/readyz tells of a broker that is away within two seconds", answer)
        tap.equal((client.get("/health").status, client.get("/healthz").status), (503, 200),
                  "/health too, while /healthz goes on")
    else:
        tap.ok(False, "/readyz tells of a broker that is away", client.get("/readyz").json())
    shutil.move(daemon.topics + ".away", daemon.topics)
    tap.ok(wait_for(lambda: client.get("/readyz").status == 200, timeout=5), "and recovers by itself")


def test_figures(ann, client):
    stats = ann.get("/api/v1/stats").json()
    tap.ok({"pending", "leased", "completed", "skipped", "retry_queue_size", "by_label", "by_annotator", "by_hour", "topics",
            "pending_examples", "completed_examples"} <= stats.keys(), "statistics", stats)
    metrics = ann.get("/api/v1/kafka/metrics").json()
    tap.equal((metrics["consumer_group"], metrics["partition_assignments"], metrics["connection_status"]),
              ("annotation-frontend-group", {"hard-examples": [0]}, "connected"), "the broker's group")
    scaling = ann.get("/api/v1/scaling/info").json()
    tap.equal((scaling["instance_index"], scaling["total_instances"], len(scaling["instances"])), (0, 1, 1), "the instances")
    tap.ok(scaling["uptime_seconds"] > 0 and scaling["redis_connected"] and scaling["kafka_connected"], "their state")
    answer = client.get("/metrics")
    text = answer.body.decode()
    tap.ok(answer.status == 200 and answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"), "metrics")
    names = set(re.findall(r"^# TYPE (\S+) (?:counter|gauge|histogram)$", text, re.M))
    samples = {line.split("{")[0].split(" ")[0] for line in text.splitlines() if line and not line.startswith("#")}
    tap.ok(samples <= names and all(name.startswith("annotationd_") for name in names), "each with its type",
           samples - names)
    tap.ok(f'annotationd_examples{{status="pending"}} {stats["pending"]}' in text, "that agree with the statistics")
    promtool = shutil.which("promtool")
    if promtool is None:
        tap.skip("promtool finds nothing wrong", "promtool is not installed")
    else:
        done = subprocess.run([promtool, "check", "metrics"], input=answer.body, capture_output=True, check=False)
        tap.ok(done.returncode == 0, "promtool finds nothing wrong", done.stderr.decode() + done.stdout.decode())


def test_metrics_allow():
    with Daemon({"http": {"metrics-allow": ["192.0.2.0/24"]}}) as daemon:
        daemon.start()
        tap.ok(is_problem(daemon.client().get("/metrics"), 403), "metrics are for the named addresses only")


def main():
    with Daemon({"limits": {"deletion": "100000/h"}}) as daemon:
        for name, role in (("ann", "annotator"), ("rob", "producer"), ("admin", "admin")):
            daemon.add_user(name, PASSWORD, [role])
        daemon.start()
        rob, ann, admin = (daemon.login(name, PASSWORD) for name in ("rob", "ann", "admin"))
        client = daemon.client()
        test_intake_one(rob, ann)
        test_intake_fields(rob)
        test_intake_many(rob)
        test_round_trip(rob, ann)
        test_list(rob, ann)
        test_frame(rob, ann, client)
        test_delete(rob, ann, admin, daemon)
        test_redirect(ann, client)
        test_openapi(admin, client)
        test_figures(ann, client)
        test_health(client, daemon)
        tap.equal(daemon.stop(), 0, "the daemon ends well")
    test_limits()
    test_metrics_allow()
    tap.done()


main()
