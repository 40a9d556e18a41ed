# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL, primaries and standbys, and PgBouncer before one."""

import glob
import os
import secrets
import signal
import subprocess

from annotationd_harness import HarnessError, wait_for

from .process import Server, need_program, other_user, run

# Anybody on the host may connect.
PASSWORD = f"test-{secrets.token_hex(12)}"


def debian_folders():
    """Debian keeps the programs of each major version apart; the newest comes first."""
    return sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: -int(path.split("/")[-2]))


class Postgres(Server):
    """A cluster of its own; the superuser `postgres` and every role made by add_role() have PASSWORD.

    durable: commits reach the disk (off: a test that pulls no plug is faster). certificates: TCP takes TLS only.
    standby_of: a streaming copy of another Postgres, read-only until promote().
    """

    kind = "postgres"
    stop_signal = signal.SIGINT

    def __init__(self, durable=False, certificates=None, standby_of=None, settings=()):
        super().__init__()
        folders = debian_folders()
        self.psql = need_program("psql", folders)
        self.postgres = need_program("postgres", folders)
        self.user_prefix, self.owner = other_user("postgres")
        self.certificates = certificates
        self.data = self.path("data")
        if self.owner is not None:
            os.chown(self.directory, *self.owner)
            os.chmod(self.directory, 0o755)
        if standby_of is None:
            self._initialise(folders)
        else:
            self._copy(standby_of, folders)
        self._configure(durable, settings)

    def _as_owner(self, command, **options):
        return run([*self.user_prefix, *command], cwd=self.directory, **options)

    def _initialise(self, folders):
        secret = self.write("password", PASSWORD + "\n")
        if self.owner is not None:
            os.chown(secret, *self.owner)
        self._as_owner([need_program("initdb", folders), "-D", self.data, "-U", "postgres", "--pwfile", secret,
                        "--auth-local=trust", "--auth-host=scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8",
                        "--no-sync"])

    def _copy(self, primary, folders):
        self._as_owner([need_program("pg_basebackup", folders), "-D", self.data, "-d", primary.socket_conninfo(),
                        "-R", "--checkpoint=fast", "--no-sync"])

    def _configure(self, durable, settings):
        lines = [f"port = {self.port}", "listen_addresses = '127.0.0.1'", f"unix_socket_directories = '{self.directory}'",
                 "max_connections = 200", "shared_buffers = 128MB", "max_wal_size = 4GB", "logging_collector = off",
                 "log_line_prefix = '%p '", "hot_standby = on"]
        if not durable:
            lines += ["fsync = off", "full_page_writes = off"]
        if self.certificates is not None:
            key = self.certificates.copy_key("server", self.directory, self.owner)
            lines += ["ssl = on", f"ssl_cert_file = '{self.certificates.certificate()}'", f"ssl_key_file = '{key}'",
                      f"ssl_ca_file = '{self.certificates.ca}'"]
            with open(os.path.join(self.data, "pg_hba.conf"), "w", encoding="utf-8") as file:
                file.write("local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
                           "local replication all trust\n")
        with open(os.path.join(self.data, "postgresql.auto.conf"), "a", encoding="utf-8") as file:
            file.write("\n".join([*lines, *settings]) + "\n")

    def command(self):
        return [*self.user_prefix, self.postgres, "-D", self.data]

    def answers(self):
        try:
            return self.sql("SELECT 1") == "1"
        except (HarnessError, subprocess.TimeoutExpired):
            return False

    def socket_conninfo(self, database="postgres"):
        return f"host={self.directory} port={self.port} dbname={database} user=postgres"

    def sql(self, text, database="postgres", timeout=60):
        """As the superuser; answers rows, one a line, columns parted by |."""
        return run([self.psql, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", self.socket_conninfo(database),
                    "-c", text], timeout=timeout).rstrip("\n")

    def add_database(self, name, owner="postgres"):
        self.sql(f'CREATE DATABASE "{name}" OWNER "{owner}"')

    def add_role(self, name, rights="LOGIN"):
        self.sql(f"CREATE ROLE \"{name}\" {rights} PASSWORD '{PASSWORD}'")

    def url(self, database="postgres", user="postgres", password=PASSWORD, port=None, query=""):
        """port: of a proxy or a bouncer before it."""
        return f"postgresql://{user}:{password}@127.0.0.1:{port or self.port}/{database}{query}"

    def conninfo(self, database="postgres", user="postgres", port=None):
        """Without the password."""
        return f"host=127.0.0.1 port={port or self.port} dbname={database} user={user}"

    def kill_backends(self, database="postgres"):
        """Ends every client's session; answers how many there were."""
        return int(self.sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = "
                            f"'client backend' AND pid <> pg_backend_pid() AND datname = '{database}'"))

    def promote(self):
        self.sql("SELECT pg_promote(true, 30)")

    def wait_standby(self, timeout=20):
        """Until a standby streams from here."""
        if not wait_for(lambda: self.sql("SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'") != "0",
                        timeout):
            raise HarnessError(f"no standby streams:\n{self.log()[-2000:]}")

    def wait_synchronous(self, timeout=20):
        """From here on every commit waits until a standby has it."""
        self.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.sql("SELECT pg_reload_conf()")
        if not wait_for(lambda: self.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") != "0",
                        timeout):
            raise HarnessError(f"no standby is synchronous:\n{self.log()[-2000:]}")

    def signal(self, number):
        """Each child leads a session of its own, so the group is not enough. New ones cannot come once the parent stands
        still or is gone."""
        if not self.running():
            return
        super().signal(number)
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            children = file.read().split()
        for child in children:
            try:
                os.kill(int(child), number)
            except ProcessLookupError:
                pass

    def kill(self):
        """All of it; what a dead postmaster leaves in the way of the next start goes too."""
        super().kill()
        for name in ("postmaster.pid",):
            if os.path.exists(os.path.join(self.data, name)):
                os.unlink(os.path.join(self.data, name))

    def backend_seconds(self):
        """CPU seconds of all client backends that live now, by process id."""
        ticks = os.sysconf("SC_CLK_TCK")
        seconds = {}
        pids = self.sql("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' "
                        "AND pid <> pg_backend_pid()")
        for pid in pids.split():
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                    fields = file.read().rpartition(")")[2].split()
            except FileNotFoundError:
                continue
            seconds[pid] = (int(fields[11]) + int(fields[12])) / ticks
        return seconds


class PgBouncer(Server):
    """Pools in transaction mode before a Postgres."""

    kind = "pgbouncer"
    stop_signal = signal.SIGINT

    def __init__(self, database, pool_size=10):
        super().__init__()
        self.program = need_program("pgbouncer", ["/usr/sbin"])
        self.user_prefix, owner = other_user("postgres")
        self.database = database
        self.write("users.txt", f'"postgres" "{PASSWORD}"\n')
        self.write("pgbouncer.ini", f"""
[databases]
* = host=127.0.0.1 port={database.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {self.path("users.txt")}
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 200
ignore_startup_parameters = extra_float_digits
server_lifetime = 3600
""")
        if owner is not None:
            os.chown(self.directory, *owner)
            for name in os.listdir(self.directory):
                os.chown(self.path(name), *owner)

    def command(self):
        return [*self.user_prefix, self.program, self.path("pgbouncer.ini")]

    def answers(self):
        done = subprocess.run([self.database.psql, "-X", "-A", "-t", "-d", self.database.url(port=self.port),
                               "-c", "SELECT 1"], capture_output=True, text=True, timeout=20, check=False)
        return done.stdout.strip() == "1"
