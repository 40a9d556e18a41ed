#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""annotationctl db with PostgreSQL: a copy that is interrupted on either side, who may migrate, who is in the way."""

import base64
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

# pylint: disable=wrong-import-position
from annotationd_harness import PNG, Daemon, Tap, example, find_program, wait_for
from servers import Postgres, Proxy, Unavailable
from servers.postgres import PASSWORD

DATA, UNAVAILABLE, NO_PERMISSION, CONFIG = 65, 69, 77, 78
EXAMPLES = 6000


def command(daemon, *arguments):
    return [find_program("annotationctl"), "--plugin-dir", daemon.plugin_dir(), "--config", daemon.config_file, "--json",
            *arguments]


def ctl(daemon, *arguments, url=None, timeout=120):
    environment = {**daemon.environment(), **({"DATABASE_URL": url} if url else {})}
    return subprocess.run(command(daemon, *arguments), capture_output=True, text=True, timeout=timeout, check=False,
                          env=environment)


def count(server, database, table="examples"):
    return int(server.sql(f"SELECT count(*) FROM annotationd.{table}", database))


def tells_no_secret(done):
    return PASSWORD not in done.stdout + done.stderr


def roles(tap, server):
    """The daemon's role may not make tables; somebody else migrates, and the daemon works."""
    server.add_role("owner")
    server.add_role("worker")
    server.add_database("strict", owner="owner")
    with Daemon({"store": {"plugin": "postgres"}, "postgres": {"migrate": "false"}}) as daemon:
        done = ctl(daemon, "db", "status", url=server.url("strict", "worker"))
        status = json.loads(done.stdout)
        tap.ok(done.returncode == DATA and status["version"] == 0 and len(status["pending"]) == status["known"] > 1
               and tells_no_secret(done), "status of an empty database: what is pending, and 65", done)
        done = ctl(daemon, "db", "migrate", url=server.url("strict", "worker"))
        tap.ok(done.returncode == NO_PERMISSION and "GRANT" in done.stderr, "who may not migrate is told so: 77", done)
        done = ctl(daemon, "db", "migrate", url=server.url("strict", "owner"))
        tap.ok(done.returncode == 0 and json.loads(done.stdout)["applied"] == status["pending"], "who may, does it", done)
        server.sql("GRANT USAGE ON SCHEMA annotationd TO worker; "
                   "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA annotationd TO worker", "strict")
        done = ctl(daemon, "db", "status", url=server.url("strict", "worker"))
        tap.equal(done.returncode, 0, "then nothing is pending")
        done = ctl(daemon, "db", "status", url=server.url("strict", "worker", password="wrong"))
        tap.ok(done.returncode == NO_PERMISSION and "wrong" not in done.stderr, "a wrong password: 77, and not told", done)
        done = ctl(daemon, "db", "status", url=server.url("nowhere"))
        tap.equal(done.returncode, CONFIG, "a database that there is not: 78")


def readable_password(tap, server, daemon):
    path = os.path.join(daemon.directory, "password")
    with open(path, "w", encoding="utf-8") as file:
        file.write(PASSWORD + "\n")
    os.chmod(path, 0o644)
    done = ctl(daemon, "--set", "store.plugin=postgres", "--set", f"postgres.conninfo={server.conninfo()}", "--set",
               f"postgres.password-file={path}", "db", "status")
    tap.ok(done.stderr.startswith(f"annotationctl: {path} holds a secret and can be read by everyone; chmod o-rwx it\n")
           and done.returncode == DATA and tells_no_secret(done), "a password that everyone may read is told of", done)


def fill(tap, daemon):
    source = os.path.join(daemon.directory, "many.jsonl")
    frame = base64.b64encode(PNG).decode()
    with open(source, "w", encoding="utf-8") as file:
        for i in range(EXAMPLES):
            file.write(json.dumps(example(f"e-{i}", frame_data=frame, note="x" * 400)) + "\n")
    daemon.add_user("ann", "secret-enough", ["annotator", "admin"])
    tap.equal(ctl(daemon, "import", source).returncode, 0, f"{EXAMPLES} examples in SQLite")


def start_copy(daemon, url):
    # pylint: disable=consider-using-with
    return subprocess.Popen(command(daemon, "db", "copy", "--from", "sqlite", "--to", "postgres"),
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env={**daemon.environment(), "DATABASE_URL": url})


def slow_proxy(server):
    """A network in which a copy takes long enough to be met in the middle."""
    proxy = Proxy(server.port)
    proxy.delay(0.02)
    return proxy


def wait_half(server, database):
    """Until some examples are there, and more are to come."""

    def under_way():
        try:
            return 0 < count(server, database) < EXAMPLES
        except Exception:  # pylint: disable=broad-exception-caught
            return False

    return wait_for(under_way, 60, 0.05)


def interrupted(tap, server, daemon):
    """annotationctl is killed in the middle; nobody opens what is there; the same copy again is whole."""
    server.add_database("killed")
    url = server.url("killed")
    with slow_proxy(server) as proxy:
        process = start_copy(daemon, server.url("killed", port=proxy.port))
        under_way = wait_half(server, "killed")
        process.send_signal(signal.SIGKILL)
        process.communicate()
    tap.ok(under_way and process.returncode == -signal.SIGKILL, "a copy that is killed in the middle")
    with Daemon({"store": {"plugin": "postgres"}}, env={"DATABASE_URL": url}) as other:
        done = ctl(other, "db", "status")
        tap.ok(done.returncode == CONFIG and json.loads(done.stdout)["unfinished_copy"], "its target says so: 78", done)
        other.start(wait=False)
        tap.equal(other.process.wait(30), CONFIG, "no daemon runs on it: 78")
    done = ctl(daemon, "db", "copy", "--from", "sqlite", "--to", "postgres", url=url)
    tap.ok(done.returncode == 0 and count(server, "killed") == EXAMPLES and count(server, "killed", "frames") == EXAMPLES,
           "the same copy again is whole", done)
    tap.ok(tells_no_secret(done), "no password is told")


def server_goes(tap, server, daemon):
    """PostgreSQL is killed in the middle of a copy, and is back two seconds later: nobody has to do anything."""
    server.add_database("crashed")
    with slow_proxy(server) as proxy:
        process = start_copy(daemon, server.url("crashed", port=proxy.port))
        under_way = wait_half(server, "crashed")
        server.kill()
        time.sleep(2)
        server.start()
        proxy.delay(0)
        out, err = process.communicate(timeout=120)
    tap.ok(under_way and process.returncode == 0 and "trying again" in err, "a copy outlives a restart of PostgreSQL",
           f"{out}\n{err}")
    tap.equal((count(server, "crashed"), count(server, "crashed", "frames"), count(server, "crashed", "accounts")),
              (EXAMPLES, EXAMPLES, 1), "and is whole")


def in_use(tap, server, daemon):
    """A daemon on the source is in the way, one on the target, too; whatever they want their sessions to be called."""
    url = server.url("crashed") + "?application_name=another"
    target = ("--to", "sqlite", "--to-set", f"sqlite.path={daemon.directory}/back.db")
    with Daemon({"store": {"plugin": "postgres"}}, env={"DATABASE_URL": url}) as other:
        other.start()
        done = ctl(daemon, "db", "copy", "--from", "postgres", *target, url=url)
        tap.ok(done.returncode == UNAVAILABLE and "stop" in done.stderr and tells_no_secret(done),
               "refused: a daemon works on the source, 69", done)
        tap.ok(not os.path.exists(f"{daemon.directory}/back.db"), "nothing was made")
        done = ctl(daemon, "db", "copy", "--from", "sqlite", "--to", "postgres", url=url)
        tap.ok(done.returncode == UNAVAILABLE and "stop" in done.stderr,
               "refused: a daemon works on the target, 69", done)
        other.stop()
    done = ctl(daemon, "db", "copy", "--from", "postgres", *target, url=url)
    tap.ok(done.returncode == 0 and json.loads(done.stdout)["example"] == EXAMPLES, "without it the copy comes back", done)


def older(tap, server, daemon):
    """Whoever looks at a database leaves it at the version that it has."""
    url = server.url("crashed")
    last = server.sql("SELECT max(version) FROM annotationd.migrations", "crashed")
    server.sql(f"DELETE FROM annotationd.migrations WHERE version = {last}", "crashed")
    done = ctl(daemon, "--set", "store.plugin=postgres", "user", "list", url=url)
    tap.ok(done.returncode != 0 and "db migrate" in done.stderr, "a database of an older version is not touched", done)
    tap.equal(server.sql("SELECT max(version) FROM annotationd.migrations", "crashed"), str(int(last) - 1),
              "and stays at its version")


def main():
    tap = Tap()
    try:
        with Postgres(durable=True) as server, Daemon() as daemon:
            roles(tap, server)
            readable_password(tap, server, daemon)
            fill(tap, daemon)
            interrupted(tap, server, daemon)
            server_goes(tap, server, daemon)
            in_use(tap, server, daemon)
            older(tap, server, daemon)
    except Unavailable as reason:
        tap.skip("postgres", reason)
    tap.done()


if __name__ == "__main__":
    main()
