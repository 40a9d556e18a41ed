#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page under fingers, on a small screen: tap, drag, draw, pinch."""

import base64

from annotator import Page, Tap, make_daemon, need, png, wait_for
from annotationd_harness import example


def touch(page, kind, points):
    """One event with all fingers that are down, at points of the image."""
    places = [page.place(*point) for point in points]
    page.browser.execute_cdp_cmd(
        "Input.dispatchTouchEvent",
        {"type": kind, "touchPoints": [{"x": x, "y": y, "id": index} for index, (x, y) in enumerate(places)]},
    )


def swipe(page, *path):
    touch(page, "touchStart", [path[0]])
    for point in path[1:]:
        touch(page, "touchMove", [point])
    touch(page, "touchEnd", [])
    page.settle()


def near(got, expected, within):
    return got is not None and all(abs(got[key] - expected[key]) <= within for key in ("x1", "y1", "x2", "y2"))


def main():
    need()
    tap = Tap()
    frame = base64.b64encode(png(320, 200, (90, 90, 90))).decode()
    boxes = [
        {"bbox": {"x1": 40, "y1": 40, "x2": 120, "y2": 120}, "class_name": "person", "confidence": 0.4},
        {"bbox": {"x1": 200, "y1": 60, "x2": 280, "y2": 140}, "class_name": "car", "confidence": 0.6},
    ]
    with make_daemon() as daemon, Page(daemon, 412, 860) as page:
        page.browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})
        page.sign_in("ann")
        daemon.feed([example("touch-1", frame_data=frame, detections=boxes)])
        page.wait_current("touch-1")
        page.settle()
        width = page.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        tap.equal(width, 0, "a small screen is not scrolled sideways")
        swipe(page, (240, 100))
        tap.equal(page.selected()["class"], "car", "a tap selects")
        swipe(page, (240, 100), (240, 105), (220, 120))
        one = 1.5 / page.scale()
        tap.ok(
            near(page.selected(), {"x1": 180, "y1": 80, "x2": 260, "y2": 160}, one), "a finger moves", page.selected()
        )
        page.click('[data-tool="draw"]')
        swipe(page, (10, 130), (30, 150), (60, 190))
        tap.ok(
            near(page.selected(), {"x1": 10, "y1": 130, "x2": 60, "y2": 190}, one), "a finger draws", page.selected()
        )
        before = page.scale()
        left, right = page.place(140, 100), page.place(180, 100)
        for kind, apart in (("touchStart", 0), ("touchMove", 10), ("touchMove", 30), ("touchEnd", None)):
            points = (
                []
                if apart is None
                else [{"x": left[0] - apart, "y": left[1], "id": 0}, {"x": right[0] + apart, "y": right[1], "id": 1}]
            )
            page.browser.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        page.settle()
        tap.ok(page.scale() > 1.5 * before, "two fingers zoom", (before, page.scale()))
        page.run("document.querySelector('#submit').scrollIntoView()")
        page.click("#submit")
        found = wait_for(lambda: daemon.read_topic("labeled-examples"))
        tap.equal(len(found[0]["corrected_detections"]) if found else 0, 3, "and the answer goes out")
        tap.equal(page.problems(), [], "no policy violation and no error in the console")
    tap.done()


if __name__ == "__main__":
    main()
