#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The daemon on PostgreSQL: instances that share a database, databases that cannot be used, servers that go and return."""

import os
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

# pylint: disable=wrong-import-position
from annotationd_harness import Daemon, Tap, example, free_port, is_within, wait_for
from servers import Certificates, Postgres, Proxy, Unavailable
from servers.postgres import PASSWORD

USER_PASSWORD = "only-a-test"
ROLES = ["annotator", "producer", "admin"]


def make_daemon(conninfo, config=None, env=None):
    """On this database, with the other backends of its own."""
    settings = {"store": {"plugin": "postgres"}, "postgres": {"conninfo": conninfo, "password": PASSWORD}}
    for group, keys in (config or {}).items():
        settings.setdefault(group, {}).update(keys)
    return Daemon(settings, env=env)


def fail_to_start(tap, name, daemon, code, words):
    """It ends with this code, after one line that says why; no line tells a password."""
    with daemon:
        daemon.start(wait=False)
        try:
            status = daemon.process.wait(20)
        except subprocess.TimeoutExpired:
            status = None
        errors = [line for line in daemon.log().splitlines() if " error: " in line]
        tap.equal(status, code, f"{name}: exit code")
        tap.ok(len(errors) == 1 and all(word in errors[0] for word in words), f"{name}: one line says why", daemon.log())
        tap.ok(PASSWORD not in daemon.log() and "s3cret" not in daemon.log(), f"{name}: no password is told")


def starts_that_fail(tap, server):
    soon = {"service": {"start-timeout": 2}, "postgres": {"connect-timeout": 1}}
    server.add_role("plain")
    server.add_database("fresh")
    server.sql("REVOKE CREATE ON DATABASE fresh FROM PUBLIC")
    server.sql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    fail_to_start(tap, "wrong password", make_daemon(server.conninfo(), {"postgres": {"password": "s3cret"}}), 77,
                  ["28P01", "password"])
    fail_to_start(tap, "no password", Daemon({"store": {"plugin": "postgres"}, "postgres": {"conninfo": server.conninfo()}}),
                  77, ["password-file"])
    fail_to_start(tap, "a password with @", make_daemon("postgresql://annotationd:pass@s3cret@127.0.0.1:1/x"), 78,
                  ["[postgres] conninfo", "%40 for @"])
    fail_to_start(tap, "no such database", make_daemon(server.conninfo("nowhere")), 78, ["3D000", "CREATE DATABASE"])
    fail_to_start(tap, "no server", make_daemon(f"postgresql://postgres:s3cret@127.0.0.1:{free_port()}/x", soon), 69,
                  ["refused"])
    fail_to_start(tap, "no such host", make_daemon("host=no-such-host.invalid dbname=x", soon), 69, ["no-such-host"])
    fail_to_start(tap, "no right to make the schema", make_daemon(server.conninfo("fresh", "plain")), 77,
                  ["42501", "GRANT"])
    fail_to_start(tap, "another encoding", make_daemon(server.conninfo("latin")), 78, ["LATIN1", "UTF8"])
    fail_to_start(tap, "no connection string", make_daemon("host=x password=s3cret phrase"), 78,
                  ["[postgres] conninfo", "postgresql://"])
    with Proxy(server.port) as proxy:
        proxy.stall()
        fail_to_start(tap, "half-open host", make_daemon(server.conninfo(port=proxy.port), soon), 69,
                      ["no answer"])


def certificates_that_fail(tap, plain):
    """A server that is not the one that was meant, or may not be."""
    ours = Certificates()
    foreign = Certificates()
    fail_to_start(tap, "a server without TLS", make_daemon(f"{plain.conninfo()} sslmode=require"), 78,
                  ["does not support SSL", "ssl = on"])
    with Postgres(certificates=ours) as server:
        for name, options, host, words in (
                ("a foreign authority", f"sslmode=verify-ca&sslrootcert={foreign.ca}", "localhost", ["sslrootcert"]),
                ("an authority that is not there", "sslmode=verify-ca&sslrootcert=/no/such/file", "localhost",
                 ["/no/such/file", "sslrootcert"]),
                ("a certificate for another host", f"sslmode=verify-full&sslrootcert={ours.ca}&hostaddr=127.0.0.1",
                 "elsewhere.example", ["localhost", "elsewhere.example", "write the name"])):
            fail_to_start(tap, name, make_daemon(f"postgresql://postgres@{host}:{server.port}/postgres?{options}"), 78,
                          words)


def least_rights(tap, server):
    """A role that may work on the tables, and no more, after the owner has migrated."""
    server.add_role("worker")
    with make_daemon(server.conninfo()) as owner:
        owner.start()
        owner.stop()
    with make_daemon(server.conninfo(user="worker")) as daemon:
        daemon.start(wait=False)
        tap.equal(daemon.process.wait(20), 77, "a role without rights on the schema: exit code")
        tap.ok("GRANT USAGE ON SCHEMA" in daemon.log(), "it is told which rights are lacking", daemon.log())
    server.sql("GRANT USAGE ON SCHEMA annotationd TO worker; "
               "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA annotationd TO worker")
    with make_daemon(server.conninfo(user="worker")) as daemon:
        daemon.add_user("wendy", USER_PASSWORD, ROLES)
        daemon.start()
        client = daemon.login("wendy", USER_PASSWORD)
        tap.equal(client.post("/api/v1/examples", example("rights")).status, 201, "a role with the rights works")
    server.sql("INSERT INTO annotationd.migrations (version, name, checksum) VALUES (999, '0999-later.sql', 'x')")
    fail_to_start(tap, "newer database", make_daemon(server.conninfo()), 78, ["newer annotationd"])
    server.sql("DELETE FROM annotationd.migrations WHERE version = 999")


def two_instances(tap, server):
    """Both start at once on an empty database, by the variable that other programs know."""
    server.add_database("shared")
    url = server.url("shared").replace("postgresql://", "postgresql+asyncpg://")
    config = {"annotation": {"lease-seconds": 60}}
    daemons = [Daemon(config, env={"DATABASE_URL": url}) for _ in range(2)]
    for daemon in daemons:
        daemon.start(wait=False)
    for daemon in daemons:
        daemon.wait_ready(30)
    first, second = daemons
    for name in ("ann", "bob"):
        first.add_user(name, USER_PASSWORD, ROLES)
    ann = first.login("ann", USER_PASSWORD)
    bob = second.login("bob", USER_PASSWORD)
    documents = [example(f"shared-{i}", priority=i / 100) for i in range(60)]
    tap.equal(ann.post("/api/v1/examples", documents).status, 201, "sixty examples go in by one instance")
    tap.equal(second.client(ann.token).get("/api/v1/me").status, 200, "a session holds on both instances")
    taken = {}

    def work(client, who):
        while True:
            answer = client.post("/api/v1/examples/next", {"count": 3})
            if answer.status != 200:
                return
            for lease in answer.json()["examples"]:
                identity = lease["example"]["event_id"]
                taken.setdefault(identity, []).append(who)
                client.post(f"/api/v1/examples/{identity}/label",
                            {"corrected_detections": [], "lease": lease["lease"]["token"]})

    people = [threading.Thread(target=work, args=pair) for pair in ((ann, "ann"), (bob, "bob"))]
    for person in people:
        person.start()
    for person in people:
        person.join()
    tap.ok(len(taken) == 60 and all(len(who) == 1 for who in taken.values()), "each example goes to one person",
           {identity: who for identity, who in taken.items() if len(who) != 1} or len(taken))
    stats = bob.get("/api/v1/stats").json()
    tap.equal((stats["pending"], stats["completed"]), (0, 60), "and is counted once")
    tap.ok(wait_for(lambda: len(first.read_topic("labeled-examples")) + len(second.read_topic("labeled-examples")) >= 60),
           "and is published")
    published = [message["event_id"] for daemon in daemons for message in daemon.read_topic("labeled-examples")]
    tap.equal(sorted(published), sorted(taken), "once")
    printed = first.ctl("config", "print")
    tap.ok(PASSWORD not in printed.stdout + printed.stderr, "the configuration is printed without the password")
    for daemon in daemons:
        tap.equal(daemon.stop(), 0, "it drains")
        tap.ok(PASSWORD not in daemon.log(), "its log tells no password")
        daemon.close()


def copies(tap, server):
    """From SQLite into PostgreSQL and back: what comes back is what went in."""
    server.add_database("copied")
    with Daemon() as daemon:
        daemon.add_user("cora", USER_PASSWORD, ROLES)
        daemon.start()
        client = daemon.login("cora", USER_PASSWORD)
        client.post("/api/v1/examples", [example(f"copied-{i}", priority=i / 100) for i in range(700)])
        client.post("/api/v1/examples/copied-1/label", {"corrected_detections": [], "quality_score": 0.5})
        client.post("/api/v1/examples/copied-2/skip", {"reason": "dark"})
        daemon.stop()
        there = ["--to", "postgres", "--to-set", f"postgres.conninfo={server.socket_conninfo('copied')}"]
        done = daemon.ctl("db", "copy", *there, check=False)
        tap.equal(done.returncode, 0, "a copy from SQLite into PostgreSQL")
        tap.equal(server.sql("SELECT count(*) || ' ' || max(seq) FROM annotationd.examples", "copied"), "700 700",
                  "all examples are there")
        tap.equal(daemon.ctl("db", "copy", *there, check=False).returncode, 65, "not over what is there")
        with make_daemon(server.socket_conninfo("copied")) as other:
            status = other.ctl("db", "status")
            tap.ok("copied" in status.stdout, "the database is described", status.stdout)
            back = os.path.join(daemon.directory, "back.db")
            done = other.ctl("db", "copy", "--to", "sqlite", "--to-set", f"sqlite.path={back}", check=False)
            tap.equal(done.returncode, 0, "and back")
            other.start()
            client = other.login("cora", USER_PASSWORD)
            stats = client.get("/api/v1/stats").json()
            tap.equal((stats["pending"], stats["completed"]), (699, 1), "it goes on where it stood")
            tap.equal(client.post("/api/v1/examples", example("copied-3")).json()["status"], "known",
                      "what was known is known")


class Producer(threading.Thread):
    """Posts one example after the other; remembers what was acknowledged and what else was answered."""

    def __init__(self, daemon, token, prefix):
        super().__init__()
        self.client = daemon.client(token, timeout=20)
        self.prefix = prefix
        self.acknowledged = []
        self.refused = []
        self.stopping = False

    def run(self):
        number = 0
        while not self.stopping:
            identity = f"{self.prefix}-{number}"
            answer = self.client.post("/api/v1/examples", example(identity))
            if answer.status in (200, 201):
                self.acknowledged.append(identity)
            else:
                self.refused.append(answer)
            number += 1
            time.sleep(0.02)

    def end(self):
        self.stopping = True
        self.join()


def check_stored(tap, name, server, producer, extra):
    ids = server.sql("SELECT event_id FROM annotationd.examples").split("\n")
    lost = [identity for identity in [*producer.acknowledged, *extra] if identity not in set(ids)]
    tap.ok(not lost, f"{name}: nothing that was acknowledged or fed is lost", lost[:5])
    numbers = server.sql("SELECT count(*) = max(seq) AND min(seq) = 1 FROM annotationd.examples")
    tap.equal(numbers, "t", f"{name}: the numbers have no gap")


def outage(tap, server, daemon, token, name, away, back):
    """Under load: truth in /readyz within two seconds, refusals that say when to come again, back within two."""
    fed = [f"{name.replace(' ', '-')}-fed-{i}" for i in range(30)]
    producer = Producer(daemon, token, f"{name.replace(' ', '-')}-http")
    producer.start()
    time.sleep(0.5)
    away()
    start = time.monotonic()
    tap.ok(wait_for(lambda: not daemon.ready(), 5), f"{name}: /readyz notices")
    tap.ok(time.monotonic() - start < 3.5, f"{name}: within two seconds", time.monotonic() - start)
    daemon.feed([example(identity) for identity in fed])
    tap.ok(wait_for(lambda: producer.refused, 12), f"{name}: requests are refused")
    time.sleep(1)
    back()
    start = time.monotonic()
    tap.ok(wait_for(daemon.ready, 10), f"{name}: it comes back by itself")
    tap.ok(time.monotonic() - start < 3.5, f"{name}: within two seconds", time.monotonic() - start)
    accepted = len(producer.acknowledged)
    tap.ok(wait_for(lambda: len(producer.acknowledged) > accepted + 3, 5), f"{name}: requests are taken again")
    producer.end()
    odd = [answer for answer in producer.refused if answer.status != 503 or "Retry-After" not in answer.headers]
    tap.ok(not odd, f"{name}: each refusal is 503 with Retry-After", odd[:3])
    tap.ok(wait_for(lambda: server.sql("SELECT count(*) FROM annotationd.examples WHERE event_id LIKE "
                                       f"'{fed[0][:-1]}%'") == "30", 10), f"{name}: what was fed meanwhile comes in")
    check_stored(tap, name, server, producer, fed)
    tap.ok(daemon.running(), f"{name}: the daemon has lived on")


def change_password(server, password):
    server.sql(f"ALTER ROLE postgres PASSWORD '{password}'")
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'annotationd'")


def outages(tap):
    with Postgres(durable=True) as server, make_daemon(server.conninfo()) as daemon:
        daemon.add_user("pat", USER_PASSWORD, ROLES)
        daemon.start()
        token = daemon.login("pat", USER_PASSWORD).token
        outage(tap, server, daemon, token, "server killed", server.kill, server.start)
        outage(tap, server, daemon, token, "server suspended", server.suspend, server.resume)
        outage(tap, server, daemon, token, "password changed", lambda: change_password(server, "another one"),
               lambda: change_password(server, PASSWORD))
        full_disk(tap, server, daemon, token)
        tap.ok(PASSWORD not in daemon.log(), "the log tells no password")


def full_disk(tap, server, daemon, token):
    """What the server says when its disk is full, said by a trigger."""
    client = daemon.client(token)
    server.sql("CREATE FUNCTION public.full() RETURNS trigger LANGUAGE plpgsql AS "
               "$$ BEGIN RAISE 'could not extend file' USING ERRCODE = '53100'; END $$; "
               "CREATE TRIGGER disk BEFORE INSERT ON annotationd.examples EXECUTE FUNCTION public.full(); "
               "CREATE TRIGGER disk BEFORE INSERT ON annotationd.scratch EXECUTE FUNCTION public.full()")
    tap.equal(client.post("/api/v1/examples", example("full")).status, 507, "full disk: 507")
    tap.ok(wait_for(lambda: not daemon.ready(), 3), "full disk: not ready")
    daemon.feed([example("fed-while-full")])
    server.sql("DROP TRIGGER disk ON annotationd.examples; DROP TRIGGER disk ON annotationd.scratch")
    tap.ok(wait_for(daemon.ready, 5), "full disk: ready once there is space")
    tap.equal(client.post("/api/v1/examples", example("full")).status, 201, "full disk: and it takes examples")
    tap.ok(wait_for(lambda: server.sql("SELECT count(*) FROM annotationd.examples WHERE event_id = 'fed-while-full'")
                    == "1", 5), "full disk: what was fed waited")


def small_disk(tap, server):
    """The same on a file system that is full, where the first write that needs a page fails and others do not."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=48m,mode=0777", "tmpfs", folder]
        if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
            tap.skip("small disk", "a file system may be mounted by root alone")
            return
        try:
            if server.owner is not None:
                os.chown(folder, *server.owner)
            server.sql(f"CREATE TABLESPACE small LOCATION '{folder}'")
            server.sql("CREATE DATABASE small TABLESPACE small")
            with make_daemon(server.conninfo("small")) as daemon:
                daemon.add_user("pat", USER_PASSWORD, ROLES)
                daemon.start()
                fill_disk(tap, server, daemon, folder)
            server.sql("DROP DATABASE small WITH (FORCE)")
            server.sql("DROP TABLESPACE small")
        finally:
            subprocess.run(["umount", "-l", folder], check=False)


def fill_disk(tap, server, daemon, folder):
    client = daemon.login("pat", USER_PASSWORD)
    filler = os.path.join(folder, "filler")
    taken = []
    for turn in range(2):
        with open(filler, "wb", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass
        refused = None
        for number in range(400):
            answer = client.post("/api/v1/examples", example(f"small-{turn}-{number}", text="x" * 1000))
            if answer.status != 201:
                refused = answer.status
                break
            taken.append(f"small-{turn}-{number}")
        tap.equal(refused, 507, f"small disk, {turn}: 507 when it is full")
        tap.ok(wait_for(lambda: not daemon.ready(), 3), f"small disk, {turn}: not ready")
        states = []
        for number in range(20):
            client.post("/api/v1/examples", example(f"more-{turn}-{number}", text="x" * 1000))
            states.append(daemon.ready())
            time.sleep(0.2)
        tap.equal(sum(states), 0, f"small disk, {turn}: and stays so")
        os.unlink(filler)
        tap.ok(wait_for(daemon.ready, 5), f"small disk, {turn}: ready once there is space", daemon.log()[-1500:])
        tap.equal(client.post("/api/v1/examples", example(f"after-{turn}")).status, 201,
                  f"small disk, {turn}: it takes examples again")
        taken.append(f"after-{turn}")
    stored = server.sql("SELECT event_id FROM annotationd.examples", "small").split()
    tap.ok(set(taken) <= set(stored) and len(stored) == len(set(stored)), "small disk: nothing that was taken is lost",
           set(taken) - set(stored))


def several_addresses(tap, server):
    """The first address of a host takes connections and says nothing."""
    with tempfile.NamedTemporaryFile("w", suffix=".hosts") as hosts, Proxy(server.port) as proxy, \
            socket.socket() as silent:
        hosts.write("127.0.0.2 two.example\n127.0.0.1 two.example\n")
        hosts.flush()
        # A table of hosts for this process alone.
        own_hosts = ["unshare", "-m", "sh", "-c", f'mount --bind {hosts.name} /etc/hosts && exec "$@"', "sh"]
        if subprocess.run([*own_hosts, "true"], capture_output=True, check=False).returncode != 0:
            tap.skip("several addresses", "a table of hosts may be changed by root alone")
            return
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        silent.bind(("127.0.0.2", proxy.port))
        silent.listen()
        with make_daemon(f"postgresql://postgres@two.example:{proxy.port}/postgres",
                         {"postgres": {"connect-timeout": 1}}) as daemon:
            command = daemon.command
            daemon.command = lambda: [*own_hosts, *command()]
            daemon.start(wait=False)
            tap.ok(wait_for(daemon.ready, 20), "several addresses: the one that answers is found", daemon.log()[-1500:])
            proxy.refuse()
            tap.ok(wait_for(lambda: not daemon.ready(), 5), "several addresses: not ready when that is gone")


def watch_missing(tap, server):
    """The connection that the health is asked on is gone and cannot be had again; those that do the work live."""
    with Proxy(server.port) as proxy, make_daemon(server.url(port=proxy.port)) as daemon:
        daemon.add_user("ann", USER_PASSWORD, ROLES)
        daemon.start()
        ann = daemon.login("ann", USER_PASSWORD)
        tap.equal(ann.post("/api/v1/examples", example("watched")).status, 201, "an instance at work")
        proxy.be_deaf()
        ended = wait_for(lambda: server.sql("SELECT count (pg_terminate_backend (pid)) FROM pg_stat_activity WHERE "
                                            "pid <> pg_backend_pid () AND query LIKE '%transaction_read_only%'") != "0", 10)
        tap.ok(ended, "loses the connection for its health")
        is_within(lambda: not daemon.ready(), 6)
        tap.ok(wait_for(daemon.ready, 10), "it is ready by those that are left", daemon.log()[-1000:])
        until = time.monotonic() + 8
        while time.monotonic() < until and daemon.ready() and ann.get("/api/v1/examples").status == 200:
            time.sleep(0.2)
        tap.ok(time.monotonic() >= until, "and stays so", daemon.log()[-1000:])
        proxy.heal()


def failover(tap):
    with Postgres() as primary, Postgres(standby_of=primary) as standby:
        primary.wait_standby()
        fail_to_start(tap, "standby only",
                      make_daemon(standby.conninfo(), {"service": {"start-timeout": 2}}), 69, ["read-only"])
        conninfo = (f"postgresql://postgres@127.0.0.1:{standby.port},127.0.0.1:{primary.port}/postgres")
        with make_daemon(conninfo) as daemon:
            daemon.add_user("pat", USER_PASSWORD, ROLES)
            daemon.start()
            client = daemon.login("pat", USER_PASSWORD)
            tap.equal(client.post("/api/v1/examples", example("before")).status, 201, "the primary of two is found")
            wait_for(lambda: standby.sql("SELECT count(*) FROM annotationd.examples") == "1")
            primary.kill()
            tap.ok(wait_for(lambda: not daemon.ready(), 5), "failover: not ready while there is no primary")
            standby.promote()
            start = time.monotonic()
            tap.ok(wait_for(daemon.ready, 10), "failover: the new primary is found")
            tap.ok(time.monotonic() - start < 6, "failover: at once", time.monotonic() - start)
            tap.equal(client.post("/api/v1/examples", example("after")).status, 201, "failover: it takes examples")
            tap.equal(standby.sql("SELECT count(*) FROM annotationd.examples"), "2", "failover: nothing is lost")


def main():
    tap = Tap()
    try:
        with Postgres() as server:
            starts_that_fail(tap, server)
            certificates_that_fail(tap, server)
            least_rights(tap, server)
            two_instances(tap, server)
            copies(tap, server)
            several_addresses(tap, server)
            watch_missing(tap, server)
            small_disk(tap, server)
        outages(tap)
        failover(tap)
    except Unavailable as reason:
        tap.skip("postgres", reason)
    tap.done()


if __name__ == "__main__":
    main()
