"""A broker that keeps what is published, and a worker that makes products: the mesh around a real dispatcher."""

import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import redis

from mesh.broker.outgoing import Outgoing
from mesh.broker.topology import CONTROL, EVENTS, UNITS
from mesh.contracts import (
    Analysis,
    CancelUnits,
    Document,
    Failure,
    Job,
    JobView,
    Manifest,
    ProductFile,
    Resources,
    RunEvent,
    Unit,
    UnitEvent,
    read_unit,
)
from mesh.errors import BrokerUnavailable
from mesh.states import FailureKind, UnitState
from mesh.store.announcements import Announcement, Announcements
from mesh.store.jobs import Jobs
from mesh.store.leases import Leases
from mesh.store.objects import Objects
from mesh.store.parts import Parts
from mesh.store.products import Products
from services.dispatcher.dispatcher import Dispatcher


class Broker:
    """Stands for the publisher: keeps the messages, or refuses them while it is away."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.away = False

    def publish(self, exchange: str, routing_key: str, document: Document, *, message_id: str, **more: Any) -> None:
        """Keep one message."""
        self.publish_many([Outgoing.of(document, exchange, routing_key, message_id=message_id, **more)])

    def publish_many(self, messages: Sequence[Outgoing]) -> None:
        """Keep messages."""
        if self.away and messages:
            raise BrokerUnavailable("BrokerUnavailable", "away", failed=[entry.message_id for entry in messages])
        self.sent += messages

    def take(self, exchange: str) -> list[Outgoing]:
        """Take the messages of an exchange out of the queue."""
        taken = [message for message in self.sent if message.exchange == exchange]
        self.sent = [message for message in self.sent if message.exchange != exchange]
        return taken


class MeshDouble:
    """One dispatcher, its stores, and hands to play caller and worker."""

    def __init__(self, objects: Objects, index: redis.Redis, directory: Path) -> None:
        self.broker = Broker()
        self.objects, self.index, self.directory = objects, index, directory
        self.jobs, self.products, self.leases = Jobs(objects, index), Products(objects, index), Leases(index)
        self.parts = Parts(objects)
        self.later: list[Callable[[], None]] = []
        self.dispatcher = self.new_dispatcher("one")
        self.failures: dict[str, Failure] = {}
        self.warnings: dict[str, tuple[str, ...]] = {}
        self.executed: list[Unit] = []

    def new_dispatcher(self, name: str, archive: str = "") -> Dispatcher:
        """Another dispatcher on the same stores."""
        return Dispatcher(
            objects=self.objects,
            index=self.index,
            publisher=self.broker,  # type: ignore[arg-type]
            archive=archive,
            claimant=name,
            later=self.later.append,
        )

    def beat(self) -> None:
        """Do what was to be done in a moment."""
        due, self.later = self.later, []
        for work in due:
            work()

    def announce(self, slots: int = 2) -> None:
        """Say that a worker of the drill instrument lives."""
        announcement = Announcement(image="sha256:1", calibration="noop-1", runner="fake", worker="w1", slots=slots)
        Announcements(self.index).announce("noop", announcement)

    def withdraw(self) -> None:
        """Say that the worker takes no more units."""
        Announcements(self.index).withdraw("noop", "w1")

    def submit(self, analysis: Analysis, job: Job) -> JobView:
        """Do what the gateway and the broker do."""
        self.jobs.submit(analysis, job)
        self.dispatcher.submitted(job)
        return self.jobs.view(job.job_id)

    def released(self) -> list[Unit]:
        """Take the released units from the queue."""
        return [self.parts.unpack(read_unit(message.body)) for message in self.broker.take(UNITS)]

    def stopped(self) -> list[str]:
        """Take the keys of the units that were broadcast as cancelled."""
        messages = self.broker.take(CONTROL)
        return sorted(key for message in messages for key in CancelUnits.decode(message.body).unit_keys)

    def told(self) -> list[tuple[str, str]]:
        """Take what the gateways were told."""
        events = [RunEvent.decode(message.body) for message in self.broker.take(EVENTS)]
        return [(event.run_id, event.state.value) for event in events]

    def work(self) -> None:
        """Execute released units until there are none."""
        while units := self.released():
            for unit in units:
                self.execute(unit)

    def execute(self, unit: Unit, *, tell: bool = True) -> None:
        """Execute one unit as a worker does."""
        self.executed.append(unit)
        if tell:
            self.tell(unit, UnitState.RUNNING, step="begin")
        failure = self.failures.get(unit.label)
        if failure is not None:
            self.tell(unit, UnitState.FAILED, failure=failure)
            return
        manifest = self.products.find(unit.key) or self.make(unit)
        if tell:
            self.tell(unit, UnitState.DONE, seconds=0.5, warnings=manifest.warnings)

    def make(self, unit: Unit) -> Manifest:
        """Store the product of a unit."""
        content = unit.key.encode()
        folder = self.directory / unit.key
        folder.mkdir(exist_ok=True)
        (folder / "product.fits").write_bytes(content)
        sha256 = hashlib.sha256(content).hexdigest()
        manifest = Manifest(
            key=unit.key,
            instrument=unit.instrument,
            stage=unit.stage,
            label=unit.label,
            parameters=unit.parameters,
            inputs=unit.inputs,
            files=(ProductFile(name="product.fits", sha256=sha256, size=len(content), media_type="application/fits"),),
            image=unit.image,
            calibration=unit.calibration,
            code_version="1",
            started="2026-11-22T12:00:00.000Z",
            finished="2026-11-22T12:00:01.000Z",
            run_id=unit.run_id,
            resources=Resources(seconds=0.5, runner="fake", worker="w1"),
            warnings=self.warnings.get(unit.label, ()),
        )
        self.products.commit(manifest, folder, b"log")
        return manifest

    def tell(self, unit: Unit, state: UnitState, **more: Any) -> None:
        """Tell the dispatcher what happened to a unit."""
        fields: Mapping[str, Any] = {
            "event_id": uuid.uuid4().hex,
            "unit_key": unit.key,
            "instrument": unit.instrument,
            "stage": unit.stage,
            "label": unit.label,
            "run_id": unit.run_id,
            "state": state,
            "worker": "w1",
            "at": f"2026-11-22T12:00:00.{len(self.executed):03d}Z",
            **more,
        }
        self.dispatcher.happened(UnitEvent.model_validate(fields))


def usage(reason: str = "NoScWData") -> Failure:
    """A failure by bad input."""
    return Failure(kind=FailureKind.USAGE, reason=reason, text="the window has no data")


@pytest.fixture
def mesh(objects: Objects, index: redis.Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MeshDouble]:
    """A mesh with a living worker of the drill instrument."""
    monkeypatch.setenv("ODAMESH_DRILLS", "1")
    double = MeshDouble(objects, index, tmp_path)
    double.announce()
    yield double
