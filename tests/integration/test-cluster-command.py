#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tools/cluster, as somebody tries it: up, demo, scale, kill, drain, status, down, and what is left afterwards."""

import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

# pylint: disable=wrong-import-position
from annotationd_harness import BUILD_DIR, SOURCE_DIR, Tap, find_program, wait_for  # noqa: E402
from servers import Kafka, Unavailable  # noqa: E402

UNAVAILABLE = 69


def run(folder, *words, timeout=150):
    done = subprocess.run([os.path.join(SOURCE_DIR, "tools", "cluster"), *words], capture_output=True, text=True,
                          check=False, timeout=timeout,
                          start_new_session=True, env={**os.environ, "TMPDIR": folder, "ANNOT_CLUSTER_BUILD": BUILD_DIR})
    return done


def status(folder):
    return json.loads(run(folder, "status", "--json").stdout)


def processes(folder):
    """Command lines of all that were started with files in the folder."""
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            with open(f"/proc/{name}/cmdline", encoding="utf-8", errors="replace") as file:
                command = file.read().replace("\0", " ")
        except OSError:
            continue
        if folder in command:
            found.append(command)
    return found


def work(tap, folder):
    done = run(folder, "up", "2")
    tap.ok(done.returncode == 0 and "instance 2" in done.stdout and "https://localhost:" in done.stdout,
           "up 2 prints where everything is", f"{done.stdout[-1500:]}{done.stderr[-1500:]}")
    if done.returncode != 0:
        return
    done = run(folder, "up", "2")
    tap.ok(done.returncode == UNAVAILABLE and "runs already" in done.stderr, "a second one is refused", done.stderr)
    done = run(folder, "demo", "--examples", "6")
    tap.ok(done.returncode == 0 and "labelled once and published once" in done.stdout, "demo: all of it came through",
           f"{done.stdout[-1500:]}{done.stderr[-1500:]}")
    shares = re.search(r"consumed and stored by instance: 1: (\d+), 2: (\d+)", done.stdout)
    tap.ok(shares and sum(map(int, shares.groups())) == 6, "and it says which instance consumed how many", done.stdout)
    done = run(folder, "scale", "3")
    tap.ok(done.returncode == 0 and "started: [3]" in done.stdout, "scale 3 starts a third", done)
    held = [part for row in status(folder)["instances"] for part in row["partitions"]]
    tap.equal(sorted(held), list(range(6)), "the partitions are spread, none twice")
    done = run(folder, "kill", "2")
    tap.ok(done.returncode == 0 and "taken over" in done.stdout, "kill 2: the others take over", done)
    done = run(folder, "drain", "1")
    tap.ok(done.returncode == 0 and "exit code: 0" in done.stdout, "drain 1 ends with 0", done)
    states = {row["instance"]: row["state"] for row in status(folder)["instances"]}
    tap.equal(states, {1: "ended", 2: "ended", 3: "ready"}, "status says what is left")
    done = run(folder, "kill", "9")
    tap.ok(done.returncode == UNAVAILABLE and "there is no instance 9" in done.stderr, "one that is not there is named", done)


def main():
    tap = Tap()
    if find_program("annotationd") is None:
        Tap.skip_all("annotationd is not built")
    try:
        Kafka().close()
    except Unavailable as reason:
        Tap.skip_all(str(reason))
    # PostgreSQL runs as another user, who has to get in.
    with tempfile.TemporaryDirectory(prefix="annot-") as folder:
        os.chmod(folder, 0o711)
        try:
            work(tap, folder)
        finally:
            done = run(folder, "down")
        tap.ok(done.returncode == 0 and "stopped" in done.stdout, "down", done)
        tap.ok(wait_for(lambda: not processes(folder), 10), "no process is left", processes(folder))
        left = [name for name in os.listdir(folder) if not name.startswith(("annotationd-cluster-", "hsperf"))]
        tap.equal(left, [], "no file is left")
        done = run(folder, "down")
        tap.ok(done.returncode == UNAVAILABLE and "no cluster runs" in done.stderr, "a second down says so", done)
    tap.done()


if __name__ == "__main__":
    main()
