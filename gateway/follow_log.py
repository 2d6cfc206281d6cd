"""Follows the log of one unit to its end: while it waits, while it runs, and what was stored when it ended."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

from gateway.parts import Parts
from gateway.patience import ask
from mesh.broker.topology import follow_key
from mesh.contracts import FollowLog, JobView, LogText, UnitRow
from mesh.errors import NotFound
from mesh.kit.boundedlog import LOG_LIMIT
from mesh.states import UnitState, unit_is_final

LOOK_SECONDS = 0.5
_ASK_SECONDS = 3.0
"""Shorter than a wish to follow holds."""
_POSITION = re.compile(r"([0-9a-f]{8})-([0-9]{1,9})-([0-9]{1,15})")


@dataclass(frozen=True)
class LogChange:
    """One thing to tell the reader."""

    event: Literal["state", "log", "end"]
    row: UnitRow
    text: str = ""
    left_out: int = 0
    """Bytes between this text and the one before that are not told."""
    position: str | None = None
    """Where to go on from after it."""


@dataclass
class _Position:
    """What the reader has: so many bytes of the log of one try."""

    try_id: str = ""
    attempt: int = 0
    end: int = 0

    @classmethod
    def read(cls, text: str | None) -> "_Position":
        found = _POSITION.fullmatch(text or "")
        return cls(found[1], int(found[2]), int(found[3])) if found else cls()

    def __str__(self) -> str:
        return f"{self.try_id}-{self.attempt}-{self.end}"


async def follow_log(parts: Parts, view: JobView, row: UnitRow, last_position: str | None) -> AsyncIterator[LogChange]:
    """Yield the log of a unit as it grows, and every change of its state and step, until it has ended.

    Args:
        parts: of the gateway.
        view: the job.
        row: the unit's row in its table.
        last_position: what the reader has already.

    Raises:
        NotFound, StoreUnavailable: as the records do.
    """
    position = _Position.read(last_position)
    told: tuple[UnitState, str | None] | None = None
    asked = -_ASK_SECONDS
    with parts.logs.listen(row.key) as pieces:
        while True:
            row = await ask(parts.records.row, view.job_id, row.stage, row.label)
            if (row.state, row.step) != told:
                told = (row.state, row.step)
                yield LogChange("state", row)
            if unit_is_final(row.state):
                break
            if row.state is UnitState.RUNNING and time.monotonic() - asked >= _ASK_SECONDS:
                asked = time.monotonic()
                wish = FollowLog(unit_key=row.key, try_id=position.try_id, position=position.end)
                await asyncio.to_thread(parts.publisher.broadcast, follow_key(view.instrument), wish)
            async for piece in _arriving(pieces):
                if change := _told(piece, row, position):
                    yield change
    if rest := await ask(_rest, parts, row, position):
        yield rest
    yield LogChange("end", row)


async def _arriving(pieces: "asyncio.Queue[LogText]") -> AsyncIterator[LogText]:
    """Yield what comes until nothing has come for a moment, or for long enough to look at the unit again."""
    until = time.monotonic() + LOOK_SECONDS
    while (left := until - time.monotonic()) > 0:
        try:
            yield await asyncio.wait_for(pieces.get(), left)
        except TimeoutError:
            return


def _told(piece: LogText, row: UnitRow, position: _Position) -> LogChange | None:
    """Return what of a piece is new to the reader, and move the position behind it."""
    if piece.try_id != position.try_id:
        position.try_id, position.attempt, position.end = piece.try_id, row.attempt, 0
    if piece.end <= position.end:
        return None
    left_out = max(0, piece.start - position.end)
    # Bytes that were no text have become longer; only then can a few characters come twice.
    text = piece.text.encode()[max(0, position.end - piece.start) :].decode(errors="replace")
    position.end = piece.end
    return LogChange("log", row, text, left_out, str(position))


def _rest(parts: Parts, row: UnitRow, position: _Position) -> LogChange | None:
    """Return what the stored log has beyond the position; nothing of a log so long that its middle is left out."""
    try:
        stored = parts.products.log(row.key) if row.key else _not_run(row)
    except NotFound:
        return None
    # An ended try that the reader never saw has another log than the one that it knows.
    start = position.end if position.attempt == row.attempt else 0
    if len(stored) <= start or (start and len(stored) >= LOG_LIMIT):
        return None
    end = _Position(position.try_id or "0" * 8, row.attempt, len(stored))
    return LogChange("log", row, stored[start:].decode(errors="replace"), 0, str(end))


def _not_run(row: UnitRow) -> bytes:
    return f"not run: {row.failure.reason}: {row.failure.text}\n".encode() if row.failure else b""
