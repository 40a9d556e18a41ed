#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The whole loop in a real browser: an example comes in, a person corrects it, the labelled example goes out, once."""

import base64
import time

from annotator import Clock, Keys, Page, Tap, make_daemon, need, png, wait_for
from annotationd_harness import example

GROUND = (40, 120, 200)
PERSON_COLOUR = (0x4D, 0xA3, 0xFF)
FRAME = base64.b64encode(png(320, 200, GROUND)).decode()


def detection(name, confidence, x1, y1, x2, y2):
    return {"bbox": {"x1": x1, "y1": y1, "x2": x2, "y2": y2}, "class_name": name, "confidence": confidence}


def street(event_id, **members):
    """Three boxes, far enough from each other to be hit."""
    members.setdefault(
        "detections",
        [
            detection("person", 0.31, 40, 40, 80, 120),
            detection("car", 0.52, 120, 60, 200, 110),
            detection("dog", 0.77, 230, 120, 290, 170),
        ],
    )
    return example(event_id, frame_data=FRAME, **members)


def near(got, expected, within):
    return all(abs(got[corner] - expected[corner]) <= within for corner in ("x1", "y1", "x2", "y2"))


def labelled(daemon, event_id, timeout=5):
    """All labelled examples of the id; waits for the first, then a moment for a second that must not come."""

    def read():
        return [item for item in daemon.read_topic("labeled-examples") if item["event_id"] == event_id]

    if wait_for(read, timeout):
        time.sleep(0.3)
    return read()


def test_live(tap, daemon, page):
    tap.ok(page.sign_in("ann"), "sign in by form; the line is live")
    tap.ok(wait_for(lambda: page.is_shown("#empty")), "an empty queue says so")
    clock = Clock()
    daemon.feed([street("live-1")])
    shown = page.wait_current("live-1")
    took = clock.seconds()
    tap.ok(shown and took < 1, f"an appended example is on the open page within a second ({took * 1000:.0f} ms)")
    page.settle()
    tap.equal(tuple(page.pixel(160, 20)), GROUND, "its frame is painted")
    tap.equal(tuple(page.pixel(50, 40)), PERSON_COLOUR, "its boxes are painted")
    tap.equal([box["class"] for box in page.boxes()], ["person", "car", "dog"], "boxes are listed least certain first")
    tap.equal(
        page.run("return [...document.querySelectorAll('#labels button')].map((item) => item.dataset.label)"),
        ["person", "car", "dog", "bicycle"],
        "the configured classes are offered, in their order",
    )
    tap.ok(page.boxes()[0]["selected"], "the least certain box is selected")
    page.press(Keys.ENTER)
    found = labelled(daemon, "live-1")
    tap.equal(len(found), 1, "Enter submits: one labelled example comes out")
    check_whole(tap, found[0] if found else {})


def check_whole(tap, message):
    wanted = {
        "event_id",
        "camera_id",
        "timestamp",
        "frame_data",
        "original_detections",
        "corrected_detections",
        "annotator_id",
        "annotation_timestamp",
        "quality_score",
        "notes",
        "schema_version",
        "revision",
        "lead_time_ms",
        "model_version",
        "source",
    }
    tap.equal(wanted - set(message), set(), "it has every member of the contract")
    tap.ok(message.get("annotator_id") == "ann" and message.get("frame_data") == FRAME, "who and the frame are right")
    verdicts = [(item["corrected_class"], item["is_correct"]) for item in message.get("corrected_detections", [])]
    tap.equal(verdicts, [("person", True), ("car", True), ("dog", True)], "what was not touched is accepted")


def test_order(tap, daemon, page):
    priorities = [0.2, 0.9, 0.5, 0.7, 0.1, 0.8]
    clock = Clock()
    daemon.feed([street(f"order-{value}", priority=value) for value in priorities])
    wanted = [f"order-{value}" for value in sorted(priorities, reverse=True)]
    done = wait_for(lambda: [row[0] for row in page.queue()] == wanted, 5)
    tap.ok(done, f"the queue beside the frame is in order of priority ({clock.seconds() * 1000:.0f} ms)", page.queue())
    tap.ok(page.wait_current(wanted[0]), "the first of them is shown")
    tap.equal([row[2] for row in page.queue()][:4], ["now", "next", "next", "waiting"], "two are fetched ahead")
    for index, name in enumerate(wanted):
        tap.ok(page.wait_current(name), f"{name} is number {index + 1}")
        page.press(Keys.ENTER)
    tap.ok(wait_for(lambda: page.is_shown("#empty")), "then nothing waits")
    tap.ok(wait_for(lambda: len(daemon.read_topic("labeled-examples")) == 1 + len(wanted)), "all of them came out")


def test_mouse(tap, daemon, page):
    daemon.feed([street("mouse-1")])
    page.wait_current("mouse-1")
    page.click("#boxes li:nth-child(1) .accepted")
    tap.equal(page.boxes()[0]["verdict"], "accepted", "mouse: accept in the list")
    page.click("#boxes li:nth-child(3) .rejected")
    tap.equal(page.boxes()[2]["verdict"], "rejected", "mouse: reject in the list")
    page.pointer((160, 85))
    tap.equal((page.selected() or {}).get("class"), "car", "mouse: a click on the frame selects the box there")
    page.click('#labels [data-label="dog"]')
    tap.equal(page.selected()["class"], "dog", "mouse: change the class")
    page.pointer((160, 85), (165, 90), (180, 95))
    tap.ok(near(page.selected(), {"x1": 140, "y1": 70, "x2": 220, "y2": 120}, 1), "mouse: move", page.selected())
    page.pointer((220, 120), (225, 125), (240, 140))
    tap.ok(
        near(page.selected(), {"x1": 140, "y1": 70, "x2": 240, "y2": 140}, 1),
        "mouse: resize by a handle",
        page.selected(),
    )
    page.click('[data-tool="draw"]')
    page.pointer((20, 140), (40, 160), (70, 185))
    drawn = page.selected()
    tap.ok(drawn["drawn"] and near(drawn, {"x1": 20, "y1": 140, "x2": 70, "y2": 185}, 1), "mouse: draw", drawn)
    page.pointer((60, 80))
    page.click('[data-tool="delete"]')
    tap.equal(len(page.boxes()), 3, "mouse: delete")
    check_zoom(tap, page)
    page.click("label[for=quality-4]")
    page.click("#submit")
    found = labelled(daemon, "mouse-1")
    tap.equal(len(found), 1, "mouse: one labelled example")
    boxes = found[0]["corrected_detections"] if found else []
    tap.equal(
        [(box["class_name"], box["corrected_class"], box["is_correct"]) for box in boxes],
        [("car", "dog", False), ("dog", None, False), ("dog", "dog", True)],
        "mouse: class, rejection and drawing came out",
    )
    tap.ok(
        boxes and near(boxes[0]["bbox"], {"x1": 140, "y1": 70, "x2": 240, "y2": 140}, 1), "mouse: as did the corners"
    )
    tap.equal(found[0]["quality_score"] if found else None, 0.75, "mouse: and the quality")


def check_zoom(tap, page):
    before = page.scale()
    at = page.place(100, 100)
    page.run(
        """document.querySelector("#canvas").dispatchEvent(new WheelEvent("wheel",
        {deltaY: -120, clientX: arguments[0], clientY: arguments[1], bubbles: true, cancelable: true}));""",
        *at,
    )
    page.settle()
    after = page.place(100, 100)
    tap.ok(
        page.scale() > before and max(abs(at[0] - after[0]), abs(at[1] - after[1])) <= 1,
        "the wheel zooms at the pointer",
    )
    page.press("f")
    tap.ok(abs(page.scale() - before) < 1e-9, "F fits the frame again")


def test_keyboard(tap, daemon, page):
    daemon.feed([street("keys-1"), street("keys-2", priority=0.01)])
    page.wait_current("keys-1")
    page.press("a")
    tap.equal(
        (page.boxes()[0]["verdict"], page.selected()["class"]), ("accepted", "car"), "keys: A accepts and goes on"
    )
    page.press(Keys.TAB, modifiers=[Keys.SHIFT])
    page.press("a")
    tap.equal(
        (page.boxes()[0]["verdict"], page.selected()["class"]), ("accepted", "car"), "keys: A again changes nothing"
    )
    page.press("x")
    page.press(Keys.TAB, modifiers=[Keys.SHIFT])
    page.press("x")
    tap.equal((page.boxes()[1]["verdict"], page.selected()["class"]), ("open", "car"), "keys: X again takes it back")
    page.press("3")
    tap.equal(page.selected()["class"], "dog", "keys: a digit sets the class")
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    page.press(Keys.ARROW_DOWN, modifiers=[Keys.SHIFT])
    tap.ok(
        near(page.selected(), {"x1": 122, "y1": 70, "x2": 202, "y2": 120}, 0.01), "keys: arrows move", page.selected()
    )
    page.press(Keys.ARROW_RIGHT, modifiers=[Keys.ALT, Keys.SHIFT])
    tap.ok(near(page.selected(), {"x1": 122, "y1": 70, "x2": 212, "y2": 120}, 0.01), "keys: with Alt they resize")
    page.press("z")
    tap.ok(near(page.selected(), {"x1": 122, "y1": 70, "x2": 202, "y2": 120}, 0.01), "keys: Z undoes")
    page.press("z", modifiers=[Keys.SHIFT])
    tap.ok(near(page.selected(), {"x1": 122, "y1": 70, "x2": 212, "y2": 120}, 0.01), "keys: Shift+Z redoes")
    page.press(Keys.TAB)
    page.press("x")
    tap.equal(page.boxes()[2]["verdict"], "rejected", "keys: Tab goes to the next box, X rejects it")
    page.press("n", modifiers=[Keys.SHIFT])
    page.press(Keys.ARROW_LEFT, modifiers=[Keys.SHIFT])
    tap.ok(page.selected()["drawn"], "keys: Shift+N adds a box")
    page.press("a")
    tap.equal(page.selected()["verdict"], "accepted", "keys: A leaves a drawn box accepted")
    page.press("n", modifiers=[Keys.SHIFT])
    page.press(Keys.DELETE)
    tap.equal(len(page.boxes()), 4, "keys: Del deletes")
    page.press("q")
    page.press("5")
    page.press("c")
    page.press("a note, <b>not</b> markup")
    page.press(Keys.ESCAPE)
    page.press("?")
    tap.ok(page.is_shown("#help"), "keys: ? lists the keys")
    page.press(Keys.ESCAPE)
    tap.ok(not page.is_shown("#help"), "keys: Esc closes the list")
    page.press(Keys.ENTER)
    check_keyboard(tap, labelled(daemon, "keys-1"))
    page.wait_current("keys-2")
    page.press("x", modifiers=[Keys.SHIFT])
    boxes = (labelled(daemon, "keys-2") or [{"corrected_detections": []}])[0]["corrected_detections"]
    tap.equal([box["corrected_class"] for box in boxes], [None] * 3, "keys: Shift+X says that nothing is there")


def check_keyboard(tap, found):
    tap.equal(len(found), 1, "keys: one labelled example")
    message = found[0] if found else {"corrected_detections": [], "quality_score": None, "notes": None}
    tap.equal(
        [(box["class_name"], box["corrected_class"], box["is_correct"]) for box in message["corrected_detections"]],
        [("person", "person", True), ("car", "dog", False), ("dog", None, False), ("dog", "dog", True)],
        "keys: verdicts, class and the new box came out",
    )
    tap.equal(
        (message["quality_score"], message["notes"]), (1, "a note, <b>not</b> markup"), "keys: and quality and notes"
    )


def test_focus(tap, daemon, page):
    """Nobody is trapped: Tab leaves the frame after the last box and reaches every control."""
    daemon.feed([street("focus-1")])
    page.wait_current("focus-1")
    reached = set()
    for _ in range(60):
        page.press(Keys.TAB)
        reached.add(page.run("return document.activeElement?.id || document.activeElement?.dataset.tool || ''"))
    wanted = {"canvas", "boxes", "notes", "submit", "no-objects", "skip", "open-help", "toggle-theme", "sign-out"}
    tap.equal(wanted - reached, set(), "Tab reaches every control")
    page.run("document.querySelector('#canvas').focus()")
    page.press("s")
    tap.ok(page.is_shown("#skip-dialog"), "S asks for a reason")
    page.press("1")
    skipped = wait_for(
        lambda: [item for item in daemon.read_topic("annotation.events") if item["example_id"] == "focus-1"], 5
    )
    tap.equal(
        [(item["by"], item["reason"]) for item in skipped or []],
        [("ann", "unclear")],
        "a skip goes out with its reason",
    )
    check_skipped(tap, daemon, page)


def check_skipped(tap, daemon, page):
    """It waits for others: this person neither sees nor counts it, not even after a reload."""

    def is_away():
        return page.is_shown("#empty") and page.queue() == [] and page.text("#count-pending") == "0"

    def is_pending():
        answer = daemon.login("bob", "a-long-enough-password").get("/api/v1/examples/focus-1")
        return answer.json()["status"] == "pending"

    tap.ok(wait_for(is_pending), "a skipped example waits for others")
    time.sleep(0.5)
    tap.ok(is_away(), "and is neither listed nor counted here", (page.queue(), page.text("#count-pending")))
    page.browser.refresh()
    tap.ok(wait_for(lambda: page.connection() == "open"), "the page comes back")
    time.sleep(0.5)
    tap.ok(is_away(), "without it", (page.queue(), page.text("#count-pending")))


def test_kinds(tap, daemon, page):
    text = example("text-1", text="A dog <i>barks</i> at a car.", detections=[], priority=0.9)
    normalised = street("norm-1", priority=0.8, detections=[detection("person", 0.4, 0.25, 0.2, 0.5, 0.6)])
    bare = example("bare-1", priority=0.7)
    daemon.feed([text, normalised, bare])
    page.wait_current("text-1")
    tap.equal(page.text("#text-panel"), "A dog <i>barks</i> at a car.", "a text is shown as it is")
    page.press("3")
    page.press(Keys.ENTER)
    found = labelled(daemon, "text-1")
    tap.equal(
        [box["corrected_class"] for box in found[0]["corrected_detections"]] if found else None,
        ["dog"],
        "and gets its class by a key",
    )
    page.wait_current("norm-1")
    tap.ok(near(page.boxes()[0], {"x1": 80, "y1": 40, "x2": 160, "y2": 120}, 0.01), "parts of the size become pixels")
    page.press(Keys.ARROW_RIGHT, *[Keys.ARROW_RIGHT] * 7)
    page.press(Keys.ENTER)
    found = labelled(daemon, "norm-1")
    tap.ok(
        found
        and near(found[0]["corrected_detections"][0]["bbox"], {"x1": 0.275, "y1": 0.2, "x2": 0.525, "y2": 0.6}, 1e-6),
        "and go back as parts of the size",
        found,
    )
    tap.ok(page.wait_current("bare-1") and len(page.boxes()) == 1, "without a frame the boxes can be judged alone")
    page.press(Keys.ENTER)
    tap.equal(len(labelled(daemon, "bare-1")), 1, "and submitted")


def test_draft(tap, daemon, page):
    daemon.feed([street("draft-1")])
    page.wait_current("draft-1")
    page.press("2")
    page.press("c")
    page.press("half done")
    tap.ok(wait_for(lambda: "kept" in page.text("#draft-state"), 3), "a draft is kept about once a second")
    page.browser.refresh()
    tap.ok(page.wait_current("draft-1"), "after a reload the same example is in hand")
    page.settle()
    boxes = page.boxes()
    tap.ok("car" in [box["class"] for box in boxes if box["verdict"] == "accepted"], "with the draft's boxes", boxes)
    tap.equal(page.run("return document.querySelector('#notes').value"), "half done", "and its notes")
    page.press("x", Keys.ESCAPE)
    page.press(Keys.ENTER)
    tap.equal(len(labelled(daemon, "draft-1")), 1, "it is submitted once")
    left = page.run("return Object.keys(localStorage).filter((key) => /draft|outbox/.test(key))")
    tap.equal(left, [], "then nothing of it is left in the browser")


def test_two(tap, daemon, ann, bob):
    """Both pages open, both hungry: never the same example."""
    tap.ok(bob.sign_in("bob"), "a second person signs in")
    names = [f"two-{number}" for number in range(12)]
    daemon.feed([street(name) for name in names])
    seen = {"ann": [], "bob": []}
    for _ in range(40):
        for name, page in (("ann", ann), ("bob", bob)):
            held = [row[0] for row in page.queue() if row[2] != "waiting"]
            seen[name] += [item for item in held if item not in seen[name]]
            if page.current():
                page.press(Keys.ENTER)
        if len(seen["ann"]) + len(seen["bob"]) >= len(names) and not ann.current() and not bob.current():
            break
    tap.equal(set(seen["ann"]) & set(seen["bob"]), set(), "two pages never get the same example")
    tap.ok(seen["ann"] and seen["bob"], "both got some", seen)
    done = wait_for(
        lambda: sorted(item["event_id"] for item in daemon.read_topic("labeled-examples") if item["event_id"] in names)
        == sorted(names)
    )
    tap.ok(done, "all came out exactly once")


def test_refusal(tap, daemon, page):
    """What another person has finished meanwhile is refused with the reason, and the draft stays."""
    daemon.feed([street("late-1")])
    page.wait_current("late-1")
    page.press("2")
    time.sleep(1.2)
    ann, bob = daemon.login("ann", "a-long-enough-password"), daemon.login("bob", "a-long-enough-password")
    found = ann.get("/api/v1/examples/late-1").json()
    page_holds = f"{found['seq']}.1"
    ann.post("/api/v1/leases/release", {"tokens": [page_holds]})
    answer = bob.post("/api/v1/examples/late-1/label", {"corrected_detections": []})
    tap.equal(answer.status, 200, "another person is faster")
    page.press(Keys.ENTER)
    tap.ok(wait_for(lambda: page.is_shown(".refusal[data-example=late-1]")), "the late submit is refused on the page")
    tap.ok("completed" in page.text(".refusal p"), "with the reason", page.text(".refusal"))
    keys = page.run("return Object.keys(localStorage).filter((key) => key.includes('late-1'))")
    tap.equal(
        sorted(keys), ["annotationd:draft:ann:late-1", "annotationd:outbox:ann:late-1"], "draft and answer are kept"
    )
    page.click(".refusal .ghost")
    tap.ok(not page.is_shown(".refusal"), "until the person discards them")
    tap.equal(len(labelled(daemon, "late-1")), 1, "and nothing came out twice")


def test_outage(tap, daemon, page):
    daemon.feed([street("outage-1"), street("outage-2")])
    page.wait_current("outage-1")
    daemon.kill()
    clock = Clock()
    tap.ok(
        wait_for(lambda: page.connection() == "waiting", 5), f"a dead daemon is seen ({clock.seconds() * 1000:.0f} ms)"
    )
    page.press("a")
    page.press(Keys.ENTER)
    tap.equal(page.text("#count-unsent"), "1", "an answer waits to be sent")
    tap.equal(page.current(), "outage-2", "and work goes on with what was fetched ahead")
    daemon.start()
    clock = Clock()
    tap.ok(wait_for(lambda: page.connection() == "open", 25), f"the line heals by itself ({clock.seconds():.1f} s)")
    tap.equal(len(labelled(daemon, "outage-1", 15)), 1, "the answer arrives, once")
    tap.ok(wait_for(lambda: not page.is_shown("#count-unsent-box")), "nothing waits to be sent any more")
    page.press(Keys.ENTER)
    tap.equal(len(labelled(daemon, "outage-2", 10)), 1, "what was held through the outage can be submitted")


def test_sign_out(tap, daemon, page):
    daemon.feed([street("last-1")])
    page.wait_current("last-1")
    page.click("#sign-out")
    tap.ok(wait_for(lambda: page.is_shown("#sign-in-form")), "sign out leads to the form")
    status = daemon.login("bob", "a-long-enough-password").get("/api/v1/examples/last-1").json()["status"]
    tap.equal(status, "pending", "and gives back what was held")
    page.find("#username").send_keys("ann")
    page.find("#password").send_keys("wrong", Keys.ENTER)
    tap.ok(wait_for(lambda: page.is_shown("#sign-in-error")), "a wrong password is told")
    told = page.text("#sign-in-error")
    tap.ok(told[:1].isupper(), "in a sentence", told)


def main():
    need()
    tap = Tap()
    with make_daemon() as daemon, Page(daemon) as page:
        test_live(tap, daemon, page)
        test_order(tap, daemon, page)
        test_mouse(tap, daemon, page)
        test_keyboard(tap, daemon, page)
        test_kinds(tap, daemon, page)
        test_focus(tap, daemon, page)
        test_draft(tap, daemon, page)
        tap.equal(page.problems(), [], "no policy violation and no error in the console")
        with Page(daemon, 900, 700) as other:
            test_two(tap, daemon, page, other)
            tap.equal(other.problems(), [], "nor on the second page")
            other.click("#sign-out")
            wait_for(lambda: other.is_shown("#sign-in-form"))
        test_refusal(tap, daemon, page)
        test_outage(tap, daemon, page)
        test_sign_out(tap, daemon, page)
        expected = ("409", "401", "ERR_CONNECTION", "WebSocket", "ERR_EMPTY_RESPONSE", "503")
        tap.equal(page.problems(expected), [], "no other error than those that were brought about")
    tap.done()


if __name__ == "__main__":
    main()
