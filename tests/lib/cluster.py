# SPDX-License-Identifier: Apache-2.0
"""A whole deployment on loopback: PostgreSQL, Redis, Apache Kafka, nginx and any number of instances that share them.

    with Cluster(instances=3) as cluster:
        cluster.instances[0].kill()

Instances are configured by the environment variables of the older service alone, and by what a test adds.
"""

import http.client
import os
import secrets
import shutil
import tempfile
import time

from annotationd_harness import Daemon, HarnessError, wait_for
from servers import Certificates, Kafka, Nginx, Postgres, Proxy, Redis

GROUP = "annotation-frontend-group"
HARD, LABELED, EVENTS, DEAD = "hard-examples", "labeled-examples", "annotation.events", "hard-examples.dlq"


class Instance(Daemon):
    """One of many; its keyfile is empty."""

    def __init__(self, number, directory, environment, build_dir=None):
        self.number = number
        super().__init__(directory=directory, env=environment, build_dir=build_dir)
        self.env.update({"HOST": "127.0.0.1", "PORT": str(self.port), "ANNOTATIOND_SERVICE_STATE_DIR": directory,
                         "ANNOTATIOND_SERVICE_INSTANCE_ID": f"instance-{number}"})

    def write_config(self):
        self.config = {}
        super().write_config()


class Cluster:
    """proxied: every instance reaches each server through a Proxy (postgres_proxy, redis_proxy, kafka_proxy).

    settings: further environment variables of each instance. durable: PostgreSQL writes to the disk.
    """

    # pylint: disable=too-many-instance-attributes,too-many-arguments
    def __init__(self, instances=3, partitions=6, proxied=False, with_nginx=False, settings=None, build_dir=None,
                 durable=True, say=lambda text: None):
        self.directory = tempfile.mkdtemp(prefix="annotationd-cluster-")
        self.say = say
        self.build_dir = build_dir
        self.settings = dict(settings or {})
        self.instances = []
        self.made = 0
        self.password = secrets.token_hex(12)
        self.things = []
        self.demo_token = None
        try:
            self._start_servers(partitions, proxied, durable)
            self.add_accounts()
            self.scale(instances)
            self.nginx = None
            if with_nginx:
                self.say("nginx")
                self.nginx = self._keep(Nginx([item.port for item in self.instances], self._keep(Certificates())))
        except BaseException:
            self.close()
            raise

    def _keep(self, thing):
        self.things.append(thing)
        return thing.__enter__()

    def _start_servers(self, partitions, proxied, durable):
        secret = secrets.token_hex(12)
        self.say("PostgreSQL")
        self.postgres = self._keep(Postgres(durable=durable))
        self.postgres.add_role("annotationd")
        self.postgres.add_database("annotations", owner="annotationd")
        self.say("Redis")
        self.redis = self._keep(Redis(password=secret))
        self.say("Apache Kafka")
        self.kafka = self._keep(Kafka(partitions=partitions, through_proxy=proxied))
        for topic, count in ((HARD, partitions), (LABELED, partitions), (EVENTS, 1), (DEAD, 1)):
            self.kafka.create_topic(topic, count)
        self.postgres_proxy = self._keep(Proxy(self.postgres.port)) if proxied else None
        self.redis_proxy = self._keep(Proxy(self.redis.port)) if proxied else None
        self.kafka_proxy = self.kafka.proxy

    def environment(self):
        """What the older service was configured by."""
        return {
            "SERVICE_NAME": "annotation-frontend",
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.clients,
            "KAFKA_GROUP_ID": GROUP,
            "HARD_EXAMPLES_TOPIC": HARD,
            "LABELED_EXAMPLES_TOPIC": LABELED,
            "REDIS_URL": self.redis.url(port=self.redis_proxy and self.redis_proxy.port),
            "DATABASE_URL": self.postgres.url("annotations", "annotationd",
                                              port=self.postgres_proxy and self.postgres_proxy.port),
            # So long the load balancer has to leave the connections that it keeps to an instance that stops.
            "ANNOTATIOND_SERVICE_DRAIN_DELAY": "1",
            # Everybody here has one address.
            "ANNOTATIOND_LIMITS_LOGIN": "100000/min",
            "ANNOTATIOND_LIMITS_LABEL": "100000/min",
            "ANNOTATIOND_LIMITS_DEFAULT": "100000/min",
            "ANNOTATIOND_HTTP_TRUSTED_PROXIES": "127.0.0.1",
            "ANNOTATIOND_HTTP_MAX_CONNECTIONS_PER_ADDRESS": "5000",
            **self.settings,
        }

    def _new_instance(self):
        self.made += 1
        directory = os.path.join(self.directory, f"instance-{self.made}")
        os.makedirs(directory)
        return Instance(self.made, directory, self.environment(), self.build_dir)

    def add_accounts(self):
        """`demo` may do everything, `ann-1` to `ann-8` annotate; all have the password of this run."""
        helper = self._new_instance()
        self.made = 0
        helper.add_user("demo", self.password, ["annotator", "producer", "admin", "compliance_officer"])
        for number in range(1, 9):
            helper.add_user(f"ann-{number}", self.password)
        shutil.rmtree(helper.directory)

    def running(self):
        return [item for item in self.instances if item.running()]

    def find(self, number):
        """The instance of that number, dead or alive."""
        for item in self.instances:
            if item.number == number:
                return item
        raise HarnessError(f"there is no instance {number}; there are "
                           f"{', '.join(str(item.number) for item in self.instances)}")

    def scale(self, count):
        """Starts or drains instances until so many run; answers what was done."""
        running = self.running()
        fresh = [self._new_instance() for _ in range(count - len(running))]
        for item in fresh:
            self.say(f"instance {item.number}")
            item.start(wait=False)
            self.instances.append(item)
        for item in fresh:
            item.wait_ready(180)
        surplus = running[count:]
        for item in surplus:
            self.say(f"drains instance {item.number}")
            item.stop(60)
        self.balance()
        return fresh, surplus

    def balance(self):
        """The load balancer knows who runs."""
        if getattr(self, "nginx", None) is not None and self.running():
            self.nginx.set_upstreams([item.port for item in self.running()])
            self.nginx.reload()

    def wait_ready(self, timeout=60):
        for item in self.running():
            item.wait_ready(timeout)

    def token(self):
        """Of `demo`, good on every instance."""
        if self.demo_token is None:
            self.demo_token = self.running()[0].login("demo", self.password).token
        return self.demo_token

    def assignments(self):
        """{instance number: partitions of the hard examples' topic} as each instance says itself."""
        result = {}
        for item in self.running():
            client = item.client(self.token(), timeout=3)
            try:
                assignments = client.get("/api/v1/kafka/metrics").json().get("assignments", [])
            except (OSError, http.client.HTTPException):
                continue
            finally:
                client.close()
            result[item.number] = [entry["partition"] for entry in assignments if entry["topic"] == HARD]
        return result

    def is_spread(self, partitions):
        """Every partition belongs to exactly one instance, and nobody who could have one has none."""
        held = self.assignments()
        flat = sorted(item for items in held.values() for item in items)
        return flat == list(range(partitions)) and len([items for items in held.values() if items]) == min(
            partitions, len(self.running()))

    def wait_spread(self, partitions, timeout=60):
        """Seconds until it is so."""
        began = time.monotonic()
        if not wait_for(lambda: self.is_spread(partitions), timeout, 0.1):
            raise HarnessError(f"partitions are not spread after {timeout} s: {self.assignments()}")
        return time.monotonic() - began

    def add_standby(self):
        """Of PostgreSQL: it has all that is committed from here on."""
        standby = self._keep(Postgres(durable=True, standby_of=self.postgres))
        self.postgres.wait_synchronous()
        return standby

    def use_standby(self, standby):
        """It becomes the primary, and answers where the former one, which is gone, did."""
        standby.promote()
        self.postgres_proxy.target = standby.port
        self.postgres.close()
        self.postgres = standby

    def add_replica(self):
        """Of Redis: a copy that follows it."""
        replica = self._keep(Redis(password=self.redis.password, replica_of=self.redis))
        replica.wait_replica()
        return replica

    def use_replica(self, replica):
        """It becomes the master, and answers where the former one, which is gone, did."""
        replica.promote()
        self.redis_proxy.target = replica.port
        self.redis.close()
        self.redis = replica

    def connection_count(self):
        """What other programs read."""
        return int(self.redis.cli("GET", "websocket:connection_count") or 0)

    def close(self):
        for item in self.instances:
            item.kill()
        for thing in reversed(self.things):
            thing.close()
        if "ANNOT_TEST_KEEP" not in os.environ:
            shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
