#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A trial with real photographs and what real detectors said of them, where such a file is at hand."""

import json
import os

from annotator import Keys, Page, Tap, make_daemon, need, wait_for

TRIAL = os.environ.get("ANNOT_TRIAL_EXAMPLES", "/work/shared/data/hard-examples.jsonl")


def read_examples():
    with open(TRIAL, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def judge(tap, page, seen):
    """Looks at one example and submits it."""
    name = page.current()
    page.settle()
    size = page.run("""
        const canvas = document.querySelector("#canvas");
        const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
        const colours = new Set();
        for (let index = 0; index < pixels.length; index += 404) {
          colours.add(pixels[index] << 16 | pixels[index + 1] << 8 | pixels[index + 2]);
        }
        return colours.size;""")
    tap.ok(size > 500, f"{name}: a photograph is painted", f"{size} colours")
    tap.equal(
        page.run("return document.querySelector('#stage').dataset.state"), "shown", f"{name}: its frame was decoded"
    )
    seen.append((name, len(page.boxes())))
    page.press(Keys.ENTER)
    wait_for(lambda: page.current() != name)


def main():
    need()
    if not os.path.exists(TRIAL):
        Tap.skip_all(f"{TRIAL} is not here")
    tap = Tap()
    examples = read_examples()
    with make_daemon({"labels": ["person", "face"]}) as daemon, Page(daemon) as page:
        page.sign_in("ann")
        daemon.feed(examples)
        seen = []
        for _ in examples:
            if not wait_for(page.current):
                break
            judge(tap, page, seen)
        wanted = {item["event_id"]: len(item["detections"]) for item in examples}
        tap.equal(dict(seen), wanted, "every photograph was shown, with all of its boxes")
        done = wait_for(lambda: len(daemon.read_topic("labeled-examples")) == len(examples))
        tap.ok(done, "every one came out labelled")
        frames = {item["event_id"]: item["frame_data"] for item in daemon.read_topic("labeled-examples")}
        tap.ok(
            all(frames[item["event_id"]] == item["frame_data"] for item in examples), "with the very frame that went in"
        )
        tap.equal(page.problems(), [], "no policy violation and no error in the console")
    tap.done()


if __name__ == "__main__":
    main()
