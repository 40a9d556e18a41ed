#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Metrics: the table of them, and the example of Prometheus alerts, which is about figures that there are and fires when it
should."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from annotationd_harness import SOURCE_DIR, Daemon, Tap  # noqa: E402

RULES = os.path.join(SOURCE_DIR, "data", "prometheus", "annotationd.rules.yml")
CASES = os.path.join(SOURCE_DIR, "tests", "integration", "alerts.yml")


def promtool(*arguments, cwd=None):
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False, timeout=60, cwd=cwd)


def test_names(tap):
    with open(RULES, encoding="utf-8") as file:
        text = file.read()
    named = set(re.findall(r"annotationd_\w+", "\n".join(re.findall(r"expr: (.*)", text))))
    with Daemon() as daemon:
        daemon.start()
        given = set(re.findall(r"^# TYPE (\w+)", daemon.client().get("/metrics").body.decode(), re.M))
    tap.ok(len(named) >= 6 and named <= given, "every figure is one that /metrics gives", named - given)
    told = re.findall(r"alert: (\w+)", text)
    with open(CASES, encoding="utf-8") as file:
        cases = file.read()
    tap.equal([name for name in told if cases.count(name) < 2 and name != "AnnotationdGone"], [],
              "every alert is tested both ways")


def test_table(tap):
    """docs/metrics.md has every figure, and no other."""
    with open(os.path.join(SOURCE_DIR, "docs", "metrics.md"), encoding="utf-8") as file:
        told = dict(re.findall(r"^\| `(annotationd_\w+)` \| (\w+) \|", file.read(), re.M))
    with Daemon() as daemon:
        daemon.start()
        given = dict(re.findall(r"^# TYPE (\w+) (\w+)", daemon.client().get("/metrics").body.decode(), re.M))
    tap.equal(told, given, "the table of metrics is that of /metrics")


def test_rules(tap):
    if shutil.which("promtool") is None:
        tap.skip("the alerts fire when they should", "promtool is not installed")
        return
    done = promtool("check", "rules", RULES)
    tap.ok(done.returncode == 0, "promtool finds nothing wrong", done)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(RULES, folder)
        shutil.copy(CASES, folder)
        done = promtool("test", "rules", "alerts.yml", cwd=folder)
    tap.ok(done.returncode == 0, "the alerts fire when they should, and else not", f"{done.stdout}\n{done.stderr}")


def main():
    tap = Tap()
    test_names(tap)
    test_table(tap)
    test_rules(tap)
    tap.done()


if __name__ == "__main__":
    main()
