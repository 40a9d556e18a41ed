# SPDX-License-Identifier: Apache-2.0
"""Apache Kafka in KRaft mode, one process that is broker and controller; and librdkafka's mock of a cluster."""

import json
import os
import secrets
import subprocess
import time
import base64
import uuid

from annotationd_harness import BUILD_DIR, HarnessError, free_port

from .kafka_jars import kafka_jars
from .process import Server, Unavailable, need_program, run
from .proxy import Proxy


class Message:
    """A consumed message; key and value are text, bytes that are no UTF-8 replaced."""

    def __init__(self, document):
        self.topic = document["topic"]
        self.partition = document["partition"]
        self.offset = document["offset"]
        self.timestamp = document.get("ts")
        self.key = document.get("key")
        self.value = document.get("payload")
        flat = document.get("headers") or []
        self.headers = dict(zip(flat[::2], flat[1::2]))

    def json(self):
        return json.loads(self.value)

    def __repr__(self):
        return f"<{self.topic}[{self.partition}]@{self.offset} {self.key!r} {(self.value or '')[:100]!r}>"


def tool(*arguments, **options):
    """tests/lib/kafka-tool, which speaks the admin protocol."""
    return run([tool_program(), *[str(item) for item in arguments]], **options)


def ask_group(*arguments):
    """The same of a group, whose coordinator may be about to change, or to be there for the first time."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return tool(*arguments)
        except HarnessError as error:
            if "oordinator" not in str(error) or time.monotonic() >= deadline:
                raise
            time.sleep(0.2)


def librdkafka_version():
    """(2, 0, 2)"""
    return tuple(int(part) for part in tool("version").strip().split("-")[0].split("."))


def tool_program():
    path = os.path.join(BUILD_DIR, "tests", "lib", "kafka-tool")
    if not os.access(path, os.X_OK):
        raise Unavailable("tests/lib/kafka-tool is not built (make check-programs, --with-kafka)")
    return path


class Client:
    """Producing, consuming and making topics over `bootstrap`, without credentials."""

    bootstrap = None

    def create_topic(self, name, partitions=1, **settings):
        """settings: of the topic, with _ for . (max_message_bytes=1000)."""
        options = [part for key, value in settings.items() for part in ("-c", f"{key.replace('_', '.')}={value}")]
        tool("-b", self.bootstrap, *options, "create", name, partitions)

    def create_topics(self, names, partitions=1):
        """All of them at once."""
        tool("-b", self.bootstrap, "create", *[part for name in names for part in (name, partitions)])

    def delete_topic(self, name):
        tool("-b", self.bootstrap, "delete", name)

    def add_partitions(self, name, total):
        tool("-b", self.bootstrap, "add-partitions", name, total)

    def offsets(self, group):
        """{(topic, partition): committed offset}."""
        lines = [line.split() for line in ask_group("-b", self.bootstrap, "offsets", group).splitlines()]
        return {(topic, int(partition)): int(offset) for topic, partition, offset in lines}

    def set_offset(self, group, topic, partition, offset):
        """The group must be empty."""
        ask_group("-b", self.bootstrap, "set-offset", group, topic, partition, offset)

    def group(self, name):
        """Its state and members."""
        return json.loads(ask_group("-b", self.bootstrap, "group", name))

    def produce(self, topic, values, key=None, partition=None, headers=None):
        """One message a value (text, bytes, or what is written as JSON), in order, confirmed when it returns.

        headers: {name: text, or None for a null value}.
        """
        command = [need_program("kcat"), "-P", "-b", self.bootstrap, "-t", topic, "-X", "linger.ms=5",
                   "-X", "message.max.bytes=20000000"]
        if key is not None:
            command += ["-k", key]
        if partition is not None:
            command += ["-p", str(partition)]
        for name, value in (headers or {}).items():
            command += ["-H", name if value is None else f"{name}={value}"]
        lines = []
        for value in values:
            if isinstance(value, bytes):
                lines.append(value)
            else:
                lines.append((value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))).encode())
        # A separator that no message of a test contains.
        mark = f"<{secrets.token_hex(8)}>"
        done = subprocess.run([*command, "-D", mark], input=mark.encode().join(lines), capture_output=True, timeout=120,
                              check=False)
        if done.returncode != 0:
            raise HarnessError(f"kcat: {done.returncode}: {done.stderr.decode(errors='replace')[-1000:]}")

    def produce_nothing(self, topic, key="", null=False):
        """One message whose value is empty, or null; so is the key when it is empty."""
        mark = f"<{secrets.token_hex(8)}>"
        done = subprocess.run([need_program("kcat"), "-P", "-b", self.bootstrap, "-t", topic, "-K", mark,
                               *(["-Z"] if null else [])], input=f"{key}{mark}\n".encode(), capture_output=True,
                              timeout=60, check=False)
        if done.returncode != 0:
            raise HarnessError(f"kcat: {done.returncode}: {done.stderr.decode(errors='replace')[-1000:]}")

    def consume_raw(self, topic, timeout=20):
        """[(key, value)] of all messages, as bytes; None for a null."""
        mark = f"<{secrets.token_hex(8)}>"
        done = subprocess.run([need_program("kcat"), "-C", "-b", self.bootstrap, "-t", topic, "-e", "-q", "-o", "beginning",
                               "-f", f"%K {mark}%k{mark}%S {mark}%s{mark}"], capture_output=True, timeout=timeout,
                              check=True)
        parts = done.stdout.split(mark.encode())
        fields = [(int(size), data) for size, data in zip(parts[0:-1:2], parts[1::2])]
        values = [data if size >= 0 else None for size, data in fields]
        return list(zip(values[::2], values[1::2]))

    def consume(self, topic, timeout=20):
        """All messages that the topic holds now, partition by partition."""
        done = subprocess.run([need_program("kcat"), "-C", "-b", self.bootstrap, "-t", topic, "-e", "-q", "-J",
                               "-o", "beginning", "-X", "fetch.wait.max.ms=20", "-X", "fetch.error.backoff.ms=50",
                               "-X", "fetch.message.max.bytes=20000000", "-X", "receive.message.max.bytes=100000000"],
                              capture_output=True, timeout=timeout, check=False)
        if done.returncode != 0:
            raise HarnessError(f"kcat: {done.returncode}: {done.stderr.decode(errors='replace')[-1000:]}")
        return [Message(json.loads(line)) for line in done.stdout.decode(errors="replace").splitlines() if line]


class Kafka(Server, Client):
    """bootstrap: without credentials or encryption, for the test itself. clients: the address for the daemon: the same,
    or with certificates by TLS, or with sasl = {user: password} by SASL (PLAIN; SCRAM-SHA-256 after add_scram), or both.

    partitions: of topics that are made without saying. acl: whether SASL users need grants (add_acl). through_proxy:
    clients come through `proxy`.
    """

    kind = "kafka"

    def __init__(self, version="4.1.1", partitions=6, certificates=None, sasl=None, acl=False,
                 through_proxy=False, settings=()):
        super().__init__()
        self.java = need_program("java")
        self.version = version
        self.jars = kafka_jars(version)
        self.certificates = certificates
        self.sasl = sasl
        separate = certificates is not None or sasl is not None or through_proxy
        self.client_port = free_port() if separate else self.port
        self.proxy = Proxy(self.client_port) if through_proxy else None
        self.controller_port = free_port()
        self.bootstrap = f"127.0.0.1:{self.port}"
        host = "127.0.0.1" if certificates is None else "localhost"
        self.clients = f"{host}:{self.proxy.port if through_proxy else self.client_port}"
        self.protocol = ("SASL_" if sasl else "") + ("SSL" if certificates else "PLAINTEXT")
        self.properties = self.write("server.properties", self._properties(partitions, acl, settings))
        self._format()

    def _properties(self, partitions, acl, settings):
        separate = self.client_port != self.port
        listeners = [f"INTERNAL://127.0.0.1:{self.port}", f"CONTROLLER://127.0.0.1:{self.controller_port}"]
        advertised = [f"INTERNAL://127.0.0.1:{self.port}"]
        protocols = ["INTERNAL:PLAINTEXT", "CONTROLLER:PLAINTEXT"]
        if separate:
            listeners.append(f"CLIENTS://127.0.0.1:{self.client_port}")
            advertised.append(f"CLIENTS://{self.clients}")
            protocols.append(f"CLIENTS:{self.protocol}")
        lines = ["process.roles=broker,controller", "node.id=1",
                 f"controller.quorum.voters=1@127.0.0.1:{self.controller_port}", f"listeners={','.join(listeners)}",
                 f"advertised.listeners={','.join(advertised)}",
                 f"listener.security.protocol.map={','.join(protocols)}", "inter.broker.listener.name=INTERNAL",
                 "controller.listener.names=CONTROLLER", f"log.dirs={self.path('data')}",
                 f"num.partitions={partitions}", "offsets.topic.num.partitions=3",
                 "offsets.topic.replication.factor=1", "transaction.state.log.replication.factor=1",
                 "transaction.state.log.min.isr=1", "transaction.state.log.num.partitions=1",
                 "share.coordinator.state.topic.replication.factor=1", "share.coordinator.state.topic.min.isr=1",
                 "group.initial.rebalance.delay.ms=0", "group.min.session.timeout.ms=1000",
                 "auto.create.topics.enable=false", "delete.topic.enable=true", "message.max.bytes=16777216",
                 "replica.fetch.max.bytes=16777216", "num.network.threads=2", "num.io.threads=2",
                 "log.cleaner.enable=false", "controlled.shutdown.enable=false"]
        if self.certificates is not None:
            lines += ["listener.name.clients.ssl.keystore.type=PEM",
                      f"listener.name.clients.ssl.keystore.location={self.certificates.bundle()}",
                      "listener.name.clients.ssl.truststore.type=PEM",
                      f"listener.name.clients.ssl.truststore.location={self.certificates.ca}"]
        if self.sasl is not None:
            users = " ".join(f'user_{name}="{secret}"' for name, secret in self.sasl.items())
            lines += ["listener.name.clients.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256",
                      "listener.name.clients.plain.sasl.jaas.config="
                      f"org.apache.kafka.common.security.plain.PlainLoginModule required {users};",
                      "listener.name.clients.scram-sha-256.sasl.jaas.config="
                      "org.apache.kafka.common.security.scram.ScramLoginModule required;"]
        if acl:
            lines += ["authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                      "super.users=User:ANONYMOUS", "allow.everyone.if.no.acl.found=false"]
        return "\n".join([*lines, *settings]) + "\n"

    def _java(self, *arguments, heap="512m"):
        return [self.java, f"-Xmx{heap}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
                "-cp", os.path.join(self.jars, "*"), *arguments]

    def _format(self):
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode().replace("-", "A")
        run(self._java("kafka.tools.StorageTool", "format", "-t", cluster, "-c", self.properties, heap="128m"),
            cwd=self.directory)

    def command(self):
        return self._java("kafka.Kafka", self.properties)

    def answers(self):
        done = subprocess.run([need_program("kcat"), "-L", "-b", self.bootstrap, "-m", "2", "-J"], capture_output=True,
                              text=True, timeout=20, check=False)
        return done.returncode == 0 and bool(json.loads(done.stdout).get("brokers"))

    def close(self):
        super().close()
        if self.proxy is not None:
            self.proxy.close()

    def admin(self, name, *arguments):
        """One of Kafka's own command-line tools by its class, under org.apache.kafka.tools."""
        return run(self._java(f"org.apache.kafka.tools.{name}", "--bootstrap-server", self.bootstrap,
                              *arguments, heap="128m"), cwd=self.directory)

    def describe_group(self, group):
        """What `kafka-consumer-groups.sh --describe` prints: one dict a partition, by its column names."""
        lines = [line.split() for line in
                 self.admin("consumer.group.ConsumerGroupCommand", "--describe", "--group", group).splitlines() if line]
        head = next((line for line in lines if line[0] == "GROUP"), [])
        return [dict(zip(head, line)) for line in lines if line[0] == group]

    def add_scram(self, user):
        """Lets a user of `sasl` in by SCRAM-SHA-256 too."""
        run(self._java("kafka.admin.ConfigCommand", "--bootstrap-server", self.bootstrap, "--alter", "--entity-type",
                       "users", "--entity-name", user, "--add-config", f"SCRAM-SHA-256=[password={self.sasl[user]}]",
                       heap="128m"), cwd=self.directory)

    def add_acl(self, user, operation, topic=None, group=None):
        where = ["--topic", topic] if topic is not None else ["--group", group]
        run(self._java("kafka.admin.AclCommand" if self.version.startswith("3.") else "org.apache.kafka.tools.AclCommand",
                       "--bootstrap-server", self.bootstrap, "--add", "--allow-principal", f"User:{user}",
                       "--operation", operation, *where, heap="128m"), cwd=self.directory)


class MockKafka(Server, Client):
    """librdkafka's mock cluster as a process: groups, commits, brokers that go down and errors on demand; no admin
    protocol, no TLS, and it forgets beyond 5 MiB or 100,000 messages a partition."""

    kind = "mock-kafka"

    def __init__(self, brokers=1):
        super().__init__()
        self.brokers = brokers
        self.bootstrap = None
        self.clients = None

    def command(self):
        return [tool_program(), "mock", str(self.brokers)]

    def start(self, wait=True, timeout=20):
        with open(self.log_file, "ab") as log:
            # pylint: disable=consider-using-with
            self.process = subprocess.Popen(self.command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                                            text=True, start_new_session=True)
        self.bootstrap = self.clients = self.process.stdout.readline().strip()
        if not self.bootstrap:
            raise HarnessError(f"no mock cluster: {self.log()}")
        return self

    def ask(self, command):
        """One command of kafka-tool mock; answers its line."""
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if answer != "ok":
            raise HarnessError(f"mock cluster: {command}: {answer}")
        return answer

    def create_topic(self, name, partitions=1, **_):
        self.ask(f"topic {name} {partitions}")

    def create_topics(self, names, partitions=1):
        for name in names:
            self.create_topic(name, partitions)

    def answers(self):
        return self.running()
