#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The broker plugin's rate beside bare librdkafka's, on a real broker of its own."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

# pylint: disable=wrong-import-position
from annotationd_harness import BUILD_DIR
from servers import Kafka, Unavailable


def main():
    try:
        with Kafka() as cluster:
            cluster.create_topics(["consumed", "produced"])
            sys.exit(subprocess.run([os.path.join(BUILD_DIR, "tests", "bench", "bench-broker-kafka"), cluster.bootstrap,
                                     "consumed", "produced"], check=False).returncode)
    except Unavailable as reason:
        print(f"skipped: {reason}")


if __name__ == "__main__":
    main()
