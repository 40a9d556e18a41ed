# SPDX-License-Identifier: Apache-2.0
"""Runs the real daemon for a test: own directory, free port, ready when start() returns, gone when the test ends.

    with Daemon({"annotation": {"lease-seconds": 60}}) as daemon:
        daemon.add_user("ann", "secret-enough", ["annotator"])
        daemon.start()
        client = daemon.login("ann", "secret-enough")
        answer = client.post("/api/v1/examples/next", {"count": 1})

Only the standard library is used. G_TEST_BUILDDIR says where the build is (make check sets it).
"""

import atexit
import base64
import fcntl
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

SOURCE_DIR = os.path.abspath(os.environ.get("G_TEST_SRCDIR", os.path.join(os.path.dirname(__file__), "..", "..")))
BUILD_DIR = os.path.abspath(os.environ.get("G_TEST_BUILDDIR", SOURCE_DIR))

# The smallest PNG: one transparent pixel.
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")

PATIENCE = 4


class HarnessError(Exception):
    """The daemon did not do what a test may take for granted."""


class Tap:
    """Writes TAP 13 to stdout; everything else belongs on stderr."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def ok(self, condition, name, detail=None):
        self.count += 1
        if not condition:
            self.failed += 1
        print(f"{'ok' if condition else 'not ok'} {self.count} - {name}", flush=True)
        if not condition and detail is not None:
            self.diag(detail)
        return bool(condition)

    def equal(self, got, expected, name):
        return self.ok(got == expected, name, f"got {got!r}, expected {expected!r}")

    def skip(self, name, reason):
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {reason}", flush=True)

    @staticmethod
    def diag(text):
        for line in str(text).splitlines():
            print(f"# {line}", flush=True)

    @staticmethod
    def skip_all(reason):
        """Ends the test script: nothing can be tested here."""
        print(f"1..0 # SKIP {reason}", flush=True)
        sys.exit(0)

    def done(self):
        """Prints the plan and ends the script."""
        print(f"1..{self.count}", flush=True)
        sys.exit(1 if self.failed else 0)


class Answer:
    """An HTTP answer, wholly read."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Client:
    """A keep-alive HTTP/1.1 client; one for each thread."""

    def __init__(self, port, token=None, timeout=10):
        self.port = port
        self.token = token
        self.timeout = timeout
        self.connection = None

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def open(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)

    def request(self, method, path, data=None, headers=None, retry=True):
        """data: bytes as they are, str as form or text (set content-type), anything else as JSON.

        A kept connection that the server has closed meanwhile is opened anew once.
        """
        headers = dict(headers or {})
        if data is not None and not isinstance(data, (bytes, str)):
            data = json.dumps(data)
            headers.setdefault("Content-Type", "application/json")
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        fresh = self.connection is None
        if fresh:
            self.connection = self.open()
        try:
            self.connection.request(method, path, body=data, headers=headers)
            response = self.connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            if fresh or not retry:
                raise
            return self.request(method, path, data, headers, retry=False)
        if response.will_close:
            self.close()
        return Answer(response.status, response.headers, body)

    def get(self, path, **kwargs):
        return self.request("GET", path, **kwargs)

    def post(self, path, data=None, **kwargs):
        return self.request("POST", path, data, **kwargs)

    def delete(self, path, **kwargs):
        return self.request("DELETE", path, **kwargs)


# The locks of the ports this process has been given; held until it ends.
reserved_ports = []


def free_port():
    """A port of 127.0.0.1 that nobody listens on and no other test is given while this process lives.

    It lies below those that the kernel takes for outgoing connections: one of these may be gone before a slow server binds
    it. And 10,000 above it there is room, where a Redis Cluster wants a second one.
    """
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        lowest = int(file.read().split()[0])
    last = lowest - 1 if lowest > 20000 else 55535
    # Not where $TMPDIR leads: all who run tests here have to know of it.
    folder = f"/tmp/annotationd-ports-{os.getuid()}"
    os.makedirs(folder, mode=0o700, exist_ok=True)
    for _ in range(1000):
        port = 10240 + secrets.randbelow(last - 10240)
        # Held open on purpose: the lock is the reservation.
        lock = os.open(os.path.join(folder, str(port)), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            os.close(lock)
            continue
        reserved_ports.append(lock)
        return port
    raise HarnessError("no free port was found")


def example(event_id, **members):
    """A hard example as a producer sends it."""
    document = {
        "event_id": event_id,
        "camera_id": "cam-1",
        "timestamp": "2026-11-23T08:00:00Z",
        "detections": [{"bbox": {"x1": 10, "y1": 20, "x2": 110, "y2": 220}, "class_name": "person", "confidence": 0.41}],
    }
    document.update(members)
    return document


def find_program(name):
    """The built program: $NAME_BIN, or in the build directory."""
    override = os.environ.get(f"{name.upper()}_BIN")
    if override:
        return override
    for folder in ("", "src/daemon", "src/ctl"):
        path = os.path.join(BUILD_DIR, folder, name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def is_sanitized(build_dir=BUILD_DIR):
    """Whether the build has the address sanitizer, which keeps freed memory for a while."""
    try:
        with open(os.path.join(build_dir, "config.status"), encoding="utf-8") as file:
            return "-fsanitize=address" in file.read()
    except FileNotFoundError:
        return False


def has_fault_points(build_dir=BUILD_DIR):
    """Whether the build dies where ANNOTATIOND_FAIL says."""
    try:
        with open(os.path.join(build_dir, "config.h"), encoding="utf-8") as file:
            return "#define ANNOT_FAULT_POINTS 1" in file.read()
    except OSError:
        return False


class Daemon:
    """One instance of annotationd with the embedded backends, unless config says otherwise.

    config: {group: {key: value}}; lists and booleans are written as the keyfile wants them.
    directory: share it between two instances to share their store and broker; made (and removed) when None.
    """

    def __init__(self, config=None, directory=None, env=None, args=(), build_dir=None):
        self.build_dir = build_dir or BUILD_DIR
        self.owns_directory = directory is None
        self.directory = directory or tempfile.mkdtemp(prefix="annotationd-test-")
        self.port = free_port()
        self.env = dict(env or {})
        self.args = list(args)
        self.process = None
        self.name = secrets.token_hex(4)
        self.config_file = os.path.join(self.directory, f"annotationd-{self.name}.conf")
        self.log_file = os.path.join(self.directory, f"log-{self.name}")
        self.topics = os.path.join(self.directory, "topics")
        os.makedirs(self.topics, exist_ok=True)
        self.config = {
            "service": {"state-dir": self.directory, "drain-delay": 0},
            "http": {"listen": f"127.0.0.1:{self.port}"},
            "local": {"directory": self.topics},
            "sqlite": {"path": os.path.join(self.directory, "annotationd.db")},
            # A test has one address for all of its clients: limits are tested where they are set.
            "limits": {"login": "100000/min", "label": "100000/min", "default": "100000/min"},
        }
        for group, keys in (config or {}).items():
            self.config.setdefault(group, {}).update(keys)
        self.write_config()
        atexit.register(self.close)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def program(self, name):
        if self.build_dir == BUILD_DIR:
            return find_program(name)
        return os.path.join(self.build_dir, name)

    def write_config(self):
        def text(value):
            if isinstance(value, bool):
                return "true" if value else "false"
            if isinstance(value, (list, tuple)):
                return ";".join(str(item) for item in value)
            return str(value)

        with open(self.config_file, "w", encoding="utf-8") as file:
            for group, keys in self.config.items():
                file.write(f"[{group}]\n")
                for key, value in keys.items():
                    if value is not None:
                        file.write(f"{key}={text(value)}\n")
                file.write("\n")
        os.chmod(self.config_file, 0o600)

    def environment(self):
        """The test's own, without variables that would configure the daemon."""
        older = ("HOST", "PORT", "SERVICE_NAME", "KAFKA_", "HARD_EXAMPLES_TOPIC", "LABELED_EXAMPLES_TOPIC", "REDIS_",
                 "DATABASE_URL", "JWT_SECRET_KEY", "ANNOTATION_PAGE_SIZE", "MAX_RETRY_ATTEMPTS", "RETRY_",
                 "ANNOTATIOND_", "NOTIFY_SOCKET", "LISTEN_")
        env = {key: value for key, value in os.environ.items()
               if not any(key == name or (name.endswith("_") and key.startswith(name)) for name in older)}
        env.update(self.env)
        return env

    def plugin_dir(self):
        if self.build_dir == BUILD_DIR and "ANNOT_TEST_PLUGIN_DIR" in os.environ:
            return os.environ["ANNOT_TEST_PLUGIN_DIR"]
        return os.path.join(self.build_dir, "plugins", ".libs")

    def command(self):
        return [self.program("annotationd"), "--config", self.config_file, "--plugin-dir", self.plugin_dir(), *self.args]

    def start(self, wait=True, timeout=60, env=None):
        """env: more variables for this run only."""
        program = self.program("annotationd")
        if program is None:
            raise HarnessError("annotationd is not built")
        with open(self.log_file, "ab") as log:
            # pylint: disable=consider-using-with
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            env={**self.environment(), **(env or {})}, cwd=self.directory)
        if wait:
            self.wait_ready(timeout)
        return self

    def running(self):
        return self.process is not None and self.process.poll() is None

    def ready(self):
        """Whether /readyz says so now."""
        client = Client(self.port, timeout=2)
        try:
            return client.get("/readyz").status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            client.close()

    def wait_ready(self, timeout=60):
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not self.running():
                raise HarnessError(f"annotationd ended with {self.process.returncode}:\n{self.log()[-4000:]}")
            if self.ready():
                return
            time.sleep(0.02)
        raise HarnessError(f"annotationd was not ready in {timeout} s:\n{self.log()[-4000:]}")

    def stop(self, timeout=30):
        """SIGTERM; answers the exit code."""
        if not self.running():
            return self.process.returncode if self.process else None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise HarnessError(f"annotationd did not end in {timeout} s:\n{self.log()[-4000:]}") from None

    def kill(self):
        """SIGKILL."""
        if self.process is not None:
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait()

    def close(self):
        self.kill()
        if self.owns_directory and "ANNOT_TEST_KEEP" not in os.environ:
            shutil.rmtree(self.directory, ignore_errors=True)

    def log(self):
        if not os.path.exists(self.log_file):
            return ""
        with open(self.log_file, encoding="utf-8", errors="replace") as file:
            return file.read()

    def ctl(self, *arguments, stdin=None, check=True):
        """Runs annotationctl on the daemon's store."""
        program = self.program("annotationctl")
        if program is None:
            raise HarnessError("annotationctl is not built")
        done = subprocess.run([program, "--config", self.config_file, "--plugin-dir", self.plugin_dir(), *arguments],
                              input=stdin, capture_output=True, text=True, env=self.environment(), timeout=60,
                              check=False)
        if check and done.returncode != 0:
            raise HarnessError(f"annotationctl {' '.join(arguments)}: {done.returncode}: {done.stderr}")
        return done

    def add_user(self, name, password, roles=("annotator",)):
        """Works before the first start and beside the running daemon."""
        options = [part for role in roles for part in ("--role", role)]
        self.ctl("user", "add", name, *options, "--password-stdin", stdin=password + "\n")

    def client(self, token=None, timeout=10):
        return Client(self.port, token, timeout)

    def login(self, name, password, timeout=10):
        """A client with the account's bearer token."""
        client = self.client(timeout=timeout)
        answer = client.post("/api/v1/login", {"username": name, "password": password})
        if answer.status != 200:
            raise HarnessError(f"login as {name}: {answer!r}")
        client.token = answer.json()["access_token"]
        return client

    def topic_file(self, topic):
        return os.path.join(self.topics, f"{topic}.jsonl")

    def feed(self, documents, topic="hard-examples"):
        """Appends messages to a topic of the local broker: dicts as JSON, str as the line it is."""
        lines = [item if isinstance(item, str) else json.dumps(item, separators=(",", ":")) for item in documents]
        data = "".join(line + "\n" for line in lines).encode()
        descriptor = os.open(self.topic_file(topic), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, data)
        finally:
            os.close(descriptor)

    def read_topic(self, topic):
        """The whole messages of a topic, as parsed JSON."""
        path = self.topic_file(topic)
        if not os.path.exists(path):
            return []
        with open(path, "rb") as file:
            return [json.loads(line) for line in file.read().split(b"\n")[:-1] if line]


def wait_for(condition, timeout=10, interval=0.02):
    """Polls until condition() is true; answers its last value. A busy machine may take some times as long as said: what
    is promised within a time is for is_within()."""
    return is_within(condition, timeout * PATIENCE, interval)


def is_within(condition, seconds, interval=0.02):
    """The same, and not a moment longer."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() >= deadline:
            return value
        time.sleep(interval)


def stop_when(process, condition, step=0.02):
    """Stops the process (SIGSTOP) at a moment when condition() holds, which is asked while it stands; whether there was
    such a moment before it ended."""
    while process.poll() is None:
        process.send_signal(signal.SIGSTOP)
        if condition():
            return True
        process.send_signal(signal.SIGCONT)
        time.sleep(step)
    return False


def quickest(measure, seconds, attempts=3):
    """The least of some measured times, in seconds: what else a busy machine did is in the others. The first that is
    below `seconds` is good enough."""
    best = measure()
    while best >= seconds and attempts > 1:
        best = min(best, measure())
        attempts -= 1
    return best


def quote(text):
    return urllib.parse.quote(text, safe="")
