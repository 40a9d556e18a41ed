#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pushes demo examples through the whole loop of a running annotationd and prints a labelled example.

Appends to the local broker's topic, sees each example arrive on the WebSocket, leases and labels all of them over HTTP,
and finds every one in the labelled topic, complete and once. The password is read from standard input.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import urllib.parse

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests", "lib"))

# pylint: disable=wrong-import-position
from annotationd_harness import Client, wait_for  # noqa: E402
from websocket_client import WebSocket  # noqa: E402

LABELED_MEMBERS = {"event_id", "camera_id", "timestamp", "frame_data", "original_detections", "corrected_detections",
                   "annotator_id", "annotation_timestamp", "quality_score", "notes", "schema_version", "revision",
                   "lead_time_ms", "model_version", "source"}


def fail(text):
    print(f"smoke: {text}", file=sys.stderr)
    sys.exit(1)


def is_ready(port):
    client = Client(port, timeout=2)
    try:
        return client.get("/readyz").status == 200
    except OSError:
        return False
    finally:
        client.close()


def expect(answer, *statuses):
    if answer.status not in statuses:
        fail(f"unexpected answer: {answer!r}")
    return answer


def produce(topics, count):
    """Appends demo examples to the topic, as any producer may; answers their ids."""
    demo = os.path.join(TOP, "data", "demo", "make-demo.py")
    lines = subprocess.run([sys.executable, demo, "--count", str(count), "--seed", str(time.time_ns() % 10**9)],
                           check=True, capture_output=True).stdout
    with open(os.path.join(topics, "hard-examples.jsonl"), "ab") as file:
        file.write(lines)
    return {json.loads(line)["event_id"] for line in lines.splitlines()}


def label_all(client, count):
    """Takes and labels until nothing is left; answers the ids in the order they were handed out."""
    done = []
    while True:
        answer = expect(client.post("/api/v1/examples/next", {"count": 5}), 200, 204)
        leased = [] if answer.status == 204 else answer.json()["examples"]
        if not leased:
            return done
        for item in leased:
            example = item["example"]
            if example["has_frame"]:
                frame = expect(client.get(example["frame_url"]), 200)
                if not frame.headers["Content-Type"].startswith("image/"):
                    fail("the frame is no image")
            corrected = [dict(detection, is_correct=True) for detection in example["detections"]]
            body = {"corrected_detections": corrected, "quality_score": 0.9, "lease": item["lease"]["token"]}
            path = f"/api/v1/examples/{urllib.parse.quote(example['event_id'], safe='')}/label"
            expect(client.post(path, body), 200)
            expect(client.post(path, body), 200)
            done.append(example["event_id"])
        if len(done) > count:
            fail("more examples were handed out than were produced")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True, help="http://127.0.0.1:PORT of the daemon")
    parser.add_argument("--user", required=True, help="an annotator's account; its password comes on standard input")
    parser.add_argument("--topics", required=True, help="directory of the local broker")
    parser.add_argument("--examples", type=int, default=24, help="how many (24)")
    options = parser.parse_args()
    password = sys.stdin.readline().rstrip("\n")
    port = urllib.parse.urlsplit(options.url).port
    labeled = os.path.join(options.topics, "labeled-examples.jsonl")

    if not wait_for(lambda: is_ready(port), timeout=20):
        fail(f"{options.url}/readyz did not become 200")
    client = Client(port)
    login = expect(client.post("/api/v1/login", {"username": options.user, "password": password}), 200)
    client.token = login.json()["access_token"]
    with WebSocket(port, token=client.token) as page:
        hello = page.receive_type("hello")
        produced = produce(options.topics, options.examples)
        begun = time.monotonic()
        seen = [page.receive_type("new_example") for _ in produced]
        waited = time.monotonic() - begun
        if {message["example"]["event_id"] for message in seen} != produced:
            fail("the page did not see every example that was produced")
        if [message["seq"] for message in seen] != list(range(hello["seq"] + 1, hello["seq"] + 1 + len(seen))):
            fail("the page saw a gap in the sequence")
        print(f"shown    {len(seen)} examples in an open page, in order, the last {waited:.2f} s after producing")
        done = label_all(client, len(produced))
        if sorted(done) != sorted(produced):
            fail(f"{len(done)} examples were handed out, {len(produced)} were produced")
        print(f"labelled {len(done)} examples, each handed out once, each submitted twice")

    def published():
        if not os.path.exists(labeled):
            return []
        with open(labeled, encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.endswith("\n")]

    wait_for(lambda: len(published()) >= len(produced), timeout=20)
    messages = published()
    if sorted(message["event_id"] for message in messages) != sorted(produced):
        fail(f"{len(messages)} labelled examples stand in {labeled}, {len(produced)} were produced")
    for message in messages:
        missing = LABELED_MEMBERS - message.keys()
        if missing:
            fail(f"the labelled example lacks {sorted(missing)}")
    print(f"found    {len(messages)} labelled examples in {labeled}, each once; the first:")
    first = dict(messages[0])
    if first["frame_data"]:
        first["frame_data"] = f"{first['frame_data'][:24]}… ({len(first['frame_data'])} characters of base64)"
    print(json.dumps(first, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
