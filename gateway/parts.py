"""The parts that the endpoints work with, made once per process."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from gateway.logs import LogPieces
from gateway.quota import Quota
from gateway.records import JobRecords, ProductStore, RequestPublisher
from gateway.wakeups import Bell


def _nothing() -> None:
    return


@dataclass(frozen=True)
class Parts:
    """Everything outside this process that an endpoint needs."""

    records: JobRecords
    products: ProductStore
    publisher: RequestPublisher
    quota: Quota
    bell: Bell = field(default_factory=Bell)
    logs: LogPieces = field(default_factory=LogPieces)
    link_seconds: int = 3600
    start: Callable[[asyncio.AbstractEventLoop], None] = lambda _loop: None
    stop: Callable[[], None] = _nothing


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


Given = Annotated[Parts, Depends(_parts)]
"""An endpoint's parameter of this type holds the parts."""
