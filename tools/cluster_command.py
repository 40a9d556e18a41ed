#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/cluster: a deployment of many instances on loopback, to look at, to break and to demonstrate.

`up` leaves a keeper in the background that owns every process; the other commands ask it through a socket that only
this user can open.
"""

import argparse
import json
import os
import signal
import socket
import sys
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests", "lib"))
sys.path.insert(0, os.path.join(TOP, "tools"))

# pylint: disable=wrong-import-position
from annotationd_harness import HarnessError  # noqa: E402
from cluster import GROUP, HARD, Cluster  # noqa: E402
from cluster_demo import demonstrate  # noqa: E402
from servers import Unavailable  # noqa: E402

PARTITIONS = 6
EX_USAGE, EX_UNAVAILABLE, EX_TEMPFAIL = 64, 69, 75


def home():
    return os.path.join(tempfile.gettempdir(), f"annotationd-cluster-{os.getuid()}")


def control_path():
    return os.path.join(home(), "control")


def make_home():
    """A folder of ours alone: whoever owns the socket owns the cluster."""
    os.makedirs(home(), mode=0o700, exist_ok=True)
    status = os.lstat(home())
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise HarnessError(f"{home()} belongs to somebody else; remove it or set TMPDIR")


class Keeper:
    """Owns the cluster and answers commands, one connection at a time."""

    def __init__(self, count, say):
        self.cluster = Cluster(instances=count, partitions=PARTITIONS, with_nginx=True, say=say)
        self.commands = {"status": self.status, "scale": self.scale, "kill": self.kill, "drain": self.drain,
                         "info": self.info, "find": lambda number: self.find_running(number).number}

    def info(self):
        cluster = self.cluster
        return {
            "page": f"https://localhost:{cluster.nginx.port}/",
            "account": "demo",
            "password": cluster.password,
            "instances": {str(item.number): item.port for item in cluster.running()},
            "kafka": cluster.kafka.bootstrap,
            "postgres": cluster.postgres.url("annotations", "annotationd"),
            "redis": cluster.redis.url(),
            "redis_socket": cluster.redis.socket,
            "directory": cluster.directory,
        }

    def scale(self, count):
        fresh, surplus = self.cluster.scale(int(count))
        seconds = self.cluster.wait_spread(PARTITIONS)
        return {"started": [item.number for item in fresh], "drained": [item.number for item in surplus],
                "partitions spread after seconds": round(seconds, 1), "assignments": self.cluster.assignments()}

    def find_running(self, number):
        item = self.cluster.find(int(number))
        if not item.running():
            raise HarnessError(f"instance {item.number} has ended already")
        return item

    def kill(self, number):
        victim = self.find_running(number)
        victim.kill()
        seconds = self.cluster.wait_spread(PARTITIONS, 120)
        self.cluster.balance()
        return {"killed": victim.number, "partitions taken over after seconds": round(seconds, 1),
                "assignments": self.cluster.assignments()}

    def drain(self, number):
        victim = self.find_running(number)
        began = time.monotonic()
        code = victim.stop(60)
        seconds = time.monotonic() - began
        self.cluster.balance()
        if self.cluster.running():
            self.cluster.wait_spread(PARTITIONS, 120)
        return {"drained": victim.number, "exit code": code, "seconds": round(seconds, 1)}

    def status(self):
        cluster = self.cluster
        held = cluster.assignments()
        rows = []
        for item in cluster.instances:
            rows.append({"instance": item.number, "port": item.port, "log": item.log_file,
                         "state": ("ready" if item.ready() else "not ready") if item.running() else "ended",
                         "partitions": held.get(item.number, [])})
        return {
            "instances": rows,
            "websocket:connection_count": cluster.connection_count(),
            "group": cluster.kafka.describe_group(GROUP),
            "examples": cluster.postgres.sql("SELECT count(*) FROM annotationd.examples", "annotations"),
            "topic": HARD,
        }

    def answer(self, request):
        name, *arguments = request["command"]
        try:
            return {"result": self.commands[name](*arguments)}
        except Exception as error:  # pylint: disable=broad-except
            # Whatever went wrong, the cluster goes on and can still be ended.
            return {"error": str(error) if isinstance(error, HarnessError) else repr(error)}

    def serve(self, listener):
        while True:
            connection, _ = listener.accept()
            with connection, connection.makefile("rw", encoding="utf-8") as stream:
                line = stream.readline()
                if not line:
                    continue
                request = json.loads(line)
                if request["command"] == ["down"]:
                    self.cluster.close()
                    stream.write(json.dumps({"result": "stopped"}) + "\n")
                    return
                stream.write(json.dumps(self.answer(request)) + "\n")


def ask(*command, timeout=300):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(control_path())
        except OSError:
            raise HarnessError("no cluster runs here; start one: tools/cluster up 3") from None
        with connection.makefile("rw", encoding="utf-8") as stream:
            stream.write(json.dumps({"command": command}) + "\n")
            stream.flush()
            line = stream.readline()
    if not line:
        raise HarnessError("the cluster's keeper has ended; its log: " + os.path.join(home(), "log"))
    answer = json.loads(line)
    if "error" in answer:
        raise HarnessError(answer["error"])
    return answer["result"]


def is_up():
    with socket.socket(socket.AF_UNIX) as connection:
        return connection.connect_ex(control_path()) == 0


def keep(count, pipe):
    """The keeper's process: says what it starts into the pipe, then serves until `down`."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    log = os.open(os.path.join(home(), "log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for descriptor in (1, 2):
        os.dup2(log, descriptor)
    report = os.fdopen(pipe, "w", encoding="utf-8", buffering=1)
    try:
        keeper = Keeper(count, lambda text: report.write(f"{text} ...\n"))
    except (HarnessError, Unavailable) as error:
        report.write(f"error: {error}\n")
        return EX_UNAVAILABLE
    listener = socket.socket(socket.AF_UNIX)
    if os.path.exists(control_path()):
        os.unlink(control_path())
    listener.bind(control_path())
    listener.listen(8)
    keeper.cluster.say = lambda text: None
    report.write("up\n")
    report.close()
    try:
        keeper.serve(listener)
    finally:
        keeper.cluster.close()
        # While the socket is there nobody else comes up.
        if os.path.getsize(os.path.join(home(), "log")) == 0:
            os.unlink(os.path.join(home(), "log"))
        os.unlink(control_path())
    return 0


def up(count):
    make_home()
    if is_up():
        raise HarnessError("a cluster runs already; tools/cluster status, tools/cluster down")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os._exit(run_keeper(count, writer))
    os.close(writer)
    last = ""
    with os.fdopen(reader, encoding="utf-8") as stream:
        for line in stream:
            last = line.rstrip("\n")
            if last.startswith("error: "):
                rest = stream.read()
                raise HarnessError(last[len("error: "):] + ("\n" + rest if rest else ""))
            if last != "up":
                print(last, flush=True)
    if last != "up":
        raise HarnessError("the keeper ended before it was up; its log: " + os.path.join(home(), "log"))
    print_info(ask("info"))


def run_keeper(count, writer):
    """Ends without the parent's atexit handlers; the cluster's own have run by then."""
    try:
        return keep(count, writer)
    finally:
        sys.stdout.flush()
        for thread in threading.enumerate():
            if thread is not threading.main_thread() and not thread.daemon:
                thread.join(5)


def print_info(info):
    print(f"""
  page         {info["page"]}   (a certificate of this run; the browser warns)
  sign in as   {info["account"]}
  password     {info["password"]}""")
    for number, port in info["instances"].items():
        print(f"  instance {number}   http://127.0.0.1:{port}")
    print(f"""  Kafka        {info["kafka"]}
  PostgreSQL   {info["postgres"]}
  Redis        redis-cli -s {info["redis_socket"]}   (password in {os.path.dirname(info["redis_socket"])}/redis.conf)
  files        {info["directory"]}

What to try:
  tools/cluster demo       examples through Kafka, pages, labels, labelled examples
  tools/cluster status     who holds which partitions, who is ready
  tools/cluster scale 5    two more instances;  kill 2: SIGKILL;  drain 1: SIGTERM;  down: ends all of it""")


def print_status(result):
    for row in result["instances"]:
        parts = ",".join(str(item) for item in row["partitions"]) or "-"
        print(f"instance {row['instance']:<3} port {row['port']:<6} {row['state']:<10} partitions {parts:<14} {row['log']}")
    print(f"\nwebsocket:connection_count   {result['websocket:connection_count']}")
    print(f"stored examples              {result['examples']}")
    print(f"\n{'topic':<20} {'partition':>9} {'offset':>8} {'end':>8} {'lag':>5}  client")
    for row in result["group"]:
        print(f"{row.get('TOPIC', ''):<20} {row.get('PARTITION', ''):>9} {row.get('CURRENT-OFFSET', ''):>8} "
              f"{row.get('LOG-END-OFFSET', ''):>8} {row.get('LAG', ''):>5}  {row.get('CLIENT-ID', '')}")


def print_plain(result):
    for name, value in result.items():
        print(f"{name}: {json.dumps(value)}")


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(EX_USAGE, f"{self.prog}: {message}\n")


def parse():
    parser = Parser(prog="tools/cluster", description="Many instances as one, on this machine.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    one = commands.add_parser("up", help="start servers, load balancer and N instances; prints addresses")
    one.add_argument("count", type=int, nargs="?", default=3, metavar="N")
    one = commands.add_parser("demo", help="push examples through all of it and print what went where")
    one.add_argument("--examples", type=int, default=24, metavar="N", help="how many drawn examples (24)")
    one.add_argument("--file", help="these hard examples, JSON Lines, instead of drawn ones")
    one = commands.add_parser("scale", help="start or drain instances until N run")
    one.add_argument("count", type=int, metavar="N")
    for name, text in (("kill", "SIGKILL an instance"), ("drain", "SIGTERM an instance and wait for its end")):
        one = commands.add_parser(name, help=text)
        one.add_argument("number", type=int, metavar="NUMBER")
    one = commands.add_parser("status", help="instances, partitions, consumer lag")
    one.add_argument("--json", action="store_true")
    commands.add_parser("down", help="end all of it and remove its files")
    arguments = parser.parse_args()
    if getattr(arguments, "count", 1) not in range(1, 41):
        parser.error("N must be between 1 and 40")
    if getattr(arguments, "examples", 1) not in range(1, 1001):
        parser.error("--examples must be between 1 and 1000")
    return arguments


def main():
    arguments = parse()
    if arguments.command == "up":
        up(arguments.count)
    elif arguments.command == "demo":
        return demonstrate(ask("info"), arguments.examples, arguments.file)
    elif arguments.command == "status":
        result = ask("status")
        print(json.dumps(result, indent=2)) if arguments.json else print_status(result)
    elif arguments.command == "down":
        print(ask("down"))
    else:
        if arguments.command == "kill":
            ask("find", arguments.number)
            print("waiting until Kafka has noticed, up to 45 s ...", file=sys.stderr, flush=True)
        print_plain(ask(arguments.command, arguments.count if arguments.command == "scale" else arguments.number))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (HarnessError, Unavailable) as failure:
        print(f"tools/cluster: {failure}", file=sys.stderr)
        sys.exit(EX_UNAVAILABLE)
