# SPDX-License-Identifier: Apache-2.0
"""Runs a compiled contract suite against a plugin on a real server, and passes its TAP on under a name of its own."""

import os
import re
import subprocess

from annotationd_harness import BUILD_DIR, Tap

LINE = re.compile(r"^(ok|not ok) \d+ - (.*)$|^(ok|not ok) \d+ (.*)$")
SKIP = re.compile(r"^(.*?)\s*# SKIP\s*(.*)$")


def suite_program(suite):
    """Started directly or by libtool's wrapper; valgrind and the like come in by $ANNOT_CONTRACT_WRAPPER."""
    return [*os.environ.get("ANNOT_CONTRACT_WRAPPER", "").split(), os.path.join(BUILD_DIR, "tests", "contract", suite)]


def run_contract(tap, suite, variant, settings, plugin=None, env=None, only=(), timeout=300):
    """settings: {group: {key: value}}, given to the suite as variables. only: test paths (-p), all when empty."""
    variables = {f"ANNOTATIOND_{group}_{key}".upper().replace("-", "_"): str(value)
                 for group, keys in settings.items() for key, value in keys.items()}
    command = [*suite_program(suite), *([plugin] if plugin else []),
               *[part for path in only for part in ("-p", path)]]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=timeout, check=False,
                              env={**os.environ, **variables, **(env or {})})
    except subprocess.TimeoutExpired as error:
        tap.ok(False, f"{variant}: the suite ends", f"not after {timeout} s\n{(error.stdout or b'')[-3000:]!r}")
        return
    seen = 0
    for line in done.stdout.splitlines():
        match = LINE.match(line)
        if match is None:
            continue
        seen += 1
        good = (match.group(1) or match.group(3)) == "ok"
        name = match.group(2) or match.group(4)
        skipped = SKIP.match(name)
        if skipped and good:
            tap.skip(f"{variant}: {skipped.group(1)}", skipped.group(2))
        else:
            tap.ok(good, f"{variant}: {name}")
    if not tap.ok(done.returncode == 0 and seen > 0, f"{variant}: the suite ends well"):
        Tap.diag(f"exit status {done.returncode}")
        Tap.diag(done.stdout[-2000:])
        Tap.diag(done.stderr[-4000:])
