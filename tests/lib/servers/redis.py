# SPDX-License-Identifier: Apache-2.0
"""redis-server and its Sentinel."""

import os
import subprocess

from .process import Server, need_program, run
from annotationd_harness import HarnessError, wait_for


class Redis(Server):
    """password: of the default user. user: (name, password, rules) of one more, the default user being off then.
    certificates: TLS only. replica_of: another Redis. settings: further lines of redis.conf."""

    kind = "redis"

    def __init__(self, password=None, user=None, certificates=None, replica_of=None, settings=()):
        super().__init__()
        self.program = need_program("redis-server")
        self.cli_program = need_program("redis-cli")
        self.password = password
        self.user = user
        self.certificates = certificates
        self.socket = self.path("redis.sock")
        lines = ["bind 127.0.0.1", "save ''", "appendonly no", f"dir {self.directory}", "daemonize no",
                 f"unixsocket {self.socket}", "unixsocketperm 700"]
        if certificates is None:
            lines.append(f"port {self.port}")
        else:
            lines += ["port 0", f"tls-port {self.port}", f"tls-cert-file {certificates.certificate()}",
                      f"tls-key-file {certificates.key()}", f"tls-ca-cert-file {certificates.ca}",
                      "tls-auth-clients optional"]
        if password is not None:
            lines += [f"requirepass {password}", f"masterauth {password}"]
        if user is not None:
            name, secret, rules = user
            lines += [f"user {name} on >{secret} {rules}", "user default off"]
        if replica_of is not None:
            lines.append(f"replicaof 127.0.0.1 {replica_of.port}")
        self.configuration = self.write("redis.conf", "\n".join([*lines, *settings]) + "\n")

    def command(self):
        return [self.program, self.configuration]

    def cli(self, *arguments, timeout=10):
        """redis-cli over the Unix socket; answers what it printed, without the last newline."""
        env = dict(os.environ)
        command = [self.cli_program, "-s", self.socket]
        if self.user is not None:
            command += ["--user", self.user[0]]
        secret = self.user[1] if self.user is not None else self.password
        if secret is not None:
            env["REDISCLI_AUTH"] = secret
        return run([*command, *[str(item) for item in arguments]], env=env, timeout=timeout).rstrip("\n")

    def answers(self):
        try:
            return "PONG" in self.cli("PING", timeout=2)
        except (HarnessError, subprocess.TimeoutExpired):
            return False

    def url(self, database=None, scheme=None, port=None):
        """port: of a proxy before it."""
        secret = ""
        if self.user is not None:
            secret = f"{self.user[0]}:{self.user[1]}@"
        elif self.password is not None:
            secret = f":{self.password}@"
        scheme = scheme or ("redis" if self.certificates is None else "rediss")
        tail = "" if database is None else f"/{database}"
        return f"{scheme}://{secret}127.0.0.1:{port or self.port}{tail}"

    def wait_replica(self, timeout=20):
        """Until this replica follows its master."""
        if not wait_for(lambda: "master_link_status:up" in self.cli("INFO", "replication"), timeout):
            raise HarnessError(f"the replica does not follow:\n{self.log()[-2000:]}")

    def promote(self):
        """This replica is a master from now on, also when it is started again."""
        self.cli("REPLICAOF", "NO", "ONE")
        self.cli("CONFIG", "REWRITE")


class Sentinel(Server):
    """Watches one master under a name; a master that is away for down_after milliseconds is replaced.
    password: to ask it."""

    kind = "sentinel"

    def __init__(self, master, name="annotations", quorum=1, down_after=1000, password=None):
        super().__init__()
        self.program = need_program("redis-server")
        self.cli_program = need_program("redis-cli")
        self.name = name
        self.password = password
        lines = [f"port {self.port}", "bind 127.0.0.1", "protected-mode no", f"dir {self.directory}",
                 f"sentinel monitor {name} 127.0.0.1 {master.port} {quorum}",
                 f"sentinel down-after-milliseconds {name} {down_after}",
                 f"sentinel failover-timeout {name} 5000"]
        if master.password is not None:
            lines.append(f"sentinel auth-pass {name} {master.password}")
        if password is not None:
            lines.append(f"requirepass {password}")
        self.configuration = self.write("sentinel.conf", "\n".join(lines) + "\n")

    def command(self):
        return [self.program, self.configuration, "--sentinel"]

    def cli(self, *arguments):
        env = {**os.environ, "REDISCLI_AUTH": self.password} if self.password is not None else None
        command = [self.cli_program, "-p", str(self.port), *[str(item) for item in arguments]]
        return run(command, env=env, timeout=10).rstrip("\n")

    def watch(self, master):
        """Another server under the same name, as a sentinel does that missed a failover or made one of its own."""
        self.cli("SENTINEL", "REMOVE", self.name)
        self.cli("SENTINEL", "MONITOR", self.name, "127.0.0.1", master.port, 1)

    def answers(self):
        try:
            return bool(self.master_port())
        except (HarnessError, subprocess.TimeoutExpired):
            return False

    def master_port(self):
        lines = self.cli("SENTINEL", "get-master-addr-by-name", self.name).splitlines()
        return int(lines[1]) if len(lines) == 2 else 0

    def knows_replicas(self, count=1):
        return f"num-slaves\n{count}" in self.cli("SENTINEL", "master", self.name)
