"""Single faults, to be combined: each strikes at once and gives back what ends it."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

import redis

from infra.stack import supervisor
from infra.stack.process import PidFile
from infra.stack.server import Server
from tests.chaos.broker_access import connections_of, cut
from tests.chaos.ground import Ground

Mend = Callable[[], object]
"""Ends a fault; whatever it broke comes back by itself then."""


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    Args:
        name: in a few words.
        strike: makes it happen and returns what ends it.
    """

    name: str
    strike: Callable[[Ground], Mend]


def _signalled(name: str, number: signal.Signals) -> Callable[[Ground], Mend]:
    def strike(ground: Ground) -> Mend:
        # Another fault may have ended it a moment ago: its supervisor starts it again.
        ground.until(lambda: supervisor.pid_file(ground.layout, name).read() is not None, f"a running {name}", 90)
        ground.signal(name, number)
        return _nothing

    return strike


def _killed(server_of: Callable[[Ground], Server]) -> Callable[[Ground], Mend]:
    def strike(ground: Ground) -> Mend:
        server = server_of(ground)
        ground.kill_server(server.pid_file)
        return server.ensure

    return strike


def _broker_killed(ground: Ground) -> Mend:
    ground.kill_server(ground.stack.rabbitmq.pid_file)
    ground.kill_server(PidFile(ground.layout.run / "epmd.pid"))
    return ground.stack.rabbitmq.ensure


def _hangs(server_of: Callable[[Ground], Server]) -> Callable[[Ground], Mend]:
    """It closes no connection and answers nothing."""

    def strike(ground: Ground) -> Mend:
        record = server_of(ground).pid_file.read()
        assert record is not None, "it is not a server that this stack started"
        os.kill(record.pid, signal.SIGSTOP)
        return lambda: os.kill(record.pid, signal.SIGCONT)

    return strike


def _flushed(ground: Ground) -> Mend:
    index = ground.index()
    try:
        index.flushall()
    except redis.RedisError:
        # A fault of the same moment has taken Redis away: what it loses then is enough.
        return _nothing
    finally:
        index.close()
    return _nothing


def _connections_cut(ground: Ground) -> Mend:
    for name in connections_of(ground, ""):
        cut(ground, name)
    return _nothing


def _nothing() -> None:
    """End what has ended by itself."""


PROCESSES = tuple(
    Fault(f"{name} {word}", _signalled(name, number))
    for name in ("noop", "dispatcher", "cache", "gateway")
    for word, number in (("killed", signal.SIGKILL), ("asked to end", signal.SIGTERM))
)
FLUSHED = Fault("Redis flushed", _flushed)
REDIS_KILLED = Fault("Redis killed", _killed(lambda ground: ground.stack.redis))
BROKER_KILLED = Fault("RabbitMQ killed", _broker_killed)
STORE_KILLED = Fault("MinIO killed", _killed(lambda ground: ground.stack.store))
FAULTS = (
    *PROCESSES,
    FLUSHED,
    REDIS_KILLED,
    BROKER_KILLED,
    STORE_KILLED,
    Fault("Redis hangs", _hangs(lambda ground: ground.stack.redis)),
    Fault("MinIO hangs", _hangs(lambda ground: ground.stack.store)),
    Fault("connections to RabbitMQ cut", _connections_cut),
)


def fault(name: str) -> Fault:
    """Return the fault of that name."""
    return next(one for one in FAULTS if one.name == name)
