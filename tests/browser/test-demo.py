#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The demo generator: the same seed gives the same examples, images are whole, and the daemon takes all of them."""

import base64
import json
import os
import struct
import subprocess
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
# pylint: disable=wrong-import-position
from annotationd_harness import Daemon, SOURCE_DIR, Tap, find_program, wait_for

PROGRAM = os.path.join(SOURCE_DIR, "data", "demo", "make-demo.py")


def make(*options):
    return subprocess.run([sys.executable, PROGRAM, *options], check=True, capture_output=True, text=True).stdout


def read_png(data):
    """Width and height of a PNG whose checksums and pixels are whole."""
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    at, pixels, size = 8, b"", None
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + body)
        if kind == b"IHDR":
            size = struct.unpack(">II", body[:8])
        elif kind == b"IDAT":
            pixels += body
        at += 12 + length
    assert len(zlib.decompress(pixels)) == size[1] * (1 + 3 * size[0])
    return size


def is_inside(box, size):
    return 0 <= box["x1"] < box["x2"] <= size[0] and 0 <= box["y1"] < box["y2"] <= size[1]


def main():
    tap = Tap()
    text = make("--count", "12", "--seed", "3", "--size", "320x240", "--truth")
    tap.ok(
        text == make("--count", "12", "--seed", "3", "--size", "320x240", "--truth"),
        "the same seed gives the same bytes",
    )
    tap.ok(text != make("--count", "12", "--seed", "4", "--size", "320x240", "--truth"), "another seed gives others")
    rest = make("--count", "6", "--first", "6", "--seed", "3", "--size", "320x240", "--truth")
    tap.ok(text.endswith(rest), "a later run goes on where an earlier one ended")
    examples = [json.loads(line) for line in text.splitlines()]
    sizes = {read_png(base64.b64decode(item["frame_data"])) for item in examples}
    tap.equal(sizes, {(320, 240)}, "frames are whole PNG images of the size asked for")
    boxes = [found["bbox"] for item in examples for found in item["detections"] + item["metadata"]["truth"]]
    tap.ok(len(boxes) > 24 and all(is_inside(box, (320, 240)) for box in boxes), "boxes lie within their frames")
    scores = [found["confidence"] for item in examples for found in item["detections"]]
    tap.ok(
        min(scores) < 0.4 and max(scores) > 0.7, "some detections are sure, some are not", (min(scores), max(scores))
    )
    if find_program("annotationd") is None:
        tap.skip("the daemon takes all of them", "annotationd is not built")
        tap.done()
    with Daemon() as daemon:
        daemon.add_user("ann", "a-long-enough-password")
        daemon.start()
        daemon.feed(text.splitlines())
        client = daemon.login("ann", "a-long-enough-password")
        count = wait_for(lambda: client.get("/api/v1/examples?size=1").json()["total"] == 12)
        tap.ok(count and not daemon.read_topic("hard-examples.dlq"), "the daemon takes all of them")
    tap.done()


if __name__ == "__main__":
    main()
