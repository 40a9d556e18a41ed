#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two instances on one store and one broker: either tells its pages all, and goes on alone when the other is killed."""

import os
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from annotationd_harness import Daemon, Tap, example, find_program, wait_for  # noqa: E402
from websocket_client import WebSocket  # noqa: E402

PASSWORD = "correct horse battery"
# Only one of two can hold the one partition of the local broker.
CONFIG = {"health": {"require-partitions": False}}

tap = Tap()


def count(daemon):
    connection = sqlite3.connect(daemon.config["sqlite"]["path"], timeout=10)
    try:
        return connection.execute("SELECT count(*) FROM examples").fetchone()[0]
    finally:
        connection.close()


def heard(page, number):
    """The seqs of so many new_example messages."""
    return [page.receive_type("new_example")["seq"] for _ in range(number)]


def main():
    if find_program("annotationd") is None:
        Tap.skip_all("annotationd is not built")
    with Daemon(CONFIG) as first, Daemon(CONFIG, directory=first.directory) as second:
        first.add_user("ann", PASSWORD, ["annotator"])
        first.start()
        second.start()
        client = second.client(first.login("ann", PASSWORD).token)
        with WebSocket(second.port, token=client.token) as page:
            hello = page.receive_type("hello")
            tap.equal(hello["seq"], 0, "a page on the second instance is greeted")
            first.feed([example(f"before-{number}") for number in range(30)])
            tap.equal(heard(page, 30), list(range(1, 31)), "it hears of all that the first one took, in order")
            first.kill()
            first.feed([example(f"after-{number}") for number in range(30)])
            tap.ok(wait_for(lambda: count(second) == 60, timeout=20), "the second one consumes when the first is killed",
                   second.log())
            tap.equal(heard(page, 30), list(range(31, 61)), "and the page goes on without a gap")
        answer = client.post("/api/v1/examples/next", {"count": 3})
        tap.equal(answer.status, 200, "the first one's token is good on the second")
        for item in answer.json()["examples"]:
            client.post(f"/api/v1/examples/{item['example']['event_id']}/label",
                        {"lease": item["lease"]["token"], "corrected_detections": []})
        tap.ok(wait_for(lambda: len(second.read_topic("labeled-examples")) == 3), "and what is said there is published")
        tap.equal(second.stop(), 0, "it exits with 0")
    tap.done()


if __name__ == "__main__":
    main()
