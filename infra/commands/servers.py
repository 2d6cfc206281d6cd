"""The mesh's own servers, for commands of an operator on a machine that has the administrator's account."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import redis
import typer

from mesh.errors import MeshError
from mesh.settings import BrokerSettings, Settings
from mesh.store.connect import redis_client
from mesh.store.objects import Objects

UNREACHABLE = 2
"""Exit status when a server cannot be reached, or nothing says where it is."""


@dataclass(frozen=True)
class Servers:
    """As the administrator sees them.

    Args:
        objects: the store.
        index: Redis.
        broker: RabbitMQ.
    """

    objects: Objects
    index: redis.Redis
    broker: BrokerSettings


@contextmanager
def servers(command: str) -> Iterator[Servers]:
    """Give the servers to a command; what the mesh raises becomes a clear line and exit status 2."""
    try:
        connections = Settings().connections("admin")
        index = redis_client(connections.redis)
        try:
            yield Servers(Objects(connections.store), index, connections.broker)
        finally:
            index.close()
    except MeshError as error:
        print(f"odamesh {command}: {error}", file=sys.stderr)
        raise typer.Exit(UNREACHABLE) from error
