#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The command lines of annotationd and annotationctl: options, exit codes, messages, signals, service manager."""

import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from annotationd_harness import (BUILD_DIR, SOURCE_DIR, Daemon, Tap, example, find_program,  # noqa: E402
                                 wait_for)

USAGE, DATA, UNAVAILABLE, CANNOT_CREATE, NO_PERMISSION, CONFIG = 64, 65, 69, 73, 77, 78
SECRET = "a-secret-that-is-never-printed-0123"


def run(daemon, *arguments, config=True, env=None, program="annotationd", stdin=None):
    """Runs a program with the test's plugins to its end."""
    command = [find_program(program), "--plugin-dir", daemon.plugin_dir()]
    if config:
        command += ["--config", daemon.config_file]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=60, input=stdin,
                          env={**daemon.environment(), **(env or {})}, check=False)


def embedded_plugins(daemon):
    """A plugin folder as the main package has it."""
    folder = os.path.join(daemon.directory, "embedded")
    os.makedirs(folder, exist_ok=True)
    for name in ("sqlite", "memory", "local"):
        shutil.copy(os.path.join(daemon.plugin_dir(), f"{name}.so"), folder)
    return folder


def last_line(done):
    """What the program said of its failure, without time and level."""
    lines = done.stderr.strip().splitlines()
    return re.sub(r"^\S+Z error: ", "", lines[-1]) if lines else ""


def test_usage(tap, daemon):
    done = run(daemon, "--version", config=False)
    tap.ok(done.returncode == 0 and re.fullmatch(r"annotationd \d+\.\d+\.\d+\n", done.stdout), "--version", done)
    done = run(daemon, "--help")
    tap.ok(done.returncode == 0 and "--check-config" in done.stdout, "--help", done)
    done = run(daemon, "--nonsense")
    tap.ok(done.returncode == USAGE and done.stderr.count("\n") == 1 and "--help" in done.stderr,
           "an unknown option: 64 and one line", done)
    tap.equal(run(daemon, "word").returncode, USAGE, "an argument too many: 64")
    tap.equal(run(daemon, "--check-config", "--print-config").returncode, USAGE, "two modes: 64")
    done = run(daemon, "--list-plugins", config=False)
    tap.ok(done.returncode == 0 and re.search(r"^store +sqlite +\S+ +\S", done.stdout, re.M)
           and re.search(r"^state +memory ", done.stdout, re.M), "--list-plugins", done)


def test_check(tap, daemon):
    done = run(daemon, "--check-config")
    tap.ok(done.returncode == 0 and not os.path.exists(daemon.config["sqlite"]["path"]),
           "--check-config of a good file: 0, and nothing is made", done)
    with open(daemon.config_file, "a", encoding="utf-8") as file:
        file.write("[http]\nidle-timeot=3\n")
    with open(daemon.config_file, encoding="utf-8") as file:
        line = len(file.readlines())
    done = run(daemon, "--check-config")
    expected = f"{daemon.config_file}:{line}: [http] idle-timeot: unknown key; did you mean idle-timeout?"
    tap.ok(done.returncode == CONFIG and last_line(done) == expected and done.stderr.count("\n") == 1,
           "a slip: 78 and one line with file, line, group, key, remedy", done)
    tap.equal(last_line(run(daemon)), expected, "the start says the same")
    daemon.write_config()
    done = run(daemon, "--plugin-dir", embedded_plugins(daemon), "--check-config", "--set", "store.plugin=postgres")
    tap.ok(done.returncode == CONFIG and "install the package annotationd-postgres" in last_line(done),
           "a plugin that is not installed: the package is named", done)
    done = run(daemon, "--check-config", "--set", "state.plugin=sqlite")
    tap.ok(done.returncode == CONFIG and "sqlite is a store plugin, not a state" in last_line(done),
           "a plugin of another class", done)
    done = run(daemon, "--check-config", "--set", "auth.secret-file=/nonexistent/secret")
    tap.ok(done.returncode == CONFIG and "[auth] secret-file: " in last_line(done), "a secret file that is not there", done)
    daemon.config["auth"] = {"secret-file": "/nonexistent/secret"}
    daemon.write_config()
    done = daemon.ctl("config", "check", check=False)
    tap.ok(done.returncode == CONFIG and "[auth] secret-file: " in last_line(done), "annotationctl says the same", done)
    del daemon.config["auth"]
    daemon.write_config()
    done = run(daemon, "--check-config", "--set", "http.tls-certificate=/nonexistent", "--set", "http.tls-key=/nonexistent")
    tap.ok(done.returncode == CONFIG and "[http] tls-certificate: " in last_line(done), "a certificate that is not there",
           done)
    done = run(daemon, "--check-config", "--config", "/nonexistent.conf", config=False)
    tap.equal(done.returncode, CONFIG, "a keyfile that is not there: 78")
    done = run(daemon, "--list-plugins", "--plugin-dir", "/nonexistent")
    tap.equal(done.returncode, CONFIG, "a plugin folder that is not there: 78")


    done = run(daemon, "--check-config", "--set", "broker.events-topic=a/b")
    tap.ok(done.returncode == CONFIG and "[broker] events-topic: " in last_line(done),
           "a topic that the broker can have no file for", done)
    done = run(daemon, "--check-config", "--set", "http.listen=")
    tap.ok(done.returncode == CONFIG and "[http] listen: " in last_line(done) and done.stderr.count("\n") == 1,
           "listening nowhere: 78 and one line", done)
    short = os.path.join(daemon.directory, "short")
    with open(short, "w", encoding="utf-8") as file:
        file.write("too short\n")
    os.chmod(short, 0o600)
    done = run(daemon, "--check-config", "--set", f"auth.secret-file={short}")
    tap.ok(done.returncode == CONFIG and "[auth] secret-file: " in last_line(done) and "too short" in last_line(done),
           "a secret file whose secret could be guessed", done)


def test_lost_output(tap, daemon):
    """What was printed into nothing was not done: a token is shown only once."""
    daemon.add_user("ann", "secret-enough")

    def lost(program, *arguments):
        with open("/dev/full", "w", encoding="utf-8") as full:
            return subprocess.run([find_program(program), "--plugin-dir", daemon.plugin_dir(), "--config",
                                   daemon.config_file, *arguments], stdout=full, stderr=subprocess.PIPE, text=True,
                                  timeout=60, env=daemon.environment(), check=False)

    for program, arguments in (("annotationd", ["--print-config"]), ("annotationd", ["--list-plugins"]),
                               ("annotationd", ["--version"]), ("annotationd", ["--check-config"]),
                               ("annotationctl", ["config", "print"]), ("annotationctl", ["--version"]),
                               ("annotationctl", ["token", "add", "ann"])):
        done = lost(program, *arguments)
        tap.ok(done.returncode == CANNOT_CREATE and "standard output" in done.stderr and done.stderr.count("\n") == 1,
               f"{program} {' '.join(arguments)} onto a full disk: 73 and one line", done)


def test_closed_descriptors(tap, daemon):
    """No file and no socket may become what log lines are written to."""
    command = daemon.command()
    with subprocess.Popen(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command], env=daemon.environment()) as process:
        wait_for(daemon.ready)
        links = [os.readlink(f"/proc/{process.pid}/fd/{fd}") for fd in range(3)]
        tap.equal(links, ["/dev/null"] * 3, "closed standard descriptors stay harmless")
        process.terminate()
        tap.equal(process.wait(30), 0, "and nothing else is different")


def test_file_size_limit(tap, daemon):
    """A limit on the size of files is a full disk, not the end."""
    daemon.add_user("pia", "secret-enough", ["producer"])
    command = daemon.command()
    with subprocess.Popen(["sh", "-c", 'ulimit -f 1000; exec "$@"', "sh", *command], env=daemon.environment(),
                          stderr=subprocess.DEVNULL) as process:
        wait_for(daemon.ready)
        client = daemon.login("pia", "secret-enough")
        statuses = []
        for number in range(20):
            try:
                statuses.append(client.post("/api/v1/examples", example(f"e{number}", text="x" * 100000)).status)
            except OSError:
                statuses.append(0)
        tap.ok(0 not in statuses and statuses[-1] >= 500 and process.poll() is None, "a file that may not grow: refused",
               (statuses, process.poll()))
        process.kill()


def test_interrupted_prompt(tap, daemon):
    """Ctrl-C at the question for a password leaves the terminal as it was."""
    ours, theirs = os.openpty()
    command = [find_program("annotationctl"), "--plugin-dir", daemon.plugin_dir(), "--config", daemon.config_file,
               "user", "add", "bob", "--role", "annotator"]
    with subprocess.Popen(["setsid", "-c", "-w", *command], stdin=theirs, stdout=theirs, stderr=theirs,
                          env=daemon.environment()) as process:
        said = b""
        while b"New password" not in said:
            said += os.read(ours, 4096)
        hidden = wait_for(lambda: not termios.tcgetattr(theirs)[3] & termios.ECHO)
        os.write(ours, b"\x03")
        process.wait(30)
        tap.ok(hidden and process.returncode != 0 and termios.tcgetattr(theirs)[3] & termios.ECHO,
               "an interrupted question for a password gives the echo back", process.returncode)
    os.close(ours)
    os.close(theirs)


OLDER_VARIABLES = {
    "HOST": ("http", "listen", "127.0.0.7:8000"), "PORT": ("http", "listen", "127.0.0.1:8123"),
    "SERVICE_NAME": ("service", "name", "elder"),
    "KAFKA_BOOTSTRAP_SERVERS": ("kafka", "bootstrap-servers", "b1:9092;b2:9092"),
    "KAFKA_GROUP_ID": ("kafka", "group-id", "elders"),
    "HARD_EXAMPLES_TOPIC": ("broker", "hard-examples-topic", "hard-1"),
    "LABELED_EXAMPLES_TOPIC": ("broker", "labeled-examples-topic", "labeled-1"),
    "REDIS_URL": ("redis", "url", "redis://r1:6380"), "REDIS_PASSWORD": ("redis", "password", None),
    "REDIS_DB": ("redis", "database", "3"), "DATABASE_URL": ("postgres", "conninfo", "postgresql://db1/elder"),
    "JWT_SECRET_KEY": ("auth", "secret", None), "ANNOTATION_PAGE_SIZE": ("annotation", "page-size", "9"),
    "MAX_RETRY_ATTEMPTS": ("annotation", "retry-attempts", "8"),
    "RETRY_INTERVAL_SECONDS": ("annotation", "retry-interval", "31"),
    "RETRY_QUEUE_KEY": ("redis", "retry-queue-key", "elder:retry"),
}


def test_older_variables(tap, daemon):
    """Each variable of the older service is the option that it became."""
    built = run(daemon, "--list-plugins").stdout
    for variable, (group, key, value) in OLDER_VARIABLES.items():
        if group in ("kafka", "redis", "postgres") and f"{group} " not in built:
            tap.skip(variable, f"{group} is not built")
            continue
        given = {"HOST": "127.0.0.7", "PORT": "8123"}.get(variable, value or SECRET)
        done = run(daemon, "--print-config", config=False, env={variable: given})
        lines = done.stdout.split(f"[{group}]", 1)[-1].split("\n[", 1)[0].splitlines()
        where = f"(environment variable {variable})"
        line = next((line for before, line in zip(lines, lines[1:]) if where in before), None)
        tap.equal(line, f"{key}={value}" if value else f"#{key}=(hidden)", f"{variable} is [{group}] {key}")
        if value is None:
            tap.ok(SECRET not in done.stdout + done.stderr, f"{variable}: no secret is printed")


def test_print(tap, daemon):
    env = {"JWT_SECRET_KEY": SECRET, "ANNOTATION_PAGE_SIZE": "7"}
    done = run(daemon, "--print-config", env=env)
    tap.ok(done.returncode == 0 and SECRET not in done.stdout + done.stderr and "#secret=(hidden)" in done.stdout,
           "--print-config hides secrets", done.stderr)
    tap.ok("(environment variable ANNOTATION_PAGE_SIZE)\npage-size=7\n" in done.stdout, "and says where values are from")
    printed = os.path.join(daemon.directory, "printed.conf")
    with open(printed, "w", encoding="utf-8") as file:
        file.write(done.stdout)

    def settings(text):
        return [line for line in text.splitlines() if line and not line.startswith("#")]

    again = run(daemon, "--print-config", "--config", printed, config=False)
    tap.equal(settings(again.stdout), settings(done.stdout), "what is printed loads and prints the same")
    tap.ok("\n#database=\n" in done.stdout or "[redis]" not in done.stdout,
           "what goes before another option is not printed as if it had been set")
    control = run(daemon, "config", "print", program="annotationctl", env=env)
    tap.equal(control.stdout, done.stdout, "annotationctl config print is the same")
    sample = os.path.join(daemon.directory, "sample.conf")
    with open(os.path.join(SOURCE_DIR, "data", "annotationd.conf"), encoding="utf-8") as file:
        text = re.sub(r"^#(?=[a-z-]+=|\[)", "", file.read(), flags=re.M)
    # The groups of plugins that were not built are not known.
    built = run(daemon, "--list-plugins").stdout
    text = "".join(part for part in re.split(r"^(?=\[)", text, flags=re.M)
                   if not re.match(r"\[(kafka|redis|postgres)\]", part) or f"{part[1:].split(']')[0]} " in built)
    with open(sample, "w", encoding="utf-8") as file:
        file.write(text)
    done = run(daemon, "--print-config", "--config", sample, config=False)
    tap.ok(done.returncode == 0 and "labels=car;lorry;person" in done.stdout, "every line of the sample keyfile holds", done)


def test_start_failures(tap, daemon):
    blocked = os.path.join(daemon.directory, "file")
    with open(blocked, "w", encoding="utf-8"):
        pass
    done = run(daemon, "--set", f"service.state-dir={blocked}/state")
    tap.ok(done.returncode == CANNOT_CREATE and "[service] state-dir" in last_line(done),
           "a state folder that cannot be made: 73", done)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = run(daemon, "--set", f"http.listen=127.0.0.1:{taken.getsockname()[1]}")
    tap.ok(done.returncode == CONFIG and "listen" in last_line(done), "a port that is taken: 78", done)


def test_shared_port(tap, daemon):
    """Only who asks for it shares a port: a second start by mistake is told."""
    daemon.start()
    done = run(daemon)
    tap.ok(done.returncode == CONFIG and f"127.0.0.1:{daemon.port}: Address already in use" in last_line(done)
           and "reuse-port" in last_line(done) and done.stderr.count("\n") == 1,
           "a second one on the same port: 78 and one line with address and remedy", done)
    done = run(daemon, "--set", "http.reuse-port=true")
    tap.equal(done.returncode, CONFIG, "also when only the second one would share it")
    tap.ok(daemon.ready(), "the first one goes on")
    daemon.stop()
    daemon.config["http"]["reuse-port"] = True
    daemon.config["health"] = {"require-partitions": False}
    daemon.write_config()
    daemon.start()
    with subprocess.Popen(daemon.command(), env=daemon.environment(), stderr=subprocess.PIPE, text=True) as second:
        said = ""
        while "serving: " not in said and (line := second.stderr.readline()):
            said += line
        tap.ok(f"serving: http://127.0.0.1:{daemon.port}/" in said and daemon.running(), "with reuse-port both serve", said)
        second.terminate()
        tap.equal(second.wait(30), 0, "and either drains")
    unit = os.path.join(BUILD_DIR, "data", "systemd", "annotationd@.service")
    if not os.path.exists(unit):
        tap.skip("annotationd@.service", "built without systemd units")
        return
    with open(unit, encoding="utf-8") as file:
        tap.ok(re.search(r"^ExecStart=.* --set http\.reuse-port=true$", file.read(), re.M),
               "the unit of several instances lets them share it")


def refuses_store(tap, daemon, code, words, name):
    """The daemon and the control program end so on the store as it is, at once, the cause before all else."""
    began = time.monotonic()
    done = run(daemon)
    first = re.sub(r"^\S+Z ", "", done.stderr.splitlines()[0]) if done.stderr else ""
    tap.ok(done.returncode == code and first.startswith("error: store: ") and words in first
           and daemon.config["sqlite"]["path"] in first and done.stderr.count("error: ") == 1,
           f"{name}: {code}, and the log begins with the cause", done)
    tap.ok(time.monotonic() - began < 10, "without trying again", time.monotonic() - began)
    done = run(daemon, "user", "list", program="annotationctl")
    tap.ok(done.returncode == code and words in done.stderr, f"annotationctl: {code} too", done)


def test_unfit_store(tap, daemon):
    path = daemon.config["sqlite"]["path"]
    with open(path, "wb") as file:
        file.write(b"this is no database" * 1000)
    refuses_store(tap, daemon, DATA, "not a database", "a store that is no database")
    os.remove(path)
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    refuses_store(tap, daemon, DATA, "another program", "a database of another program")
    os.remove(path)
    daemon.add_user("ann", "secret-enough")
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 9999")
    other.close()
    refuses_store(tap, daemon, CONFIG, "newer annotationd", "a database of a newer version")


def test_locked_store(tap, daemon):
    """A store that another process holds locked: the start waits for a while, and can be stopped while it waits."""
    daemon.add_user("ann", "secret-enough")
    daemon.config["sqlite"]["busy-timeout"] = 1
    daemon.config["service"].update({"start-timeout": 2, "drain-timeout": 5})
    daemon.write_config()
    lock = sqlite3.connect(daemon.config["sqlite"]["path"], isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    daemon.start(wait=False)
    tap.equal(daemon.process.wait(60), UNAVAILABLE, "a store that stays locked: 69")
    tap.ok("database is locked" in daemon.log() and "serving:" not in daemon.log(), "with the reason, and never serving")
    daemon.config["service"]["start-timeout"] = 60
    daemon.config["sqlite"]["busy-timeout"] = 5
    daemon.write_config()
    daemon.start(wait=False)

    def listens():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", daemon.port)) == 0

    wait_for(listens)
    tap.equal((daemon.client().get("/healthz").status, daemon.client().get("/readyz").status), (200, 503),
              "while it starts it is alive and not ready")
    tap.equal(daemon.stop(), 0, "stopped while it starts: 0")
    lock.close()


def test_first_start(tap, daemon):
    daemon.start()
    tap.ok(wait_for(lambda: "annotationctl user add" in daemon.log()), "a start without accounts says how to make one")
    tap.ok(re.search(rf"notice: serving: http://127\.0\.0\.1:{daemon.port}/$", daemon.log(), re.M), "and where the page is",
           daemon.log())
    tap.equal(daemon.stop(), 0, "SIGTERM: 0")
    daemon.add_user("ann", "secret-enough", ["annotator", "admin"])
    listed = json.loads(daemon.ctl("--json", "user", "list").stdout)
    rows = listed if isinstance(listed, list) else listed["users"]
    tap.ok(len(rows) == 1 and rows[0]["name"] == "ann" and sorted(rows[0]["roles"]) == ["admin", "annotator"],
           "an account that is made while the daemon is down", listed)
    daemon.start()
    tap.equal(daemon.login("ann", "secret-enough").get("/api/v1/me").status, 200, "signs in after the start")
    daemon.process.send_signal(signal.SIGINT)
    tap.equal(daemon.process.wait(30), 0, "SIGINT: 0")
    with tempfile.TemporaryDirectory() as folder:
        daemon.start(env={"XDG_STATE_HOME": folder})
        daemon.process.send_signal(signal.SIGHUP)
        tap.equal(daemon.process.wait(30), 0, "SIGHUP: 0")


def test_second_signal(tap, daemon):
    daemon.config["service"]["drain-delay"] = 60
    daemon.write_config()
    daemon.start()
    # Of two kinds, so that both arrive; together, as when a process and its group are told.
    daemon.process.send_signal(signal.SIGTERM)
    daemon.process.send_signal(signal.SIGHUP)
    tap.ok(wait_for(lambda: not daemon.ready()) is True and daemon.running(), "a drain is not ready, and goes on serving")
    tap.equal(daemon.client().get("/healthz").status, 200, "health is answered while it drains")
    time.sleep(0.4)
    daemon.process.send_signal(signal.SIGTERM)
    tap.equal(daemon.process.wait(20), -signal.SIGTERM, "a second signal ends it at once")


def test_service_manager(tap, daemon):
    with open(os.path.join(BUILD_DIR, "config.h"), encoding="utf-8") as file:
        if "#define HAVE_SYSTEMD 1" not in file.read():
            tap.skip("service manager", "built without libsystemd")
            return
    said = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.settimeout(10)
        notify.bind(os.path.join(daemon.directory, "notify"))
        daemon.start(env={"NOTIFY_SOCKET": notify.getsockname(), "WATCHDOG_USEC": "200000"})

        def heard(word):
            while not any(word in text for text in said):
                said.append(notify.recv(4096).decode())
            return True

        tap.ok(heard("READY=1"), "READY is said")
        said.clear()
        tap.ok(heard("WATCHDOG=1"), "the watchdog is told that the loop turns")
        tap.equal(daemon.stop(), 0, "stopped")
        tap.ok(heard("STOPPING=1"), "STOPPING is said")


def test_not_root(tap, daemon):
    if os.geteuid() != 0:
        tap.skip("an ordinary user", "only root can become one")
        return
    done = run(daemon, "--check-config", config=False)
    tap.equal(done.returncode, 0, "without any keyfile")
    program = os.path.join(BUILD_DIR, ".libs", "annotationd")
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, 65534, 65534)
        probe = subprocess.run(["test", "-x", program], user=65534, group=65534, check=False)
        if probe.returncode != 0:
            tap.skip("an ordinary user", "the build is closed to others")
            return
        env = {**daemon.environment(), "HOME": folder, "LD_LIBRARY_PATH": os.path.join(BUILD_DIR, ".libs")}
        env.pop("XDG_STATE_HOME", None)
        done = subprocess.run([program, "--plugin-dir", daemon.plugin_dir(), "--print-config", "--config", "/dev/null"],
                              user=65534, group=65534, env=env, capture_output=True, text=True, check=False, cwd="/")
        tap.ok(f"state-dir={folder}/.local/state/annotationd\n" in done.stdout,
               "an ordinary user keeps state in the home folder", done)
        done = subprocess.run([program, "--plugin-dir", daemon.plugin_dir(), "--config", "/dev/null", "--set",
                               "service.state-dir=/root/annotationd"],
                              user=65534, group=65534, env=env, capture_output=True, text=True, check=False, cwd="/")
        tap.equal(done.returncode, NO_PERMISSION, "a state folder that may not be written: 77")
        base = [program, "--plugin-dir", daemon.plugin_dir(), "--config", "/dev/null", "--set",
                f"service.state-dir={folder}/state", "--set", f"local.directory={folder}/topics"]

        def attempt(*settings):
            return subprocess.run([*base, *settings], user=65534, group=65534, extra_groups=[], env=env, timeout=30,
                                  capture_output=True, text=True, check=False, cwd="/")

        closed = os.path.join(folder, "closed.db")
        for mode, text in ((0o600, "one that it may not read"), (0o644, "one that it may not write")):
            with open(closed, "wb"):
                pass
            os.chmod(closed, mode)
            done = attempt("--set", f"sqlite.path={closed}", "--set", "http.listen=127.0.0.1:0")
            tap.ok(done.returncode == NO_PERMISSION and closed in done.stderr, f"a database of another user, {text}: 77", done)
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as file:
            lowest = int(file.read())
        if lowest <= 80:
            tap.skip("port 80", "everybody may listen on it here")
        else:
            done = attempt("--set", "http.listen=127.0.0.1:80")
            tap.ok(done.returncode == NO_PERMISSION and "127.0.0.1:80: Permission denied" in last_line(done)
                   and done.stderr.count("\n") == 1, "port 80: 77 and one line", done)


def test_store_owner(tap, daemon):
    """What root does with the control program must not lock the service's user out of the store."""
    if os.geteuid() != 0:
        tap.skip("the store's owner", "only root can give a folder to another user")
        return
    for folder in (daemon.directory, daemon.topics):
        os.chown(folder, 65534, 65534)
    daemon.add_user("ann", "secret-enough")
    tap.equal(os.stat(daemon.config["sqlite"]["path"]).st_uid, 65534, "a store that root makes belongs to the service")


def test_control_program(tap, daemon):
    def ctl(*arguments, stdin=None):
        return run(daemon, *arguments, program="annotationctl", stdin=stdin)

    tap.equal(ctl("nonsense").returncode, USAGE, "annotationctl: an unknown command: 64")
    tap.equal(ctl().returncode, USAGE, "no command: 64")
    done = ctl("user", "add", "bob", "--role", "annotator", stdin="")
    tap.ok(done.returncode == USAGE and "--password-stdin" in done.stderr,
           "no terminal and no --password-stdin: 64 with the remedy", done)
    tap.equal(ctl("user", "add", "bob", "--role", "king", "--password-stdin", stdin="secret-enough\n").returncode, USAGE,
              "a role that is none: 64")
    tap.ok(ctl("user", "add", "bob", "--role", "annotator", "--password-stdin", stdin="short\n").returncode != 0,
           "a password that is too short is refused")
    tap.equal(ctl("user", "add", "bob", "--role", "producer", "--password-stdin", stdin="secret-enough\n").returncode, 0,
              "user add: 0")
    first = ctl("--json", "token", "add", "bob", "--description", "for a test")
    tap.ok(first.returncode == 0 and "annot_" in first.stdout, "token add prints the token", first)
    token = re.search(r"annot_[\w-]+", first.stdout).group()
    tap.ok(token not in ctl("--json", "token", "list").stdout, "token list does not")
    tap.ok("for a test" in ctl("token", "list").stdout, "but it tells what it is for")
    tap.equal(ctl("user", "remove", "bob").returncode, 0, "user remove: 0")
    tap.ok("bob" not in ctl("user", "list").stdout, "and is gone")


def test_export_to_device(tap, daemon):
    daemon.add_user("ann", "secret-enough")
    null = os.path.join(daemon.directory, "null")
    os.symlink("/dev/null", null)
    done = run(daemon, "export", "--output", null, program="annotationctl")
    tap.ok(done.returncode == 0 and os.path.islink(null), "an export to a device leaves the device", done)
    done = run(daemon, "export", "--output", "-", "--format", "csv", program="annotationctl")
    tap.ok(done.returncode == 0 and "," in done.stdout and not os.path.exists(os.path.join(daemon.directory, "-")),
           "one to - goes to standard output", done)


def test_control_over_http(tap, daemon):
    """Through a running daemon and its limits, as much as on the store itself."""
    daemon.config["limits"]["default"] = "3/s"
    daemon.write_config()
    daemon.add_user("ann", "secret-enough", ["annotator", "producer"])
    token = os.path.join(daemon.directory, "token")
    with open(token, "w", encoding="utf-8") as file:
        file.write(daemon.ctl("token", "add", "ann").stdout)
    os.chmod(token, 0o600)
    daemon.start()
    remote = ["--url", f"http://127.0.0.1:{daemon.port}", "--token-file", token, "--json"]
    lines = "".join(json.dumps(example(f"e{number}")) + "\n" for number in range(1200))
    done = run(daemon, *remote, "import", "-", config=False, program="annotationctl", stdin=lines)
    tap.ok(done.returncode == 0 and json.loads(done.stdout) == {"created": 1200, "known": 0, "refused": 0},
           "an import waits for the rate limit", (done.returncode, done.stdout, done.stderr))
    done = run(daemon, *remote, "queue", "--limit", "250", config=False, program="annotationctl")
    tap.ok(done.returncode == 0 and len({row["event_id"] for row in json.loads(done.stdout)}) == 250,
           "queue --limit gives as many as it says", done.stderr)
    os.chmod(token, 0o644)
    done = run(daemon, *remote, "queue", config=False, program="annotationctl")
    tap.ok(done.returncode == 0 and "chmod o-rwx" in done.stderr, "a token file that everyone may read is told", done.stderr)


def test_endless_line(tap, daemon):
    """A line without an end takes no more memory than the longest that is allowed."""
    daemon.config["limits"]["message-bytes"] = "1M"
    daemon.write_config()
    command = [find_program("annotationctl"), "--plugin-dir", daemon.plugin_dir(), "--config", daemon.config_file,
               "import", "-"]
    written = 0
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, bufsize=0,
                          env=daemon.environment()) as process:
        try:
            while written < 100 << 20:
                written += process.stdin.write(b"x" * 65536)
            process.stdin.close()
        except BrokenPipeError:
            pass
        said = process.stderr.read().decode()
        process.wait(60)
    tap.ok(process.returncode == DATA and "longer than 1048576 bytes" in said and written < 10 << 20,
           "an endless line is refused early", (process.returncode, said, written))
    text = "\r\n".join(json.dumps(example(f"e{number}", text="x" * (1000 * number + 1))) for number in range(50))
    done = run(daemon, "--json", "import", "-", program="annotationctl", stdin=text)
    tap.ok(done.returncode == 0 and json.loads(done.stdout)["created"] == 50, "lines of all lengths, CRLF, no last newline",
           done)


def main():
    tap = Tap()
    if not find_program("annotationd") or not find_program("annotationctl"):
        tap.skip_all("annotationd and annotationctl are not built")
    for test in (test_usage, test_check, test_print, test_older_variables, test_lost_output, test_closed_descriptors,
                 test_file_size_limit, test_interrupted_prompt, test_start_failures, test_shared_port, test_unfit_store,
                 test_locked_store, test_first_start,
                 test_second_signal, test_service_manager, test_not_root, test_store_owner,
                 test_control_program, test_control_over_http, test_endless_line,
                 test_export_to_device):
        with Daemon() as daemon:
            test(tap, daemon)
    tap.done()


if __name__ == "__main__":
    main()
