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

sys.path.insert(0, os.path.dirname(__file__))
from bench_common import finish, helper, load, note, report  # noqa: E402
from annotationd_harness import Daemon, find_program, wait_for  # noqa: E402

SECONDS = "2"
CONNECTIONS = "32"
SOCKETS = 8000
ROUNDS = 3


def rate(port):
    """(requests a second, p99 in microseconds)"""
    words = load("load-http", "requests", port, CONNECTIONS, SECONDS, "/healthz")
    return float(words[0]), int(words[1])


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
    with subprocess.Popen([helper("bare-soup")], stdout=subprocess.PIPE, text=True) as bare:
        try:
            bare_port = int(bare.stdout.readline())
            own, other = 0, 0
            for _ in range(ROUNDS):
                own = max(own, rate(daemon.port)[0])
                other = max(other, rate(bare_port)[0])
        finally:
            bare.kill()
    note(f"keep-alive GET: {own:.0f}/s; bare SoupServer: {other:.0f}/s")
    report("keep-alive GET ÷ bare SoupServer", own / other, 0.7)

    before = resident(daemon)
    with subprocess.Popen([helper("load-http"), "hold", str(daemon.port), str(SOCKETS), token], stdin=subprocess.PIPE,
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
    note(f"beside {SOCKETS} idle WebSockets: {beside:.0f}/s, p99 {p99} µs; {grown:.0f} bytes resident each")
    report(f"keep-alive GET with {SOCKETS} idle WebSockets ÷ none", beside / own, 0.8)


def bench_come_and_go(daemon):
    load("load-http", "come-and-go", daemon.port, 4096, "/healthz")
    wait_for(lambda: descriptors(daemon) < 60, 10)
    files, memory = descriptors(daemon), resident(daemon)
    began = time.monotonic()
    load("load-http", "come-and-go", daemon.port, 20000, "/healthz")
    took = time.monotonic() - began
    wait_for(lambda: descriptors(daemon) <= files, 10)
    note(f"{20000 / took:.0f} connections a second")
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


if __name__ == "__main__":
    finish(main)
