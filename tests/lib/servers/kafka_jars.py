# SPDX-License-Identifier: Apache-2.0
"""Apache Kafka's own jars, fetched once by Maven into a cache outside the tree and compared with the pinned checksums."""

import fcntl
import hashlib
import os
import shutil
import subprocess

from .process import Unavailable

HERE = os.path.dirname(os.path.abspath(__file__))
# Fixed, so that every machine copies the same way.
COPY_GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"


def cache_folder():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "annotationd")


def pinned(version):
    """{file name: sha256} of a version."""
    with open(os.path.join(HERE, f"kafka-{version}.sha256"), encoding="utf-8") as file:
        return {name: digest for digest, name in (line.split() for line in file)}


def is_complete(folder, version):
    """Every pinned jar is there, is what it was, and there is no other."""
    wanted = pinned(version)
    if not os.path.isdir(folder) or sorted(os.listdir(folder)) != sorted(wanted):
        return False
    for name, digest in wanted.items():
        with open(os.path.join(folder, name), "rb") as file:
            if hashlib.sha256(file.read()).hexdigest() != digest:
                return False
    return True


def fetch(folder, version):
    maven = shutil.which("mvn")
    if maven is None:
        raise Unavailable("Apache Kafka is fetched by mvn, which is not installed")
    partial = f"{folder}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        done = subprocess.run([maven, "-q", "-B", "-f", os.path.join(HERE, "kafka-pom.xml"), COPY_GOAL,
                               f"-Dkafka.version={version}", "-DincludeScope=runtime", f"-DoutputDirectory={partial}"],
                              capture_output=True, text=True, timeout=300, check=False)
    except subprocess.TimeoutExpired:
        raise Unavailable("Maven did not fetch Apache Kafka in 300 s") from None
    if done.returncode != 0:
        reason = next((line for line in done.stdout.splitlines() if "ERROR" in line), "no reason given")
        raise Unavailable(f"Maven cannot fetch Apache Kafka {version}: {reason[:300]}")
    if not is_complete(partial, version):
        shutil.rmtree(partial, ignore_errors=True)
        raise Unavailable(f"the jars of Apache Kafka {version} are not those of kafka-{version}.sha256")
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(partial, folder)


def kafka_jars(version):
    """The folder with the jars of this version."""
    base = cache_folder()
    os.makedirs(base, exist_ok=True)
    folder = os.path.join(base, f"kafka-{version}")
    with open(os.path.join(base, "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_complete(folder, version):
            fetch(folder, version)
    return folder
