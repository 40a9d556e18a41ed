# SPDX-License-Identifier: Apache-2.0
"""What the benchmark scripts share: reporting against a target, the load programs, CPU seconds, suspended instances."""

import contextlib
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
from annotationd_harness import BUILD_DIR, HarnessError  # noqa: E402
from servers import Unavailable  # noqa: E402
from servers.process import run  # noqa: E402

missed = []


def report(name, value, needed, at_least=True, unit=""):
    """One line: what, the figure, what is needed."""
    reached = value >= needed if at_least else value <= needed
    if not reached:
        missed.append(name)
    print(f"{'reached' if reached else 'MISSED '}  {name}: {value:.3g}{unit} (needed {'≥' if at_least else '≤'} {needed:g}{unit})",
          flush=True)


def note(text):
    print(f"         {text}", flush=True)


def finish(main):
    """Runs a script's main(): its exit code says whether a target was missed; a server that is missing skips it."""
    try:
        main()
    except Unavailable as error:
        print(f"skipped  {error}", flush=True)
        sys.exit(0)
    sys.exit(1 if missed else 0)


def helper(name):
    path = os.path.join(BUILD_DIR, "tests", "bench", name)
    if not os.access(path, os.X_OK):
        raise HarnessError(f"{path} is not built (make bench builds it)")
    return path


def load(name, *arguments, lines=(), env=None, timeout=120):
    """Runs a load program; answers the words that it printed."""
    done = subprocess.run([helper(name), *[str(item) for item in arguments]], input="".join(f"{line}\n" for line in lines),
                          capture_output=True, text=True, env={**os.environ, **(env or {})}, timeout=timeout, check=False)
    if done.returncode != 0:
        raise HarnessError(f"{name}: {done.returncode}: {done.stderr[-1000:]}")
    return done.stdout.split()


class Page:
    """tests/bench/load-page: watches until it has been told of `count` examples, or the time is over."""

    def __init__(self, port, token, count, seconds):
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen([helper("load-page"), str(port), str(count), str(seconds)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdin.write(token + "\n")
        self.process.stdin.flush()
        if self.process.stdout.readline() != "open\n":
            raise HarnessError("the page was not opened")
        self.seen = self.first = self.last = self.resyncs = self.p50 = self.p99 = 0

    def finish(self):
        words = self.process.communicate()[0].split()
        if self.process.returncode != 0 or len(words) != 6:
            raise HarnessError(f"load-page: {self.process.returncode}: {words}")
        self.seen, self.resyncs, self.p50, self.p99 = int(words[0]), int(words[3]), int(words[4]), int(words[5])
        self.first, self.last = int(words[1]) / 1e6, int(words[2]) / 1e6
        return self


def process_seconds(pid):
    """User and system time so far."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fill_examples(postgres, database, total):
    """Pending examples, so that there are so many; nobody else may be in the database."""
    run([postgres.psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-v", f"total={total}", "-v", "filling=700", "-1",
         "-d", postgres.socket_conninfo(database), "-f", os.path.join(os.path.dirname(__file__), "fill-examples.sql")])
    postgres.sql("VACUUM ANALYZE", database)
    # Otherwise it writes while others measure.
    postgres.sql("CHECKPOINT", database)


@contextlib.contextmanager
def suspended(instances):
    """They do nothing within the block and keep their connections: what they shall find can be prepared."""
    for item in instances:
        os.kill(item.process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for item in instances:
            os.kill(item.process.pid, signal.SIGCONT)


def cores():
    return len(os.sched_getaffinity(0))


def now():
    """By the clock that the load programs tell."""
    return time.monotonic()
