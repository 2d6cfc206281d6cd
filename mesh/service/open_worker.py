"""Puts the worker of an instrument process together: runner, stores, archive, events and presence."""

from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from uuid import uuid4

import eventlet
import structlog

from mesh.archive.access import Archive
from mesh.archive.locate import open_archive
from mesh.broker.session import Session
from mesh.broker.topology import EVENTS
from mesh.contracts import LogText, UnitEvent
from mesh.errors import ArchiveUnavailable, EngineUnavailable, StoreUnavailable
from mesh.instrument import Instrument
from mesh.runner.choose import choose
from mesh.runner.local import LocalRunner
from mesh.runner.protocol import Runner
from mesh.service.context import Context
from mesh.service.execution import Executor
from mesh.service.following import Following
from mesh.service.heartbeat import Heartbeat
from mesh.service.owner_lock import OwnerLock
from mesh.service.presence import Presence
from mesh.service.slots import Slots
from mesh.service.turn import TURN_FILE, Turn
from mesh.service.worker import Worker
from mesh.store.announcements import Announcements
from mesh.store.connect import redis_client
from mesh.store.leases import Leases
from mesh.store.objects import Objects
from mesh.store.parts import Parts
from mesh.store.products import Products

_log = structlog.get_logger(__name__)

_PATIENCE_S = 120.0
"""Longer than a server takes to start again; the ladder, whose steps are long, is for what lasts."""

_ENGINE_LOOK_S = 1.0
"""While nothing can be done without it."""
_ENGINE_SEEN_S = 15.0
"""While units run, which would be the first to notice."""

TOLD_AFTER_SECONDS = 0.1
"""Callers are told of changes ten times a second: that a shorter unit runs is no news."""


def open_worker(context: Context, instrument: Instrument, slots: int) -> Worker:
    """Make the worker of this process; it lives from now on until it is closed.

    Args:
        context: the process.
        instrument: whose units it runs.
        slots: units at once.

    Raises:
        SettingsError: no runner of the name that is set, or it cannot run units here.
        EngineUnavailable: the process was told to end while it waited for the engine.
    """
    index = redis_client(context.connections.redis)
    objects = Objects(context.connections.store)
    leases, announcements = Leases(index), Announcements(index)
    runner = choose(context.settings, instrument, context.worker, partial(_wait_for_engine, context))
    context.session.waits_for = ""
    if isinstance(runner, LocalRunner):
        runner.check()  # an image has been checked when it was built
    _log.info("units run", runner=runner.name)

    def emit(event: UnitEvent) -> None:
        context.publisher.publish(
            EVENTS, event.routing_key, event, message_id=event.event_id, correlation_id=event.run_id
        )

    def send(piece: LogText) -> None:
        # Nobody may listen any more, and nothing is lost then: the whole log is stored at the end.
        context.publisher.publish(EVENTS, piece.routing_key, piece, message_id=uuid4().hex, mandatory=False)

    executor = Executor(
        instrument=instrument,
        runner=runner,
        products=Products(objects, index),
        archive=_ArchiveWhenNeeded(context.settings.archive_location),
        leases=leases,
        worker=context.worker,
        emit=emit,
        later=_later,
    )
    presence = Presence(
        instrument=instrument,
        worker=context.worker,
        slots=slots,
        runner=runner,
        announcements=announcements,
        leases=leases,
        draining=lambda: context.session.draining,
        keep_leases=executor.keep_leases,
    )
    lock = OwnerLock(context.settings.work / instrument.name / "owners", context.worker)
    _retire_dead(lock, leases)
    heartbeat = Heartbeat(presence.beat)
    # Beside it: an engine that hangs must not keep a worker from saying that it lives.
    engine = Heartbeat(partial(look_at_engine, context.session, runner), _ENGINE_SEEN_S)
    return Worker(
        executor,
        Slots(slots),
        emit,
        Following(instrument.name, runner.log, send),
        Turn(context.settings.work / TURN_FILE),
        Parts(objects).unpack,
        on_close=(engine.stop, runner.close, heartbeat.stop, presence.leave, lock.release),
        patience_s=_PATIENCE_S,
        draining=lambda: context.session.draining,
    )


def _wait_for_engine(context: Context, error: EngineUnavailable) -> None:
    """Take no work until an engine answers: a service that starts before it is no reason to run units unconfined."""
    if context.session.draining:
        raise error
    if not context.session.waits_for:
        _log.warning("waiting for the container engine", error=error.text)
    context.session.waits_for = f"{error.text}; waiting for it (`odamesh stack up` starts one)"
    eventlet.sleep(_ENGINE_LOOK_S)


def look_at_engine(session: Session, runner: Runner) -> None:
    """Have `/readyz` say that the engine is away, for as long as it is: units that come climb the retry ladder."""
    try:
        runner.ping()
    except EngineUnavailable as error:
        if not session.waits_for:
            _log.warning("the container engine is away", error=error.text)
        session.waits_for = f"{error.text}; units wait for it (`odamesh stack up` starts one)"
        return
    if session.waits_for:
        _log.info("the container engine is back")
    session.waits_for = ""


def _retire_dead(lock: OwnerLock, leases: Leases) -> None:
    """Free the units of workers that died on this machine, before the first of their messages comes again."""
    try:
        for owner in lock.dead():
            leases.retire(owner)
            lock.forget(owner)
            _log.info("a worker of this machine has died; its units are free", owner=owner)
    except StoreUnavailable as error:
        _log.warning("units of dead workers stay held for a while", error=str(error))


def _later(tell: Callable[[], None]) -> Callable[[], object]:
    """Have the other green threads call *tell* in a moment, with the log context of this one."""
    greenlet = eventlet.spawn_after(TOLD_AFTER_SECONDS, copy_context().run, tell)
    recall: Callable[[], object] = greenlet.cancel
    return recall


class _ArchiveWhenNeeded:
    """Opens the archive when a unit first reads it, so that a service starts before its archive is there."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._archive: Archive | None = None

    def __call__(self) -> Archive:
        """Return the archive.

        Raises:
            ArchiveUnavailable: there is none at the address (yet).
        """
        if self._archive is None:
            try:
                self._archive = open_archive(self._address)
            except ValueError as error:
                # The text of the unit's failure reaches callers, who need not know where the archive is.
                _log.warning("archive cannot be opened; set ODAMESH_ARCHIVE", error=str(error))
                text = "the archive of this mesh cannot be opened; its operator finds why in the service's log"
                raise ArchiveUnavailable("ArchiveUnavailable", text) from error
        return self._archive
