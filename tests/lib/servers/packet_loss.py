# SPDX-License-Identifier: Apache-2.0
"""A network that loses packets: the kernel drops some of loopback's at random, by a table of nftables of our own."""

import json
import subprocess

from annotationd_harness import HarnessError, wait_for

from .process import Unavailable, need_program, run

TABLE = "annotationd_test"


class PacketLoss:
    """From `with` to its end, `percent` of the TCP packets from and to these ports of loopback are lost.

    The table belongs to the nft that made it, and goes with it however it ends. Needs root (CAP_NET_ADMIN) and a kernel
    with nftables: Unavailable says so otherwise.
    """

    def __init__(self, ports, percent):
        self.program = need_program("nft")
        self.ports = ", ".join(str(port) for port in sorted(ports))
        self.percent = percent
        self.process = None

    def __enter__(self):
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen([self.program, "-i"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        self.process.stdin.write(
            f"add table inet {TABLE} {{ flags owner; }}\n"
            f"add chain inet {TABLE} lost {{ type filter hook output priority 0; }}\n"
            + "".join(f"add rule inet {TABLE} lost oif lo tcp {end} {{ {self.ports} }} "
                      f"numgen random mod 100 < {self.percent} counter drop\n" for end in ("dport", "sport")))
        self.process.stdin.flush()
        if not wait_for(self.holds, 5, 0.05):
            self.__exit__()
            raise Unavailable(f"packets cannot be lost here: {self.process.stdout.read().strip()[-300:]}")
        return self

    def counters(self):
        """One a rule, once all are there."""
        rules = json.loads(run([self.program, "-j", "list", "table", "inet", TABLE]))["nftables"]
        parts = [part for rule in rules for part in rule.get("rule", {}).get("expr", [])]
        return [part["counter"]["packets"] for part in parts if "counter" in part]

    def holds(self):
        try:
            return len(self.counters()) == 2
        except HarnessError:
            return False

    def lost(self):
        """How many packets so far."""
        return sum(self.counters())

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
