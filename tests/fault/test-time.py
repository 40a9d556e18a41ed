#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The clock jumps by an hour in both directions, and the process is stopped for longer than a lease: leases follow the
store's own clock, stale writes are refused, and the daemon is ready again by itself."""

import calendar
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
# pylint: disable=wrong-import-position
from annotationd_harness import BUILD_DIR, Daemon, Tap, example, is_sanitized, is_within, wait_for  # noqa: E402

LIBRARY = os.path.join(BUILD_DIR, "tests", "lib", ".libs", "clock-jump.so")
HOUR = 3600


def claim(client, count=1):
    answer = client.post("/api/v1/examples/next", {"count": count})
    return answer.json()["examples"] if answer.status == 200 else []


def label(client, item):
    return client.post(f"/api/v1/examples/{item['example']['event_id']}/label",
                       {"corrected_detections": [], "lease": item["lease"]["token"]})


def test_clock(tap):
    if not os.path.exists(LIBRARY):
        tap.skip("the clock jumps", "the library that shifts the clock is not built")
        return
    if is_sanitized():
        tap.skip("the clock jumps", "the address sanitizer allows no preloaded library")
        return
    with Daemon({"annotation": {"lease-seconds": 600}}) as daemon:
        clock = os.path.join(daemon.directory, "clock")

        def jump(seconds):
            with open(clock + ".new", "w", encoding="ascii") as file:
                file.write(str(seconds))
            os.rename(clock + ".new", clock)

        jump(0)
        daemon.env.update({"LD_PRELOAD": LIBRARY, "ANNOT_TEST_CLOCK": clock})
        daemon.add_user("ann", "secret-enough", ["annotator"])
        daemon.start()
        client = daemon.login("ann", "secret-enough")
        daemon.feed([example(f"e{n}") for n in range(6)])
        wait_for(lambda: client.get("/api/v1/stats").json()["pending"] == 6)
        for seconds, name in ((HOUR, "forward"), (-HOUR, "back")):
            jump(0)
            items = claim(client, 2)
            jump(seconds)
            told = client.get("/healthz").json()["timestamp"]
            tap.ok(told.startswith(time.strftime("%Y-%m-%dT%H", time.gmtime(time.time() + seconds))),
                   f"the daemon's wall clock did jump {name}", told)
            time.sleep(2.5)
            renewed = client.post("/api/v1/leases/renew", {"tokens": [item["lease"]["token"] for item in items]})
            tap.equal(renewed.status, 200, f"after a jump {name} leases are renewed")
            tap.equal(client.get("/api/v1/stats").json()["leased"], 2, f"after a jump {name} nothing has expired")
            tap.equal([label(client, item).status for item in items], [200, 200],
                      f"after a jump {name} leased examples are labelled")
            leased = claim(client)[0]
            ends = calendar.timegm(time.strptime(leased["lease"]["expires_at"][:19], "%Y-%m-%dT%H:%M:%S"))
            tap.ok(500 < ends - time.time() - seconds < 660,
                   f"after a jump {name} a page is told when its lease ends", ends)
            client.post("/api/v1/leases/release", {"tokens": [leased["lease"]["token"]]})
            finished = client.get(f"/api/v1/examples/{items[0]['lease']['event_id']}").json()["finished_at"]
            tap.ok(abs(calendar.timegm(time.strptime(finished[:19], "%Y-%m-%dT%H:%M:%S")) - time.time() - seconds) < 60,
                   f"after a jump {name} what is finished bears the wall clock's time, by which it is kept", finished)
            tap.ok(daemon.ready(), f"after a jump {name} it is ready")
        jump(0)
    with Daemon({"annotation": {"lease-seconds": 5}}) as daemon:
        clock = os.path.join(daemon.directory, "clock")
        jump(0)
        daemon.env.update({"LD_PRELOAD": LIBRARY, "ANNOT_TEST_CLOCK": clock})
        daemon.add_user("ann", "secret-enough", ["annotator"])
        daemon.start()
        client = daemon.login("ann", "secret-enough")
        daemon.feed([example("e")])
        wait_for(lambda: client.get("/api/v1/stats").json()["pending"] == 1)
        claim(client)
        jump(-HOUR)
        tap.ok(wait_for(lambda: client.get("/api/v1/stats").json()["pending"] == 1, timeout=10),
               "a lease ends in time although the clock went back an hour")


def test_stopped(tap):
    with Daemon({"annotation": {"lease-seconds": 5}}) as daemon:
        daemon.add_user("ann", "secret-enough", ["annotator"])
        daemon.add_user("bob", "secret-enough", ["annotator"])
        daemon.start()
        ann = daemon.login("ann", "secret-enough")
        bob = daemon.login("bob", "secret-enough")
        daemon.feed([example("e1")])
        wait_for(lambda: ann.get("/api/v1/stats").json()["pending"] == 1)
        item = claim(ann)[0]
        daemon.process.send_signal(signal.SIGSTOP)
        daemon.feed([example("e2")])
        time.sleep(6.5)
        daemon.process.send_signal(signal.SIGCONT)
        tap.ok(is_within(daemon.ready, 4), "ready within 2 s after it was stopped for longer than a lease")
        tap.ok(wait_for(lambda: ann.get("/api/v1/stats").json()["pending"] == 2, timeout=5),
               "the lease has ended, and what was produced meanwhile is there")
        taken = claim(bob, 2)
        tap.equal(sorted(one["example"]["event_id"] for one in taken), ["e1", "e2"], "another takes both")
        tap.equal(label(ann, item).status, 409, "the stale submit is refused")
        first = next(one for one in taken if one["example"]["event_id"] == "e1")
        tap.equal(label(bob, first).status, 200, "the present holder's is taken")
        wait_for(lambda: daemon.read_topic("labeled-examples"))
        tap.equal([message["annotator_id"] for message in daemon.read_topic("labeled-examples")], ["bob"],
                  "one labelled example was published")


def main():
    tap = Tap()
    test_clock(tap)
    test_stopped(tap)
    tap.done()


if __name__ == "__main__":
    main()
