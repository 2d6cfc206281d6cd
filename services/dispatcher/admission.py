"""Admission: how many units of whom go to the broker, and when.

The broker's queues stay short, so that order, fairness and cancel are decided here and not by who came first.
"""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import structlog

from mesh import tracing
from mesh.broker.outgoing import Outgoing
from mesh.broker.publisher import Publisher
from mesh.broker.topology import UNITS, unit_key
from mesh.clock import utc_now
from mesh.contracts import Lane, PackedUnit, Unit, read_unit
from mesh.errors import BrokerUnavailable, QueueFull, StoreUnavailable
from mesh.instruments import instruments
from mesh.store.announcements import Announcements
from mesh.store.backlog import Backlog, Released, Silent
from mesh.store.runs import RunChange
from services.dispatcher import metrics

_log = structlog.get_logger(__name__)

# One unit runs and one waits for each slot: a worker never idles, and a new user waits for two units at most.
_WINDOW_PER_SLOT = 2
# Users share the lane: beyond this even a user with an empty window waits for its turn.
_LANE_PER_WINDOW = 2
_BATCH = 50
# How long a queue that refused a unit is left alone.
_FULL_SECONDS = 1.0
# How long the number of slots is remembered: asking at every event would cost more than the release.
_SLOTS_SECONDS = 2.0


class Admission:
    """Releases units from the backlog.

    Args:
        backlog: what waits.
        announcements: how many slots the instruments have.
        publisher: takes units to the broker.
        traces: returns the places of runs in the traces of their requests: whoever makes room releases units of others.
        token: returns a token for a claim that comes with a release.
        moved: told of runs that changed because the product of a unit was there already, and the token.
    """

    def __init__(
        self,
        *,
        backlog: Backlog,
        announcements: Announcements,
        publisher: Publisher,
        traces: Callable[[Iterable[str]], Mapping[str, str]],
        token: Callable[[], str],
        moved: Callable[[Sequence[RunChange], str], None],
    ) -> None:
        self._backlog = backlog
        self._announcements = announcements
        self._publisher = publisher
        self._traces = traces
        self._token = token
        self._moved = moved
        self._slots: dict[str, tuple[float, int]] = {}
        self._releasing: dict[str, bool] = {}
        self._full_until: dict[tuple[str, str], float] = {}

    def resume(self) -> None:
        """Release again into lanes whose full queues have had time to drain."""
        now = time.monotonic()
        due = [lane for lane, until in self._full_until.items() if until <= now]
        for lane in due:
            del self._full_until[lane]
        for name in sorted({name for name, _ in due}):
            self.release(name)

    def release(self, name: str) -> None:
        """Release what the windows of an instrument allow; a lane whose queue was full rests for a moment.

        While one green thread releases, the calls of others only have it look once more: many units that end at the
        same time make room in one round.
        """
        if name in self._releasing:
            self._releasing[name] = True
            return
        self._releasing[name] = True
        try:
            while self._releasing[name]:
                self._releasing[name] = False
                self._release(name)
        finally:
            del self._releasing[name]

    def _release(self, name: str) -> None:
        window = _WINDOW_PER_SLOT * self.slots(name)
        while lanes := [lane.value for lane in Lane if (name, lane.value) not in self._full_until]:
            token = self._token()
            released = self._backlog.release(
                name,
                lanes,
                per_user=window,
                in_lane=_LANE_PER_WINDOW * window,
                most=_BATCH,
                now=utc_now(),
                claim=token,
            )
            self._publish(name, released.units)
            self._moved(released.changes, token)
            # What was made already took no room in a window, and may have completed a stage.
            if not released.more and not released.changes:
                return

    def publish_again(self, silent: Silent) -> None:
        """Give a released unit to the broker once more.

        Raises:
            BrokerUnavailable: the broker did not take it.
        """
        unit = read_unit(silent.message)
        place = self._places({unit.run_id}).get(unit.run_id, "")
        message = _outgoing(unit, Lane(silent.lane), silent.user, run_id=unit.run_id, asking=silent.asking, place=place)
        self._publisher.publish_many([message])

    def slots(self, name: str) -> int:
        """Return how many units of an instrument run at once; as declared while no worker lives."""
        known = self._slots.get(name)
        if known is None or time.monotonic() - known[0] > _SLOTS_SECONDS:
            known = time.monotonic(), self._count_slots(name)
            self._slots[name] = known
        return known[1]

    def _count_slots(self, name: str) -> int:
        announced = self._announcements.announced(name)
        if announced is not None and announced.slots:
            return announced.slots
        declared = instruments().get(name)
        return declared.limits.slots if declared is not None else 1

    def _places(self, run_ids: Collection[str]) -> Mapping[str, str]:
        """Return the places of runs in traces; what is released goes to the broker also where they are not known."""
        try:
            return self._traces(run_ids) if run_ids else {}
        except StoreUnavailable:
            return {}

    def _publish(self, name: str, released: list[Released]) -> None:
        places = self._places({entry.run_id for entry in released})
        messages = [
            _outgoing(
                read_unit(entry.message),
                Lane(entry.lane),
                entry.user,
                run_id=entry.run_id,
                asking=entry.asking,
                place=places.get(entry.run_id, ""),
            )
            for entry in released
        ]
        try:
            self._publisher.publish_many(messages)
        except QueueFull as error:
            # Refused for certain: they wait in the backlog, where their user sees them, until there is room again.
            refused = [entry for entry in released if entry.key in error.failed]
            self._backlog.put_back(refused)
            for entry in refused:
                self._full_until[name, entry.lane] = time.monotonic() + _FULL_SECONDS
            _log.warning("queue full, release pauses", instrument=name, units=len(refused), error=str(error))
            released = [entry for entry in released if entry.key not in error.failed]
        except BrokerUnavailable as error:
            # They stay released; the sweep gives them to the broker when it is back.
            self._backlog.not_published(error.failed)
            _log.warning("units not published", instrument=name, units=len(error.failed), error=str(error))
        for entry in released:
            metrics.RELEASED.labels(name, entry.lane).inc()


def _outgoing(unit: Unit | PackedUnit, lane: Lane, user: str, *, run_id: str, asking: int, place: str) -> Outgoing:
    # The unit may have been made for another run than the one whose turn it is.
    sent = unit.model_copy(update={"lane": lane, "user": user, "run_id": run_id, "asking": asking})
    return Outgoing.of(
        sent,
        UNITS,
        unit_key(unit.instrument, lane),
        message_id=unit.key,
        correlation_id=run_id,
        headers={"x-lane": lane.value, "x-user": user, **({tracing.HEADER: place} if place else {})},
    )
