# SPDX-License-Identifier: Apache-2.0
"""Real servers for the tests: each private, on free loopback ports, in a temporary directory, stopped by process id.

    with Postgres() as database, Redis(password="x") as redis, Kafka(partitions=6) as kafka:
        daemon = Daemon({"store": {"plugin": "postgres"}, "postgres": {"conninfo": database.url()}})

Every server has start(), stop(), kill(), suspend(), resume(), running() and log(); ending the block removes its files.
Unavailable says why one cannot run here: the test then skips by name what only that server can show.
"""

from .certificates import Certificates
from .kafka import Kafka, Message, MockKafka, librdkafka_version
from .nginx import Nginx
from .packet_loss import PacketLoss
from .postgres import PgBouncer, Postgres
from .process import Server, Unavailable
from .proxy import Proxy
from .redis import Redis, Sentinel

__all__ = [
    "Certificates",
    "Kafka",
    "Message",
    "MockKafka",
    "Nginx",
    "PacketLoss",
    "PgBouncer",
    "Postgres",
    "Proxy",
    "Redis",
    "Sentinel",
    "Server",
    "Unavailable",
    "librdkafka_version",
]
