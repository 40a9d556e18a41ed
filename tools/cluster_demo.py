# SPDX-License-Identifier: Apache-2.0
"""tools/cluster demo: examples through Kafka, pages on every instance, labels, and labelled examples out of Kafka."""

import collections
import json
import os
import subprocess
import sys
import time

from annotationd_harness import SOURCE_DIR, Client, HarnessError, wait_for
from cluster import HARD, LABELED
from servers.kafka import Client as KafkaClient
from websocket_client import WebSocket


class Topics(KafkaClient):
    def __init__(self, bootstrap):
        self.bootstrap = bootstrap


def read_examples(count, path):
    if path is not None:
        documents = []
        try:
            with open(path, encoding="utf-8") as file:
                for number, line in enumerate(file, 1):
                    if not line.strip():
                        continue
                    document = json.loads(line)
                    if not isinstance(document, dict) or not {"event_id", "camera_id"} <= document.keys():
                        raise HarnessError(f"{path}:{number}: no example: it has no event_id and camera_id")
                    documents.append(document)
        except OSError as error:
            raise HarnessError(f"{path}: {error.strerror}") from error
        except ValueError as error:
            raise HarnessError(f"{path}:{number}: no JSON: {error}") from error
        if not documents:
            raise HarnessError(f"{path}: there is no example in it")
    else:
        demo = os.path.join(SOURCE_DIR, "data", "demo", "make-demo.py")
        lines = subprocess.run([sys.executable, demo, "--count", str(count)], check=True, capture_output=True).stdout
        documents = [json.loads(line) for line in lines.splitlines()]
    # A second demonstration shows new examples, not known ones.
    for document in documents:
        document["event_id"] = f"{document['event_id'][:200]}-{time.time_ns()}"
    return documents


def sign_in(port, info):
    client = Client(port)
    answer = client.post("/api/v1/login", {"username": info["account"], "password": info["password"]})
    if answer.status != 200:
        raise HarnessError(f"login: {answer!r}")
    return answer.json()["access_token"]


def count_stored(ports, token):
    """{instance: examples that it consumed and was the first to store}, since it started."""
    stored = {}
    for number, port in ports.items():
        for line in Client(port, token).get("/metrics").body.decode().splitlines():
            if line.startswith("annotationd_ingest_stored_total "):
                stored[number] = int(line.split()[1])
    return stored


def collect(page, wanted, seconds=30):
    """The ids that a page hears of, until it knows all of these; seconds until then."""
    began = time.monotonic()
    heard = {}
    while not wanted <= set(heard) and time.monotonic() - began < seconds:
        message = page.receive()
        if message["type"] == "new_example":
            heard[message["example"]["event_id"]] = message["seq"]
    return heard, time.monotonic() - began


def label_all(ports, token, wanted):
    """Takes and labels through one instance after the other; {event_id: instance}."""
    done = {}
    numbers = list(ports)
    deadline = time.monotonic() + 60
    while not wanted <= set(done) and time.monotonic() < deadline:
        taken_by, labelled_by = numbers[len(done) % len(numbers)], numbers[(len(done) + 1) % len(numbers)]
        answer = Client(ports[taken_by], token).post("/api/v1/examples/next", {"count": 1})
        if answer.status == 204:
            time.sleep(0.1)
            continue
        item = answer.json()["examples"][0]
        event_id = item["example"]["event_id"]
        answer = Client(ports[labelled_by], token).post(f"/api/v1/examples/{event_id}/label", {
            "lease": item["lease"]["token"], "quality_score": 1.0,
            "corrected_detections": [{**box, "corrected_class": box["class_name"], "is_correct": True}
                                     for box in item["example"].get("detections", [])]})
        if answer.status != 200:
            raise HarnessError(f"label of {event_id}: {answer!r}")
        done[event_id] = (taken_by, labelled_by)
    return done


def demonstrate(info, count, path):
    ports = info["instances"]
    token = sign_in(next(iter(ports.values())), info)
    documents = read_examples(count, path)
    wanted = {document["event_id"] for document in documents}
    topics = Topics(info["kafka"])
    before = len(topics.consume(LABELED))

    pages = {number: WebSocket(port, token=token, timeout=30) for number, port in ports.items()}
    for page in pages.values():
        page.receive_type("hello")
    stored_before = count_stored(ports, token)
    for document in documents:
        topics.produce(HARD, [document], key=document["camera_id"])
    print(f"{len(documents)} examples produced to {HARD}")
    complete = True
    for number, page in pages.items():
        heard, seconds = collect(page, wanted)
        complete = complete and wanted <= set(heard)
        print(f"page on instance {number}: heard of {len(wanted & set(heard))} of {len(wanted)}, "
              f"the last {seconds:.2f} s after they were produced")
    stored = {number: now - stored_before[number] for number, now in count_stored(ports, token).items()}
    print("consumed and stored by instance: " + ", ".join(f"{number}: {times}" for number, times in stored.items()))
    done = label_all(ports, token, wanted)
    print(f"{len(wanted & set(done))} labelled; taken through an instance, labelled through another:")
    for (taken, labelled), times in sorted(collections.Counter(done.values()).items()):
        print(f"  {taken} -> {labelled}: {times}")

    def published():
        found = collections.Counter(message.json()["event_id"] for message in topics.consume(LABELED))
        return found if wanted <= set(found) else None

    found = wait_for(published, 30, 0.3)
    if not found:
        raise HarnessError(f"not every labelled example came out of {LABELED}")
    messages = [message for message in topics.consume(LABELED) if message.json()["event_id"] in wanted]
    spread = collections.Counter(message.partition for message in messages)
    print(f"{len(messages)} labelled examples in {LABELED} (which held {before} before), by partition: {dict(spread)}")
    one = messages[0]
    shown = {name: value for name, value in one.json().items() if name != "frame_data"}
    print(f"one of them, key {one.key}, header id {one.headers.get('id')}:")
    for name, value in shown.items():
        print(f"  {name}: {json.dumps(value)[:100]}")
    once = sum(stored.values()) == len(wanted) and all(found[event_id] == 1 for event_id in wanted)
    complete = complete and once and wanted <= set(done)
    print("every example was stored once, heard of by every page, labelled once and published once"
          if complete else "NOT everything arrived as promised; see above")
    for page in pages.values():
        page.close()
    return 0 if complete else 1
