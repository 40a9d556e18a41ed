#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""HTTP beside idle WebSockets, against libsoup's own server, under connections that come and go; start and idle memory.

Each line: what, the figure, what is needed. Rates are ratios of runs on this machine, taken in turns.
"""

import os
import resource
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
from annotationd_harness import BUILD_DIR, Daemon, find_program, wait_for  # noqa: E402

LOAD = os.path.join(BUILD_DIR, "tests", "bench", "load-http")
BARE = os.path.join(BUILD_DIR, "tests", "bench", "bare-soup")
SECONDS = "2"
CONNECTIONS = "32"
SOCKETS = 8000
ROUNDS = 3
missed = []


def report(name, value, needed, at_least=True, unit=""):
    reached = value >= needed if at_least else value <= needed
    if not reached:
        missed.append(name)
    print(f"{'reached' if reached else 'MISSED '}  {name}: {value:.3g}{unit} (needed {'≥' if at_least else '≤'} {needed:g}{unit})",
          flush=True)


def rate(port):
    """(requests a second, p99 in microseconds)"""
    out = subprocess.run([LOAD, "requests", str(port), CONNECTIONS, SECONDS, "/healthz"], check=True, capture_output=True,
                         text=True).stdout.split()
    return float(out[0]), int(out[1])


def descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def resident(daemon):
    with open(f"/proc/{daemon.process.pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


def bench_start():
    with Daemon() as daemon:
        daemon.start()  # makes the database
        daemon.stop()
        times = []
        for _ in range(5):
            began = time.monotonic()
            daemon.start()
            times.append(time.monotonic() - began)
            idle = resident(daemon)
            daemon.stop()
        report("exec to /readyz", min(times) * 1000, 300, at_least=False, unit=" ms")
        report("idle resident memory", idle / 2**20, 30, at_least=False, unit=" MB")


def bench_rates(daemon, token):
    with subprocess.Popen([BARE], stdout=subprocess.PIPE, text=True) as bare:
        try:
            bare_port = int(bare.stdout.readline())
            own, other = 0, 0
            for _ in range(ROUNDS):
                own = max(own, rate(daemon.port)[0])
                other = max(other, rate(bare_port)[0])
        finally:
            bare.kill()
    print(f"         keep-alive GET: {own:.0f}/s; bare SoupServer: {other:.0f}/s")
    report("keep-alive GET ÷ bare SoupServer", own / other, 0.7)

    before = resident(daemon)
    with subprocess.Popen([LOAD, "hold", str(daemon.port), str(SOCKETS), token], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as hold:
        assert hold.stdout.readline() == "open\n"
        time.sleep(1)
        grown = (resident(daemon) - before) / SOCKETS
        beside, p99 = 0, 0
        for _ in range(ROUNDS):
            got = rate(daemon.port)
            if got[0] > beside:
                beside, p99 = got
        hold.stdin.close()
        hold.wait()
    wait_for(lambda: descriptors(daemon) < 100, 20)
    for _ in range(ROUNDS):
        own = max(own, rate(daemon.port)[0])
    print(f"         beside {SOCKETS} idle WebSockets: {beside:.0f}/s, p99 {p99} µs; {grown:.0f} bytes resident each")
    report(f"keep-alive GET with {SOCKETS} idle WebSockets ÷ none", beside / own, 0.8)


def bench_come_and_go(daemon):
    subprocess.run([LOAD, "come-and-go", str(daemon.port), "4096", "/healthz"], check=True, capture_output=True)
    wait_for(lambda: descriptors(daemon) < 60, 10)
    files, memory = descriptors(daemon), resident(daemon)
    began = time.monotonic()
    subprocess.run([LOAD, "come-and-go", str(daemon.port), "20000", "/healthz"], check=True, capture_output=True)
    took = time.monotonic() - began
    wait_for(lambda: descriptors(daemon) <= files, 10)
    print(f"         {20000 / took:.0f} connections a second")
    report("descriptors after 20,000 connections closed by the client", descriptors(daemon) - files, 0, at_least=False)
    report("memory after them", (resident(daemon) - memory) / 2**20, 1, at_least=False, unit=" MB")


def main():
    if find_program("annotationd") is None or find_program("annotationctl") is None:
        sys.exit("annotationd and annotationctl are not built")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard < SOCKETS + 200:
        sys.exit(f"the limit of open files is {hard} (soft {soft}): raise it to {SOCKETS + 200}")
    bench_start()
    config = {"http": {"max-connections": 30000, "max-connections-per-address": 30000},
              "limits": {"default": "10000000/min"}}
    with Daemon(config) as daemon:
        daemon.add_user("ann", "secret-of-ann", ["annotator"])
        daemon.start()
        bench_rates(daemon, daemon.login("ann", "secret-of-ann").token)
        bench_come_and_go(daemon)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
