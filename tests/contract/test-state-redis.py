#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What only a Redis server can suffer, and what the redis plugin makes of it."""

import os
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

# pylint: disable=wrong-import-position
from annotationd_harness import BUILD_DIR, HarnessError, Tap, wait_for
from contract_runner import suite_program
from servers import Certificates, Proxy, Redis, Sentinel, Unavailable

PASSWORD = "never-to-be-printed"

tap = Tap()


class Probe:
    """tests/contract/state-probe with a redis state. settings: keys of [redis]."""

    def __init__(self, url, **settings):
        variables = {f"ANNOTATIOND_REDIS_{key}".upper(): str(value) for key, value in settings.items()}
        environment = {**os.environ, "ANNOTATIOND_REDIS_URL": url, "ANNOTATIOND_SERVICE_INSTANCE_ID": "probe",
                       **variables}
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen([*suite_program("state-probe"), "redis"], stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        self.answers = {}
        self.events = []
        self.log = []
        self.count = 0
        self.readers = [threading.Thread(target=self.read, daemon=True),
                        threading.Thread(target=self.read_log, daemon=True)]
        for reader in self.readers:
            reader.start()
        self.opened = self.call("open", 60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        for reader in self.readers:
            reader.join(5)
        if code != 0:
            tap.ok(False, "the probe ends well", f"exit status {code}\n" + "".join(self.log[-40:]))
        if any("CRITICAL" in line or PASSWORD in line for line in self.log):
            tap.ok(False, "nothing critical and no secret is logged", "".join(self.log))

    def read(self):
        for line in self.process.stdout:
            number, _, rest = line.rstrip("\n").partition(" ")
            if number == "*":
                self.events.append(rest)
            else:
                self.answers[int(number)] = rest

    def read_log(self):
        for line in self.process.stderr:
            self.log.append(line)

    def begin(self, text):
        number = self.count
        self.count += 1
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return number

    def end(self, number, timeout=20):
        if not wait_for(lambda: number in self.answers, timeout, interval=0.005):
            raise HarnessError(f"no answer to call {number}: " + "".join(self.log[-20:]))
        return self.answers[number].strip()

    def call(self, text, timeout=20):
        return self.end(self.begin(text), timeout)

    def gaps(self):
        return self.events.count("gap")

    def messages(self):
        return [event.split(" ", 2)[2].strip() for event in self.events if event.startswith("message ")]

    def healthy(self):
        return self.call("health").startswith("ok healthy")

    def recovers(self, timeout=10):
        """Seconds until it is healthy, or None."""
        begun = time.monotonic()
        return time.monotonic() - begun if wait_for(self.healthy, timeout, 0.05) else None


def test_restart():
    with Redis() as server, Probe(server.url()) as probe:
        probe.call("subscribe a")
        server.stop()
        tap.ok(wait_for(lambda: not probe.healthy(), 2), "a server that ends is noticed at once")
        begun = time.monotonic()
        answers = [probe.call(text) for text in ("publish a x", "rate k 1 1", "announce i 1 5", "list", "take")]
        tap.ok(all(answer.startswith("error not-connected redis: ") for answer in answers)
               and time.monotonic() - begun < 1, "while it is away every call fails at once", answers)
        tap.equal(probe.call("subscribe b"), "ok", "but a subscription, which is remembered")
        server.start()
        tap.ok(wait_for(lambda: probe.gaps() == 1, 5), "a gap is reported when it is back", probe.events)
        tap.ok(probe.recovers() is not None, "it is healthy again")
        probe.call("publish a one")
        probe.call("publish b two")
        tap.ok(wait_for(lambda: probe.messages() == ["one", "two"], 5), "both channels are heard", probe.events)
        tap.equal(probe.gaps(), 1, "one interruption is one gap")


def test_away_at_start():
    with Redis() as server:
        server.stop()
        with Probe(server.url()) as probe:
            tap.equal(probe.opened, "ok", "opening does not need the server")
            tap.equal(probe.call("subscribe a"), "ok", "nor does subscribing")
            health = probe.call("health")
            tap.ok("ok unhealthy" in health and "Connection refused" in health, "the health says why", health)
            server.start()
            tap.ok(wait_for(lambda: probe.gaps() == 1, 5), "the gap ends when the server has come", probe.events)
            tap.ok(probe.recovers(5) is not None, "and it is healthy")


def test_flush():
    with Redis() as server, Probe(server.url(), prefix="here:") as probe:
        probe.call("announce one 2 30")
        probe.call("announce two 3 30")
        tap.equal(server.cli("GET", "websocket:connection_count"), "5", "the total is the sum of the living")
        probe.call("rate k 2 60")
        probe.call("revoke jti")
        probe.call("schedule retry")
        probe.call("health")
        names = {"here:annotation:instances", "here:annotation:instance:one", "here:annotation:instance:two",
                 "here:annotation:ratelimit:k", "here:annotation:revoked:jti", "here:annotation:retry_queue",
                 "here:annotation:health", "websocket:connection_count"}
        tap.equal(set(server.cli("KEYS", "*").split()), names, "the prefix moves all keys but the total")
        tap.equal(server.cli("TYPE", "here:annotation:retry_queue"), "zset", "the schedule is a sorted set")
        tap.equal(server.cli("HGET", "here:annotation:instance:one", "connections"), "2", "an instance is a hash")
        tap.equal(probe.call("take"), "ok retry", "what is due is taken")
        tap.equal(server.cli("ZCARD", "here:annotation:retry_queue:processing"), "1", "and noted as being processed")
        server.cli("SCRIPT", "FLUSH")
        tap.equal(probe.call("rate k 2 60"), "ok allowed", "flushed scripts are sent again")
        tap.equal(probe.call("rate k 2 60"), "ok refused", "and have taken what they said")
        server.cli("FLUSHALL")
        tap.equal(probe.call("list"), "ok", "FLUSHALL: nobody is there")
        probe.call("announce one 2 30")
        tap.equal(server.cli("GET", "websocket:connection_count"), "2", "until the next announcement")
        tap.ok(probe.healthy(), "and nothing is wrong")


def test_deaths():
    with Redis() as server, Probe(server.url()) as probe:
        probe.call("announce dead 7 1")
        probe.call("announce alive 1 2")
        time.sleep(1.1)
        probe.call("announce alive 1 2")
        tap.equal(server.cli("GET", "websocket:connection_count"), "1", "who misses the deadline is out of the total")
        tap.equal(probe.call("list"), "ok alive=1", "and out of the list")
        ttl = int(server.cli("PTTL", "websocket:connection_count"))
        tap.ok(0 < ttl <= 2000, "the total ends with the last of them", ttl)
        probe.call("withdraw alive")
        tap.equal(server.cli("GET", "websocket:connection_count"), "0", "who goes in good order leaves a zero")


def test_killed_clients():
    with Redis() as server, Probe(server.url()) as probe:
        probe.call("subscribe a")
        names = server.cli("CLIENT", "LIST").count("name=annotation-frontend-probe ")
        tap.equal(names, 2, "both connections have the instance's name")
        server.cli("CLIENT", "KILL", "TYPE", "normal")
        tap.ok(probe.recovers() is not None, "killed commands come back")
        tap.equal(probe.gaps(), 0, "and no message was missed")
        server.cli("CLIENT", "KILL", "TYPE", "pubsub")
        tap.ok(wait_for(lambda: probe.gaps() == 1, 5), "killed subscriptions come back with a gap", probe.events)
        server.cli("PUBLISH", "a", "x")
        tap.ok(wait_for(lambda: probe.messages() == ["x"], 5), "and hear again")


def test_stopped_server():
    with Redis() as server, Probe(server.url(), command_timeout=2) as probe:
        probe.call("subscribe a")
        server.suspend()
        begun = time.monotonic()
        health = probe.call("health")
        tap.ok(health.startswith("ok unhealthy") and time.monotonic() - begun < 1.5,
               "a server that hangs is unhealthy within two seconds", health)
        waiting = probe.call("publish a x")
        tap.ok(waiting.startswith("error timeout"), "a call that is not answered times out", waiting)
        tap.ok(probe.call("publish a x").startswith("error not-connected"), "and later ones fail at once")
        server.resume()
        tap.ok(probe.recovers() is not None, "it recovers by itself")
        tap.ok(wait_for(lambda: probe.gaps() == 1, 5), "with a gap", probe.events)


def test_half_open():
    """Nobody asks, and nothing comes: the connection's own PING notices."""
    with Redis() as server, Proxy(server.port) as proxy, \
            Probe(server.url(port=proxy.port), command_timeout=2) as probe:
        probe.call("subscribe a")
        tap.ok(probe.healthy(), "through a network")
        proxy.stall()
        time.sleep(8.5)
        health = probe.call("health")
        tap.ok('"connected":false' in health and '"subscribed":false' in health,
               "half-open connections are found in 5 s and the time of a command", health)
        proxy.cut()
        proxy.heal()
        tap.ok(probe.recovers() is not None, "the network heals")
        probe.call("publish a x")
        tap.ok(wait_for(lambda: probe.messages() == ["x"], 5) and probe.gaps() == 1, "with a gap", probe.events)


def refused(name, url, code, words, **settings):
    with Probe(url, connect_timeout=30, **settings) as probe:
        tap.ok(probe.opened.startswith(f"error {code} redis: ") and words in probe.opened
               and PASSWORD not in probe.opened, name, probe.opened)


def test_credentials():
    with Redis(password=PASSWORD) as server:
        refused("no password", f"redis://127.0.0.1:{server.port}", "auth", "password-file")
        refused("a wrong password", f"redis://:{PASSWORD}x@127.0.0.1:{server.port}", "auth", "password-file")
        refused("a wrong account", server.url(), "auth", "username", username="nobody")
        with Probe(f"redis://:wrong@127.0.0.1:{server.port}", password=PASSWORD) as probe:
            tap.ok(probe.healthy(), "the option goes before the URL")
            probe.call("subscribe a")
            server.cli("CONFIG", "SET", "requirepass", "another")
            server.password = "another"
            server.cli("CLIENT", "KILL", "TYPE", "normal")
            health = wait_for(lambda: "WRONGPASS" in (text := probe.call("health")) and text, 5, 0.05)
            tap.ok(health and "ok unhealthy" in health and PASSWORD not in health, "a password that changes is told",
                   health)
            server.cli("CONFIG", "SET", "requirepass", PASSWORD)
            server.password = PASSWORD
            tap.ok(probe.recovers() is not None, "and tried again")
    with Redis() as server:
        refused("a password that the server has not", f"redis://:{PASSWORD}@127.0.0.1:{server.port}", "auth",
                "remove [redis] password")
        refused("a database that it has not", server.url(database=99), "config", "[redis] database")
    with Redis(user=("reader", PASSWORD, "~* &* +@all -@scripting -subscribe")) as server, Probe(server.url()) as probe:
        tap.ok(probe.call("rate k 1 1").startswith("error auth redis: NOPERM"), "a command that the account may not give")
        tap.ok(probe.call("subscribe a").startswith("error auth redis: NOPERM"), "a subscription that it may not have")


def test_encryption():
    certificates = Certificates()
    other = Certificates()
    with Redis(certificates=certificates) as server:
        refused("a certificate of a foreign authority", server.url(), "config", "tls-ca-file", tls_ca_file=other.ca)
        with Probe(server.url(scheme="redis")) as probe:
            health = probe.call("health")
            tap.ok("ok unhealthy" in health, "TLS where none is spoken is not healthy", health)
    with Redis() as server:
        with Probe(f"rediss://127.0.0.1:{server.port}", tls_ca_file=certificates.ca, connect_timeout=1) as probe:
            health = probe.call("health")
            tap.ok("ok unhealthy" in health and "is its port one for TLS" in health, "TLS with a server that has none",
                   health)
    with Redis(certificates=certificates, settings=["tls-auth-clients yes"]) as server:
        refused("a certificate is missing", server.url(), "config", "TLS", tls_ca_file=certificates.ca)


def test_replica():
    with Redis() as master, Redis(replica_of=master) as replica:
        replica.wait_replica()
        with Probe(replica.url()) as probe:
            health = probe.call("health")
            tap.ok("ok unhealthy" in health and "read-only replica" in health, "a replica is not used", health)
            replica.cli("REPLICAOF", "NO", "ONE")
            tap.ok(probe.recovers(5) is not None, "until it is promoted")
            replica.cli("REPLICAOF", "127.0.0.1", master.port)
            tap.ok(wait_for(lambda: not probe.healthy(), 2, 0.1), "and not after it has been demoted")
            answer = probe.call("announce i 1 5")
            tap.ok(answer.startswith("error not-connected") and "sentinel-master" in answer, "the remedy is named", answer)


def test_failover():
    with Redis(password=PASSWORD) as master, Redis(password=PASSWORD, replica_of=master) as replica:
        replica.wait_replica()
        with Sentinel(master) as sentinel:
            wait_for(sentinel.knows_replicas, 20)
            with Probe(f"redis://:{PASSWORD}@", sentinel_master=sentinel.name,
                       sentinels=f"127.0.0.1:{sentinel.port}") as probe:
                probe.call("subscribe a")
                tap.ok(f":{master.port}" in probe.call("health"), "the sentinel says where the master is")
                master.kill()
                tap.ok(probe.recovers(30) is not None, "after a failover it is healthy again")
                tap.ok(f":{replica.port}" in probe.call("health"), "with the new master")
                probe.call("publish a x")
                tap.ok(wait_for(lambda: probe.messages() == ["x"], 5) and probe.gaps() >= 1, "and a gap", probe.events)
            refused_master = Probe("redis://", sentinel_master="other", sentinels=f"127.0.0.1:{sentinel.port}")
            with refused_master as probe:
                health = probe.call("health")
                tap.ok("check [redis] sentinel-master" in health, "a master that no sentinel knows", health)


def test_order_and_bounds():
    with Redis() as server, Probe(server.url(), output_limit="64K", message_limit="64K") as probe:
        probe.call("subscribe a")
        answer = probe.call("burst a 500 8")
        tap.ok(answer.startswith("ok failed=0"), "a burst is published", answer)
        tap.ok(wait_for(lambda: len(probe.messages()) == 500, 10), "and comes back whole")
        tap.equal(probe.messages(), [str(i) for i in range(500)], "in order")
        answer = probe.call("burst a 1000 1000")
        failed = int(answer.split("failed=")[1].split()[0])
        tap.ok(900 < failed < 1000 and "temporary" in answer and "output-limit" in answer,
               "beyond the bound commands are refused at once", answer)
        tap.ok(probe.healthy() and probe.gaps() == 0, "and nothing else happens")
        answer = probe.call("publish a " + 70000 * "x")
        tap.ok(answer.startswith("error permanent"), "a message over the limit is refused", answer)
        server.cli("EVAL", "redis.call('PUBLISH', 'a', string.rep('x', 5000000))", 0)
        tap.ok(wait_for(lambda: probe.gaps() == 1, 5), "one that comes drops the connection", probe.events[-2:])
        before = len(probe.messages())
        probe.call("publish a y")
        tap.ok(wait_for(lambda: probe.messages()[before:] == ["y"], 5), "which is heard again")


def test_full_and_busy():
    with Redis(settings=["busy-reply-threshold 200"]) as server, Probe(server.url(), command_timeout=10) as probe:
        server.cli("CONFIG", "SET", "maxmemory", "1")
        health = probe.call("health")
        tap.ok("ok unhealthy" in health and "OOM" in health and "maxmemory" in health, "a full server is unhealthy", health)
        tap.ok(probe.call("rate k 1 1").startswith("error no-space redis: OOM"), "and says so to a call")
        server.cli("CONFIG", "SET", "maxmemory", "0")
        server.cli("CONFIG", "SET", "min-replicas-to-write", "1")
        tap.ok(probe.call("announce i 1 5").startswith("error temporary redis: NOREPLICAS"), "one without its replicas")
        server.cli("CONFIG", "SET", "min-replicas-to-write", "0")
        server.cli("SET", "annotation:retry_queue", "text")
        tap.ok(probe.call("schedule x").startswith("error permanent redis: WRONGTYPE"), "a key of somebody else")
        server.cli("DEL", "annotation:retry_queue")
        busy = threading.Thread(target=lambda: run_busy(server), daemon=True)
        busy.start()
        tap.ok(wait_for(lambda: "BUSY" in probe.call("health"), 5, 0.1), "a busy one is unhealthy")
        server.cli("SCRIPT", "KILL")
        busy.join(10)
        tap.ok(probe.recovers() is not None, "and well when the script has been ended")


def run_busy(server):
    try:
        server.cli("EVAL", "while true do end", 0, timeout=20)
    except HarnessError:
        pass


def test_cluster():
    with Redis(settings=["cluster-enabled yes"]) as server, Probe(server.url()) as probe:
        health = probe.call("health")
        tap.ok("ok unhealthy" in health and "Redis Cluster is not supported" in health, "a cluster is told apart", health)


def test_something_else():
    """Servers that do not speak the protocol, or stop in the middle of it."""
    for name, answer in (("HTTP", b"HTTP/1.1 400 Bad Request\r\n\r\n"), ("a reply that nobody asked for", b"+OK\r\n" * 9),
                         ("a length that is none", b"$-7\r\n"), ("arrays without end", b"*2\r\n" * 400),
                         ("silence", b"")):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            stop = threading.Event()
            thread = threading.Thread(target=serve, args=(listener, answer, stop), daemon=True)
            thread.start()
            with Probe(f"redis://127.0.0.1:{listener.getsockname()[1]}", connect_timeout=1) as probe:
                health = probe.call("health")
                tap.ok(probe.opened == "ok" and "ok unhealthy" in health, f"not a Redis: {name}", health)
            stop.set()
            thread.join(5)


def serve(listener, answer, stop):
    listener.settimeout(0.2)
    taken = []
    while not stop.is_set():
        try:
            connection = listener.accept()[0]
            connection.sendall(answer)
            taken.append(connection)
        except OSError:
            continue
    for connection in taken:
        connection.close()


def main():
    if not os.path.exists(os.path.join(BUILD_DIR, "tests", "contract", "state-probe")):
        tap.skip_all("state-probe is not built")
    for test in (test_restart, test_away_at_start, test_flush, test_deaths, test_killed_clients, test_stopped_server,
                 test_half_open, test_credentials, test_encryption, test_replica, test_failover, test_order_and_bounds,
                 test_full_and_busy, test_cluster, test_something_else):
        if len(sys.argv) > 1 and test.__name__ not in sys.argv[1:]:
            continue
        begun = time.monotonic()
        try:
            test()
        except Unavailable as reason:
            tap.skip(test.__name__, reason)
        Tap.diag(f"{test.__name__}: {time.monotonic() - begun:.1f} s")
    tap.done()


main()
