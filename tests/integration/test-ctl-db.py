#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""annotationctl db: status, migrate and copy, with a daemon before, beside and after."""

import base64
import json
import os
import pwd
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from annotationd_harness import PNG, Daemon, Tap, example, find_program, stop_when  # noqa: E402

USAGE, DATA, UNAVAILABLE, CONFIG = 64, 65, 69, 78


def command(daemon, *arguments):
    return [find_program("annotationctl"), "--plugin-dir", daemon.plugin_dir(), "--config", daemon.config_file, *arguments]


def ctl(daemon, *arguments, stdin=None):
    return subprocess.run(command(daemon, *arguments), capture_output=True, text=True, timeout=120, check=False,
                          input=stdin, env=daemon.environment())


def beside(daemon, name):
    """The path of another database in the test's directory."""
    return os.path.join(daemon.directory, name)


def copy(daemon, path, *arguments):
    return ctl(daemon, "--json", "db", "copy", "--to", "sqlite", "--to-set", f"sqlite.path={path}", *arguments)


def on(path):
    return "--set", f"sqlite.path={path}"


def test_status_and_migrate(tap):
    with Daemon() as daemon:
        path = daemon.config["sqlite"]["path"]
        done = ctl(daemon, "--json", "db", "status")
        status = json.loads(done.stdout)
        tap.ok(done.returncode == DATA and status["version"] == 0 and status["database"] == path
               and len(status["pending"]) == status["known"] and "db migrate" in done.stderr,
               "before anything has run: what is pending, and 65", done)
        tap.ok(not os.path.exists(path), "a look makes no file")
        done = ctl(daemon, "--json", "db", "migrate")
        tap.ok(done.returncode == 0 and json.loads(done.stdout)["applied"] == status["pending"],
               "db migrate makes the database and says what it applied", done)
        done = ctl(daemon, "db", "migrate")
        tap.ok(done.returncode == 0 and "up to date" in done.stdout and "applied" not in done.stdout,
               "a second time there is nothing to do", done)
        done = ctl(daemon, "db", "status")
        tap.ok(done.returncode == 0 and "0001" not in done.stdout, "db status: 0 when nothing is pending", done)
        daemon.start()
        tap.equal(ctl(daemon, "db", "status").returncode, 0, "db status beside a daemon")
        tap.equal(ctl(daemon, "db", "migrate").returncode, 0, "db migrate beside a daemon")
        daemon.stop()
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA user_version = 9999")
        for words in (("status",), ("migrate",), ("copy", "--to", "sqlite", "--to-set", f"sqlite.path={beside(daemon, 'x')}")):
            done = ctl(daemon, "db", *words)
            tap.ok(done.returncode == CONFIG and "newer annotationd" in done.stderr, f"db {words[0]} of a newer one: 78", done)
        tap.ok(not os.path.exists(beside(daemon, "x")), "nothing was made beside it")


def test_refusals(tap):
    with Daemon() as daemon:
        for words, code, what, name in (
                (("db", "copy"), USAGE, "--to is missing", "a copy to nowhere"),
                (("--url", "http://127.0.0.1:1", "db", "status"), USAGE, "--url", "over HTTP"),
                (("db", "copy", "--to", "sqlite"), USAGE, "same database", "onto itself"),
                (("db", "copy", "--to", "nothing"), CONFIG, "no plugin of the name nothing", "to an unknown plugin"),
                (("db", "copy", "--to", "/nonexistent/a.conf"), CONFIG, "/nonexistent/a.conf", "to a missing keyfile"),
                (("db", "copy", "--to", "sqlite", "--to-set", f"sqlite.path={beside(daemon, 'x.db')}"), CONFIG,
                 "no database to copy", "of nothing"),
                (("--url", "http://127.0.0.1:1", "config", "print"), USAGE, "--url", "a configuration over HTTP"),
                (("db",), USAGE, "status, migrate, copy", "no verb")):
            done = ctl(daemon, *words)
            tap.ok(done.returncode == code and what in done.stderr, f"refused: {name}", done)
        daemon.start()
        done = copy(daemon, beside(daemon, "x.db"))
        tap.ok(done.returncode == UNAVAILABLE and "stop annotationd" in done.stderr, "refused: beside a daemon, 69", done)
        tap.ok(daemon.ready(), "which notices nothing of it")
        daemon.stop()
        tap.ok(not os.path.exists(beside(daemon, "x.db")), "none of them has made a database")
        for name in ("a", "b"):
            ctl(daemon, *on(beside(daemon, "full.db")), "user", "add", name, "--role", "admin", "--password-stdin",
                stdin="secret-enough\n")
        done = copy(daemon, beside(daemon, "full.db"))
        tap.ok(done.returncode == DATA and "not empty" in done.stderr and "2 accounts" in done.stderr,
               "refused: into one that holds something, 65", done)


def work(daemon):
    """People at work, then the end of the day. Returns a token of somebody who stays signed in."""
    daemon.add_user("ann", "secret-enough", ["annotator", "admin"])
    daemon.add_user("bob", "secret-enough", ["annotator"])
    daemon.start()
    ann = daemon.login("ann", "secret-enough")
    frame = base64.b64encode(PNG).decode()
    for i in range(60):
        document = example(f"e-{i}", priority=i / 100, **({"frame_data": frame} if i % 3 == 0 else {}))
        assert ann.post("/api/v1/examples", document).status in (200, 201)
    for i in range(0, 20, 2):
        answer = ann.post(f"/api/v1/examples/e-{i}/label", {"corrected_detections": [], "notes": f"note {i} \"\u00e9\"",
                                                            "quality_score": 0.1 + i / 70})
        assert answer.status == 200, answer
    assert ann.post("/api/v1/examples/e-1/skip", {"reason": "dark"}).status == 200
    leased = daemon.login("bob", "secret-enough").post("/api/v1/examples/next", {"count": 3}).json()["examples"]
    stats = ann.get("/api/v1/stats").json()
    daemon.stop()
    return ann.token, leased, stats


def export(daemon, *settings):
    done = ctl(daemon, *settings, "export", "--format", "jsonl")
    return done.stdout if done.returncode == 0 else repr(done)


def test_copy(tap):
    with Daemon() as daemon:
        old, new = daemon.config["sqlite"]["path"], beside(daemon, "new.db")
        token, leased, before = work(daemon)
        done = copy(daemon, new)
        counts = json.loads(done.stdout or "{}")
        tap.ok(done.returncode == 0 and counts["example"] == 60 and counts["frame"] == 20 and counts["annotation"] == 10
               and counts["account"] == 2 and counts["skip"] == 1 and counts["secret"] >= 1 and counts["from"] == old
               and counts["to"] == new, "a copy says how much there was", done)
        exported = export(daemon)
        tap.ok(exported.count("\n") == 10 and exported == export(daemon, *on(new)), "an export of both is the same")
        daemon.config["sqlite"]["path"] = new
        daemon.write_config()
        daemon.start()
        ann = daemon.client(token)
        tap.equal(ann.get("/api/v1/me").status, 200, "who was signed in still is")
        after = ann.get("/api/v1/stats").json()
        tap.ok(all(after[key] == before[key] for key in ("completed", "skipped"))
               and after["pending"] == before["pending"] + before["leased"] and after["leased"] == 0,
               "the counts go on; a lease has ended", f"{before}\n{after}")
        tap.equal(ann.get("/api/v1/examples/e-0/frame").body, PNG, "a frame")
        late = daemon.login("bob", "secret-enough").post(
            f"/api/v1/examples/{leased[0]['example']['event_id']}/label",
            {"corrected_detections": [], "lease": leased[0]["lease"]["token"]})
        tap.equal(late.status, 409, "a submit under an old lease is told so")
        tap.equal(ann.post("/api/v1/examples", example("e-0")).json().get("status"), "known", "an id is known again")
        daemon.stop()


def test_interrupted(tap):
    with Daemon() as daemon:
        new = beside(daemon, "new.db")
        daemon.start()
        daemon.stop()
        source = beside(daemon, "many.jsonl")
        frame = base64.b64encode(PNG).decode()
        with open(source, "w", encoding="utf-8") as file:
            for i in range(20000):
                file.write(json.dumps(example(f"e-{i}", frame_data=frame, note="x" * 400)) + "\n")
        tap.equal(ctl(daemon, "import", source).returncode, 0, "twenty thousand examples")
        process = subprocess.Popen(command(daemon, "db", "copy", "--to", "sqlite", "--to-set", f"sqlite.path={new}"),
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=daemon.environment())
        log = f"{new}-wal"
        stop_when(process, lambda: os.path.exists(log) and os.path.getsize(log) > 2_000_000)
        process.send_signal(signal.SIGKILL)
        tap.equal(process.wait(), -signal.SIGKILL, "a copy that is killed in the middle")
        done = ctl(daemon, "--json", *on(new), "db", "status")
        tap.ok(done.returncode == CONFIG and json.loads(done.stdout)["unfinished_copy"] and "db copy" in done.stderr,
               "its target says so: 78 and the remedy", done)
        other = Daemon({"sqlite": {"path": new}})
        with other:
            started = subprocess.run(other.command(), capture_output=True, text=True, timeout=60, check=False,
                                     env=other.environment())
            tap.ok(started.returncode == CONFIG and "was not finished" in started.stderr, "no daemon runs on it: 78", started)
        begun = time.monotonic()
        done = copy(daemon, new)
        Tap.diag(f"20000 examples copied in {time.monotonic() - begun:.2f} s")
        tap.ok(done.returncode == 0 and json.loads(done.stdout)["example"] == 20000, "the same copy again is whole", done)
        tap.equal(ctl(daemon, *on(new), "db", "status").returncode, 0, "and then the target is good")


def test_owner(tap):
    """Root makes what the service must be able to write."""
    name = "what root makes belongs to the owner of the state folder"
    if os.geteuid() != 0:
        tap.skip(name, "not root")
        return
    owner = pwd.getpwnam("nobody")
    with Daemon() as daemon:
        state = beside(daemon, "owned")
        os.mkdir(state, 0o700)
        os.chown(state, owner.pw_uid, owner.pw_gid)
        os.chmod(daemon.directory, 0o755)
        settings = ("--set", f"service.state-dir={state}", *on(os.path.join(state, "a.db")))
        done = ctl(daemon, *settings, "db", "migrate")
        copied = ctl(daemon, *settings, "db", "copy", "--to", "sqlite", "--to-set", f"sqlite.path={state}/b.db")
        owners = [os.stat(os.path.join(state, name)).st_uid for name in sorted(os.listdir(state))]
        tap.ok(done.returncode == 0 and copied.returncode == 0 and owners == [owner.pw_uid] * 2, name,
               f"{done} {copied} {owners}")


def main():
    tap = Tap()
    test_status_and_migrate(tap)
    test_refusals(tap)
    test_copy(tap)
    test_interrupted(tap)
    test_owner(tap)
    tap.done()


if __name__ == "__main__":
    main()
