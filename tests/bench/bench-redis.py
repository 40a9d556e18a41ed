#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Starts a Redis server for tests/bench/bench-state-redis, which measures what is left of its rate."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

# pylint: disable=wrong-import-position
from annotationd_harness import BUILD_DIR, SOURCE_DIR
from servers import Redis, Unavailable


def main():
    program = os.path.join(BUILD_DIR, "tests", "bench", "bench-state-redis")
    try:
        server = Redis()
    except Unavailable as reason:
        print(f"skipped: {reason}")
        return 0
    with server:
        return subprocess.run([program, str(server.port), SOURCE_DIR], check=False).returncode


sys.exit(main())
