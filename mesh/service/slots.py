"""Slots of one instrument process: how many units run at once, and which lane gets the next one.

Every lane has a queue and a prefetch of its own, so an alert is never behind other messages. Slots bound what really
runs: `RESERVED` of them take alerts only, the others serve user before batch.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from eventlet.event import Event

from mesh.contracts.request import Lane

RESERVED = 1
_ORDER = (Lane.ALERT, Lane.USER, Lane.BATCH)


def lane_prefetch(slots: int) -> Mapping[Lane, int]:
    """Return how many units of each lane a process with *slots* slots takes at once."""
    return {Lane.ALERT: slots, Lane.USER: max(1, slots - RESERVED), Lane.BATCH: max(1, slots - RESERVED - 1)}


def capacity(slots: int) -> int:
    """Return how many units may run at once; one more than asked for where there is only one slot, for the alert."""
    return max(slots, 1 + RESERVED)


class Slots:
    """Hands out the slots of one process to its greenlets.

    Args:
        slots: units at once, the reserved ones included.
    """

    def __init__(self, slots: int) -> None:
        self._total = capacity(slots)
        self._ordinary = self._total - RESERVED
        self._limits = {**lane_prefetch(slots), Lane.ALERT: self._total}
        self._running = dict.fromkeys(Lane, 0)
        self._waiting: dict[Lane, deque[Event]] = {lane: deque() for lane in Lane}
        self._loners: deque[tuple[Lane, Event]] = deque()
        self._alone = False

    @property
    def total(self) -> int:
        """Units that may run at once."""
        return self._total

    @contextmanager
    def hold(self, lane: Lane, *, alone: bool = False) -> Iterator[None]:
        """Wait for a slot and keep it for the duration of the block.

        Args:
            lane: of the unit.
            alone: whether it must be the only one in the process; only alerts, which never wait for another unit,
                still come beside it.
        """
        turn = Event()
        if alone:
            self._loners.append((lane, turn))
        else:
            self._waiting[lane].append(turn)
        self._grant()
        try:
            turn.wait()
        except BaseException:
            self._give_up(lane, turn, alone)
            raise
        try:
            yield
        finally:
            self._release(lane, alone)

    def running(self, lane: Lane) -> int:
        """Return how many units of a lane hold a slot."""
        return self._running[lane]

    def waiting(self, lane: Lane) -> int:
        """Return how many units of a lane wait for a slot."""
        return len(self._waiting[lane]) + sum(of is lane for of, _ in self._loners)

    def _free(self, lane: Lane) -> bool:
        running = self._running
        if sum(running.values()) >= self._total or running[lane] >= self._limits[lane]:
            return False
        if lane is Lane.ALERT:
            return True
        # Whoever must run alone has waited for those that run; more of them would make it wait for ever.
        return not self._alone and not self._loners and running[Lane.USER] + running[Lane.BATCH] < self._ordinary

    def _grant(self) -> None:
        if self._loners and not any(self._running.values()):
            lane, turn = self._loners.popleft()
            self._alone = True
            self._running[lane] += 1
            turn.send()
        for lane in _ORDER:
            while self._waiting[lane] and self._free(lane):
                self._running[lane] += 1
                self._waiting[lane].popleft().send()

    def _release(self, lane: Lane, alone: bool) -> None:
        self._running[lane] -= 1
        if alone:
            self._alone = False
        self._grant()

    def _give_up(self, lane: Lane, turn: Event, alone: bool) -> None:
        if turn.ready():
            self._release(lane, alone)
        elif alone:
            self._loners.remove((lane, turn))
            self._grant()
        else:
            self._waiting[lane].remove(turn)
