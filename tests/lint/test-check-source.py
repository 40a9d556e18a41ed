#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every rule of tools/check-source.py refuses the fixture that is named after it, and nothing else refuses the good one."""

import os
import pathlib
import subprocess
import sys

top = pathlib.Path(os.environ.get("G_TEST_SRCDIR", pathlib.Path(__file__).resolve().parents[2]))
fixtures = sorted(path for path in (top / "tests/lint/fixtures").rglob("*.[ch]"))
print(f"1..{len(fixtures)}")
failed = 0
for number, path in enumerate(fixtures, 1):
    run = subprocess.run([sys.executable, str(top / "tools/check-source.py"), str(path)], capture_output=True, text=True)
    rules = {line.split(": ")[1] for line in run.stdout.splitlines()}
    wanted = set() if path.stem == "good" else {path.stem}
    good = rules == wanted and run.returncode == (1 if wanted else 0)
    failed += not good
    print(f"{'ok' if good else 'not ok'} {number} - {path.relative_to(top)}")
    if not good:
        print(f"# wanted {wanted}, got {rules}: {run.stdout}{run.stderr}")
sys.exit(1 if failed else 0)
