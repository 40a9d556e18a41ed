#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Starts a PostgreSQL whose commits reach the disk, and measures the intake into it."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

# pylint: disable=wrong-import-position
from annotationd_harness import BUILD_DIR
from servers import Postgres, Unavailable


def main():
    try:
        with Postgres(durable=True) as server:
            program = os.path.join(BUILD_DIR, "tests", "bench", "bench-ingest-postgres")
            env = {**os.environ, "ANNOTATIOND_POSTGRES_CONNINFO": server.socket_conninfo()}
            return subprocess.run([program], env=env, check=False).returncode
    except Unavailable as reason:
        print(f"postgres ingest: not measured: {reason}")
        return 0


if __name__ == "__main__":
    sys.exit(main())
