"""Servers that fail at the n-th call: Redis as it is, and a store and a broker in memory, all counted together."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import redis
from redis.client import Pipeline
from redis.exceptions import ConnectionError as RedisConnectionError

from mesh.broker.outgoing import Outgoing
from mesh.contracts import Document
from mesh.errors import BrokerUnavailable, NotFound, StoreUnavailable
from mesh.store.objects import Objects, StoredObject

_T = TypeVar("_T")


class Fault(Enum):
    """What happens at a call."""

    REFUSED = "the server does not do it"
    UNANSWERED = "the server does it, its answer is lost"
    DIED = "the server does it, the process that asked dies"


class Died(BaseException):
    """The process ends here: nothing of it runs any more, and it does not clear up."""


@dataclass
class Injector:
    """Counts the calls of all processes, and lets one of them fail."""

    at: int = 0
    """Number of the call that fails, from 1; 0: none."""
    fault: Fault = Fault.REFUSED
    calls: int = 0
    armed: bool = False
    dead: bool = False
    hit: str = ""
    """What the call was that failed."""

    def call(self, what: str, work: Callable[[], _T], error: Exception) -> _T:
        """Do *work*, unless the fault is here."""
        if self.dead:
            raise Died
        if self.armed:
            self.calls += 1
        if not self.armed or self.calls != self.at:
            return work()
        self.hit = what
        if self.fault is not Fault.REFUSED:
            work()
        if self.fault is Fault.DIED:
            self.dead = True
            raise Died
        raise error


class FaultyRedis(redis.Redis):
    """A client of a real Redis."""

    def __init__(self, real: redis.Redis, injector: Injector) -> None:
        super().__init__(connection_pool=real.connection_pool)
        self._injector = injector

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send one command."""

        def work() -> Any:
            return super(FaultyRedis, self).execute_command(*args, **options)  # type: ignore[no-untyped-call]

        return self._injector.call(f"redis {' '.join(map(str, args[:2]))}", work, RedisConnectionError("injected"))

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Any:
        """Return a pipeline whose commands go together."""
        made = _FaultyPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        made.injector = self._injector
        return made


class _FaultyPipeline(Pipeline):
    injector: Injector

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        names = " ".join(str(entry[0][0]) for entry in self.command_stack[:3])

        def work() -> list[Any]:
            return super(_FaultyPipeline, self).execute(raise_on_error)

        return self.injector.call(f"redis pipeline {names}", work, RedisConnectionError("injected"))

    def immediate_execute_command(self, *args: Any, **options: Any) -> Any:
        def work() -> Any:
            return super(_FaultyPipeline, self).immediate_execute_command(*args, **options)  # type: ignore[no-untyped-call]

        return self.injector.call(f"redis {args[0]}", work, RedisConnectionError("injected"))


class MemoryObjects(Objects):
    """A store in memory."""

    def __init__(self, injector: Injector) -> None:
        self._injector = injector
        self.kept: dict[str, tuple[bytes, datetime]] = {}

    def put(self, name: str, content: bytes, media_type: str = "application/octet-stream") -> None:
        """Write an object."""
        self._call("put", name, lambda: self._keep(name, content))

    def swap(
        self, name: str, content: bytes, tag: str | None, media_type: str = "application/octet-stream"
    ) -> str | None:
        """Write an object in the place of a known one, or of none."""

        def work() -> str | None:
            there = sha256(self.kept[name][0]).hexdigest() if name in self.kept else None
            if there != tag:
                return None
            self._keep(name, content)
            return sha256(content).hexdigest()

        return self._call("put new" if tag is None else "replace", name, work)

    def get_tagged(self, name: str) -> tuple[bytes, str]:
        """Return the content of an object, with a tag."""
        content = self.get(name)
        return content, sha256(content).hexdigest()

    def upload(self, name: str, path: Path, media_type: str = "application/octet-stream") -> None:
        """Write an object from a file."""
        content = path.read_bytes()
        self._call("upload", name, lambda: self._keep(name, content))

    def get(self, name: str) -> bytes:
        """Return the content of an object."""
        return self._call("get", name, lambda: self._read(name))

    def download(self, name: str, path: Path) -> str:
        """Write an object to a file."""
        content = self.get(name)
        path.write_bytes(content)
        return sha256(content).hexdigest()

    def blocks(self, name: str, size: int, offset: int = 0, length: int = 0) -> Iterator[bytes]:
        """Return an object, or a part of it, in one block."""
        yield self.get(name)[offset : offset + length if length else None]

    def exists(self, name: str) -> bool:
        """Say whether an object is there."""
        return self._call("exists", name, lambda: name in self.kept)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Return the objects below a prefix."""
        names = self._call("list", prefix, lambda: sorted(name for name in self.kept if name.startswith(prefix)))
        for name in names:
            content, modified = self.kept[name]
            yield StoredObject(name=name, size=len(content), modified=modified)

    def delete(self, name: str) -> None:
        """Delete an object."""
        self._call("delete", name, lambda: self.kept.pop(name, None))

    def presign(self, name: str, seconds: int, disposition: str = "") -> str:
        """Return no link: nobody follows one here."""
        raise NotImplementedError

    def _call(self, what: str, name: str, work: Callable[[], _T]) -> _T:
        return self._injector.call(f"store {what} {name}", work, StoreUnavailable("StoreUnavailable", "injected"))

    def _keep(self, name: str, content: bytes) -> None:
        self.kept[name] = content, datetime.now(UTC)

    def _read(self, name: str) -> bytes:
        if name not in self.kept:
            raise NotFound(f"the store has no object {name}")
        return self.kept[name][0]


@dataclass
class MemoryBroker:
    """Stands for the publisher and the queues behind it."""

    injector: Injector
    waiting: deque[Outgoing] = field(default_factory=deque)

    def publish(self, exchange: str, routing_key: str, document: Document, *, message_id: str, **more: Any) -> None:
        """Publish one message."""
        self.publish_many([Outgoing.of(document, exchange, routing_key, message_id=message_id, **more)])

    def publish_many(self, messages: Sequence[Outgoing]) -> None:
        """Publish messages."""
        if messages:
            failed = [message.message_id for message in messages]
            lost = BrokerUnavailable("BrokerUnavailable", "injected", failed=failed)
            what = f"broker {len(messages)} to {messages[0].routing_key}"
            self.injector.call(what, lambda: self.waiting.extend(messages), lost)
