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
from annotationd_harness import BUILD_DIR, HarnessError, Tap, is_within, wait_for
from contract_runner import suite_program
from servers import Certificates, Proxy, Redis, Sentinel, Unavailable

PASSWORD = "never-to-be-printed"

tap = Tap()


class Probe:
    """tests/contract/state-probe with a redis state. start_timeout: that of [service]. settings: keys of [redis]."""

    def __init__(self, url, start_timeout=60, **settings):
        variables = {f"ANNOTATIOND_REDIS_{key}".upper(): str(value) for key, value in settings.items()}
        environment = {**os.environ, "ANNOTATIOND_REDIS_URL": url, "ANNOTATIOND_SERVICE_INSTANCE_ID": "probe",
                       "ANNOTATIOND_SERVICE_START_TIMEOUT": str(start_timeout), **variables}
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

    def logged(self, text):
        return sum(text in line for line in self.log)

    def hears(self, server):
        """Whether a message that is published at that server comes; no other has before."""
        server.cli("PUBLISH", "a", "x")
        return wait_for(lambda: self.messages() == ["x"], 5)

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
        tap.ok(is_within(lambda: not probe.healthy(), 4), "a server that ends is noticed at once")
        begun = time.monotonic()
        answers = [probe.call(text) for text in ("publish a x", "rate k 1 1", "announce i 1 5", "list", "take")]
        tap.ok(all(answer.startswith("error not-connected redis: ") for answer in answers)
               and time.monotonic() - begun < 4, "while it is away every call fails at once", answers)
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


def test_hangs_at_start():
    """A start has no more time than [service] start-timeout, which is less than that of a connection here."""
    certificates = Certificates()
    for name, settings in (("", {}), (" (TLS)", {"certificates": certificates})):
        with Redis(**settings) as server:
            server.suspend()
            options = {"tls_ca_file": certificates.ca} if settings else {}
            begun = time.monotonic()
            with Probe(server.url(), start_timeout=1, connect_timeout=60, **options) as probe:
                tap.ok(probe.opened == "ok" and time.monotonic() - begun < 10,
                       f"a server that hangs does not hold up a start{name}", probe.opened)
                tap.ok(wait_for(lambda: probe.logged("no welcome from 127.0.0.1") == 1, 5), "which says that it goes on",
                       probe.log)
                probe.call("subscribe a")
                server.resume()
                tap.ok(probe.recovers() is not None and wait_for(lambda: probe.gaps() == 1, 5), "until it is back")
                tap.ok(wait_for(lambda: probe.logged("redis: connected to") == 1, 5), "which is said too", probe.log)
                server.cli("CLIENT", "KILL", "TYPE", "normal")
                tap.ok(probe.recovers() is not None, "killed commands come back")
                time.sleep(0.5)
                tap.equal(probe.logged("redis: connected to"), 1, "an outage that was not told has no end to tell")


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
        probe.call("announce alive 1 20")
        time.sleep(1.1)
        probe.call("announce alive 1 20")
        tap.equal(server.cli("GET", "websocket:connection_count"), "1", "who misses the deadline is out of the total")
        tap.equal(probe.call("list"), "ok alive=1", "and out of the list")
        ttl = int(server.cli("PTTL", "websocket:connection_count"))
        tap.ok(0 < ttl <= 20000, "the total ends with the last of them", ttl)
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
    with Redis() as server, Probe(server.url(), command_timeout=6) as probe:
        probe.call("subscribe a")
        server.suspend()
        begun = time.monotonic()
        health = probe.call("health")
        tap.ok(health.startswith("ok unhealthy") and time.monotonic() - begun < 4,
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
        tap.ok(wait_for(lambda: probe.logged("no answer from"), 15), "a half-open connection is found without a call")
        health = wait_for(lambda: is_down(text := probe.call("health")) and text, 1.5, 0.05)
        tap.ok(health, "and so is the other", health)
        proxy.cut()
        proxy.heal()
        tap.ok(probe.recovers() is not None, "the network heals")
        probe.call("publish a x")
        tap.ok(wait_for(lambda: probe.messages() == ["x"], 5) and probe.gaps() == 1, "with a gap", probe.events)


def is_down(health):
    return '"connected":false' in health and '"subscribed":false' in health


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
    with Redis(user=("mute", PASSWORD, "~* &* +@all -publish")) as server, Probe(server.url()) as probe:
        health = probe.call("health")
        tap.ok("ok unhealthy" in health and "NOPERM" in health, "an account that may not publish is unhealthy", health)
    with Redis(user=("reader", PASSWORD, "~* &* +@all -@scripting -subscribe")) as server, Probe(server.url()) as probe:
        tap.ok(probe.call("rate k 1 1").startswith("error auth redis: NOPERM"), "a command that the account may not give")
        tap.ok(probe.call("subscribe a").startswith("error auth redis: NOPERM"), "a subscription that it may not have")


def test_secrets():
    """A server that does not know AUTH repeats the password that came with it."""
    with Redis(settings=['rename-command AUTH ""']) as server:
        url = f"redis://:{PASSWORD}@127.0.0.1:{server.port}"
        refused("a server that does not know AUTH", url, "config", "own names")
        server.stop()
        with Probe(url) as probe:
            server.start()
            health = wait_for(lambda: "AUTH was refused" in (text := probe.call("health")) and text, 5, 0.05)
            tap.ok(health and "ok unhealthy" in health and PASSWORD not in health, "likewise when it comes later", health)
            tap.ok(wait_for(lambda: probe.logged("AUTH was refused") == 1, 5), "it is logged, without the password",
                   probe.log)


def test_lost_rights():
    rules = "~* &* +@all"
    with Redis(user=("reader", PASSWORD, rules)) as server, Probe(server.url()) as probe:
        probe.call("subscribe a")
        server.cli("ACL", "SETUSER", "reader", "-subscribe")
        server.cli("CLIENT", "KILL", "TYPE", "pubsub")
        health = wait_for(lambda: "NOPERM" in (text := probe.call("health")) and text, 5, 0.05)
        tap.ok(health and '"subscribed":false' in health, "a channel that is refused now is told", health)
        time.sleep(1.5)
        tap.equal((probe.logged("NOPERM"), probe.logged("connected to")), (1, 0), "and logged, and that only")
        server.cli("ACL", "SETUSER", "reader", "+subscribe")
        tap.ok(probe.recovers() is not None and probe.hears(server), "it is heard again when it is allowed", probe.events)
        tap.ok(wait_for(lambda: probe.logged("connected to") == 1, 5), "which is logged", probe.log)


class Impostor:
    """Answers what a greeting asks as a master does, and confirms these channels; with another one it falls silent.

    keeps: whether a connection outlives its greeting. connections: how many have come.
    """

    def __init__(self, channels=(), keeps=True):
        self.channels = channels
        self.keeps = keeps
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self.listener.getsockname()[1]}"
        self.open = set()
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.cut()

    def cut(self):
        for connection in list(self.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def accept(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            self.connections += 1
            self.open.add(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rwb") as stream:
            try:
                silent = False
                while head := stream.readline():
                    words = []
                    for _ in range(int(head[1:])):
                        words.append(stream.read(int(stream.readline()[1:]) + 2)[:-2].decode())
                    silent = silent or (words[0] == "SUBSCRIBE" and words[1] not in self.channels)
                    if not silent:
                        stream.write(self.answer(words))
                    stream.flush()
                    if words[0] == "PING" and not self.keeps:
                        break
            except (OSError, ValueError):
                pass
        self.open.discard(connection)

    def answer(self, words):
        if words[0] == "ROLE":
            return b"*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"
        if words[0] == "SUBSCRIBE":
            return f"*3\r\n$9\r\nsubscribe\r\n${len(words[1])}\r\n{words[1]}\r\n:1\r\n".encode()
        return {"PING": b"+PONG\r\n", "INFO": b"$-1\r\n"}.get(words[0], b"+OK\r\n")


def test_greets_and_refuses():
    """A server, or what stands before it, that takes everybody and keeps nobody."""
    with Impostor(keeps=False) as server, Probe(server.url) as probe:
        time.sleep(5)
        tap.ok(4 <= server.connections <= 40, "it is not asked ever faster", server.connections)
        tap.ok(1 <= len(probe.log) <= 4, "nor does it fill the log", probe.log)


def test_unheard():
    """Connected is not subscribed."""
    with Impostor(channels=["a", "b"]) as server, Probe(server.url, command_timeout=2) as probe:
        probe.call("subscribe a")
        probe.call("subscribe b")
        tap.ok('"subscribed":true' in probe.call("health"), "both channels are confirmed")
        server.channels = ["a"]
        server.cut()
        begun = server.connections
        tap.ok(wait_for(lambda: server.connections >= begun + 2, 5), "both connections come back")
        health = wait_for(lambda: '"connected":true' in (text := probe.call("health")) and text, 5, 0.05)
        tap.ok(health and '"subscribed":false' in health, "one channel that is not confirmed is one too few", health)
        time.sleep(0.5)
        tap.equal(probe.gaps(), 0, "the gap lasts as long")
        server.channels = ["a", "b"]
        tap.ok(wait_for(lambda: probe.gaps() == 1, 10), "and is told when both are heard", probe.events)
        tap.ok(wait_for(lambda: '"subscribed":true' in probe.call("health"), 5), "so says the health")


def test_second_outage():
    """Each one that follows a good while is said, and its end."""
    with Redis() as server, Probe(server.url()) as probe:
        for number in (1, 2):
            if number > 1:
                time.sleep(6)
            server.stop()
            tap.ok(wait_for(lambda: probe.logged("trying again") == number, 5), f"outage {number} is logged", probe.log)
            server.start()
            tap.ok(wait_for(lambda: probe.logged("connected to") == number, 5), "so is its end", probe.log)


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


def test_sentinel_password():
    secret = "sentinels-" + PASSWORD
    with Redis() as master, Sentinel(master, password=secret) as sentinel:
        settings = {"sentinel_master": sentinel.name, "sentinels": f"127.0.0.1:{sentinel.port}"}
        refused("a sentinel that wants a password", "redis://", "auth", "sentinel-password-file", **settings)
        refused("a wrong one", "redis://", "auth", "sentinel-password-file", sentinel_password="x" + secret, **settings)
        with Probe("redis://", sentinel_password=secret, **settings) as probe:
            tap.ok(probe.healthy(), "the right one")
        file = sentinel.write("password", secret + "\n")
        with Probe("redis://", sentinel_password_file=file, **settings) as probe:
            tap.ok(probe.healthy(), "out of a file")


def test_sentinels_disagree():
    """One of them took part in a failover that the other knows nothing of."""
    with Redis() as master, Redis() as other, Sentinel(master) as first, Sentinel(master) as second:
        sentinels = f"127.0.0.1:{first.port},127.0.0.1:{second.port}"
        with Probe("redis://", sentinel_master=first.name, sentinels=sentinels) as probe:
            probe.call("subscribe a")
            # What was lost so soon is sought with the next sentinel.
            second.watch(other)
            master.cli("CLIENT", "KILL", "TYPE", "pubsub")
            tap.ok(wait_for(lambda: probe.gaps() >= 1, 10), "killed subscriptions come back", probe.events)
            tap.ok(probe.hears(master), "at the server that takes the commands", probe.events)
            tap.ok(probe.recovers() is not None, "which is healthy")


def test_sentinel_behind():
    """The first one asked names a server that is gone."""
    with Redis() as master, Redis() as other, Sentinel(other) as first, Sentinel(master) as second:
        other.kill()
        with Probe("redis://", sentinel_master=first.name,
                   sentinels=f"127.0.0.1:{first.port},127.0.0.1:{second.port}") as probe:
            tap.ok(probe.recovers() is not None, "the next one is asked")
            tap.ok(f":{master.port}" in probe.call("health"), "and believed")
    with Sentinel(other) as silent:
        silent.suspend()
        with Probe("redis://", start_timeout=1, sentinel_master="annotations", sentinels=f"127.0.0.1:{silent.port}") as probe:
            tap.ok(wait_for(lambda: probe.logged('no welcome from the master "annotations" of Sentinel'), 5),
                   "before one has answered nobody's address is told", probe.log)


def test_address_moves():
    """The address stays, another server answers there, and only one of the connections is lost."""
    with Redis() as master, Redis() as other, Proxy(master.port) as proxy, \
            Probe(master.url(port=proxy.port)) as probe:
        probe.call("subscribe a")
        proxy.target = other.port
        master.cli("CLIENT", "KILL", "TYPE", "normal")
        tap.ok(wait_for(lambda: probe.gaps() == 1, 5), "the other follows", probe.events)
        tap.ok(probe.recovers() is not None and probe.hears(other), "and hears what is published there", probe.events)


def test_name_moves():
    """The address stays, another server answers there; the former master is cut off from it."""
    with Redis() as master, Redis() as other, Proxy(master.port) as proxy, \
            Probe(master.url(port=proxy.port)) as probe:
        probe.call("subscribe a")
        proxy.target = other.port
        master.cli("REPLICAOF", "127.0.0.1", "1")
        tap.ok(wait_for(lambda: not probe.healthy(), 5, 0.05), "a master that has become a replica is left")
        tap.ok(probe.recovers() is not None and wait_for(lambda: probe.gaps() >= 1, 5), "for the other", probe.events)
        tap.ok(probe.hears(other), "by the subscriptions too", probe.events)


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
    for test in (test_restart, test_away_at_start, test_hangs_at_start, test_flush, test_deaths, test_killed_clients,
                 test_stopped_server, test_half_open, test_credentials, test_secrets, test_lost_rights,
                 test_greets_and_refuses, test_unheard, test_second_outage, test_encryption, test_replica, test_failover,
                 test_sentinel_password, test_sentinels_disagree, test_sentinel_behind, test_address_moves,
                 test_name_moves, test_order_and_bounds, test_full_and_busy, test_cluster, test_something_else):
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
