#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whose an example is: the page keeps its reservation alive, notices its end, and forgets what was removed."""

import time

from annotator import Keys, Page, Tap, make_daemon, need, wait_for
from annotationd_harness import example

LEASE_SECONDS = 5


def labelled(daemon, event_id):
    return [item for item in daemon.read_topic("labeled-examples") if item["event_id"] == event_id]


def set_offline(page, offline):
    """The network cable, pulled or put back."""
    page.browser.execute_cdp_cmd("Network.enable", {})
    page.browser.execute_cdp_cmd(
        "Network.emulateNetworkConditions",
        {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1},
    )


def test_renewal(tap, daemon, page, bob):
    daemon.feed([example("held-1")])
    page.wait_current("held-1")
    asked = []
    deadline = time.monotonic() + 2.5 * LEASE_SECONDS
    while time.monotonic() < deadline:
        asked.append(bob.post("/api/v1/examples/next", {"count": 1}).status)
        time.sleep(0.5)
    tap.equal(set(asked), {204}, "an open page keeps its reservation beyond the first deadline")
    tap.equal(page.text("#subject-lease"), "", "and does not claim that it has ended")
    page.press(Keys.ENTER)
    tap.ok(wait_for(lambda: len(labelled(daemon, "held-1")) == 1), "the submit is accepted")


def test_end(tap, daemon, page, ann):
    """Its lease ends behind the page's back; nobody else was faster."""
    daemon.feed([example("ended-1")])
    page.wait_current("ended-1")
    seq = ann.get("/api/v1/examples/ended-1").json()["seq"]
    set_offline(page, True)
    ended = wait_for(lambda: ann.get("/api/v1/examples/ended-1").json()["status"] == "pending", 4 * LEASE_SECONDS, 0.2)
    if not ended:  # This Chromium leaves open WebSockets alone when it is offline: the page goes on renewing.
        ann.post("/api/v1/leases/release", {"tokens": [f"{seq}.1"]})
    set_offline(page, False)

    def knows():
        """Told, or already taken up again: a page with room for more asks at once."""
        return (
            "No longer reserved" in page.text("#subject-lease")
            or ann.get("/api/v1/examples/ended-1").json()["status"] == "leased"
        )

    tap.ok(wait_for(knows, 4 * LEASE_SECONDS), "the page notices that the reservation has ended")
    page.press(Keys.ENTER)
    done = wait_for(lambda: len(labelled(daemon, "ended-1")) == 1 or page.is_shown(".refusal"), 15)
    if page.is_shown(".refusal"):
        page.click(".refusal button")
        done = wait_for(lambda: len(labelled(daemon, "ended-1")) == 1 and not page.is_shown(".refusal"), 15)
    tap.ok(done, "a late answer is welcome as long as nobody was faster")


def test_removal(tap, daemon, page, root):
    daemon.feed([example("gone-1", priority=0.9), example("gone-2", priority=0.1)])
    page.wait_current("gone-1")
    page.press("x")
    wait_for(lambda: "kept" in page.text("#draft-state"))
    tap.ok(root.delete("/api/v1/examples/gone-1").status in (200, 204), "an administrator removes the example")
    tap.ok(page.wait_current("gone-2"), "it leaves the page at once; the next one is shown")
    left = page.run("return Object.keys(localStorage).filter((key) => key.includes('gone-1'))")
    tap.equal(left, [], "and no draft of it stays in the browser")
    page.press(Keys.ENTER)
    tap.ok(wait_for(lambda: len(labelled(daemon, "gone-2")) == 1), "work goes on")


def test_session(tap, daemon, page, root):
    """A session that ends in the middle of work costs none of it."""
    daemon.feed([example("session-1")])
    page.wait_current("session-1")
    page.press("2")
    answer = root.request("PATCH", "/api/v1/users/ann", {"password": "another-long-password"})
    tap.equal(answer.status, 200, "an administrator changes the password: the session is void")
    tap.ok(wait_for(lambda: page.is_shown("#sign-in-form")), "the page asks to sign in again")
    tap.ok("Nothing is lost" in page.text("#sign-in-why"), "and says that nothing is lost")
    page.find("#password").send_keys("another-long-password", Keys.ENTER)
    tap.ok(wait_for(lambda: page.connection() == "open"), "the line is live again")
    tap.equal(
        (page.current(), page.boxes()[0]["class"]), ("session-1", "car"), "example and correction are as they were"
    )
    page.find("#canvas").click()
    page.press(Keys.ENTER)
    tap.ok(wait_for(lambda: len(labelled(daemon, "session-1")) == 1), "the answer goes out")


def test_many(tap, daemon, page):
    """A thousand boxes and more do not make it slow."""
    boxes = [
        {
            "bbox": {
                "x1": 20 * (index % 60),
                "y1": 20 * (index // 60),
                "x2": 20 * (index % 60) + 16,
                "y2": 20 * (index // 60) + 16,
            },
            "class_name": "car",
            "confidence": (index % 97) / 100,
        }
        for index in range(1500)
    ]
    daemon.feed([example("many-1", detections=boxes)])
    page.wait_current("many-1")
    start = time.monotonic()
    for _ in range(20):
        page.press("a")
    each = (time.monotonic() - start) / 20
    # Not a measurement: work that grows with the square of the boxes takes many seconds.
    tap.ok(each < 2, f"1500 boxes: a verdict takes {each * 1000:.0f} ms, the test's own way to the browser included")
    verdicts = [box["verdict"] for box in page.boxes()]
    tap.equal((verdicts[:20], set(verdicts[20:])), (["accepted"] * 20, {"open"}), "the list shows just these verdicts")
    page.press(Keys.ENTER)
    found = wait_for(lambda: labelled(daemon, "many-1"))
    tap.equal(len(found[0]["corrected_detections"]) if found else 0, 1500, "and all of them come out")


def main():
    need()
    tap = Tap()
    with make_daemon({"lease-seconds": LEASE_SECONDS}) as daemon, Page(daemon) as page:
        ann, bob, root = (daemon.login(name, "a-long-enough-password") for name in ("ann", "bob", "root"))
        page.sign_in("ann")
        test_renewal(tap, daemon, page, bob)
        test_removal(tap, daemon, page, root)
        test_many(tap, daemon, page)
        test_end(tap, daemon, page, ann)
        test_session(tap, daemon, page, root)
        expected = ("401", "ERR_INTERNET_DISCONNECTED", "WebSocket", "409", "404")
        tap.equal(page.problems(expected), [], "no other error than those that were brought about")
    tap.done()


if __name__ == "__main__":
    main()
