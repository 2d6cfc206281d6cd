"""Runs units in containers that have loaded their analysis already: milliseconds instead of a second a unit.

Each slot is one container that belongs to this service process alone; slots are started when first needed and kept.
A unit over its limits, or cancelled, takes its container along. Where no warm container gets ready, units run cold.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from mesh.errors import EngineUnavailable
from mesh.instrument import Instrument
from mesh.runner.conclude import conclude
from mesh.runner.directory import UnitDirectory
from mesh.runner.docker import DockerRunner
from mesh.runner.engine import Labels
from mesh.runner.livelog import LogPart
from mesh.runner.protocol import OnStep, UnitResult, Work
from mesh.runner.running import Running
from mesh.runner.warm_container import WarmContainer
from mesh.runner.watch import Watch
from mesh.runner.workspace import Workspace

_COLD_FOR_S = 60.0
_log = structlog.get_logger()


class WarmRunner:
    """A warm container for each unit that runs at the same time.

    Args:
        client: of the engine.
        instrument: whose units it runs.
        owner: name of this service process.
        workspace: where unit directories and slots lie.
        cold: runs a unit when no warm container can.
    """

    name = "warm"

    def __init__(
        self, client: Any, instrument: Instrument, owner: str, workspace: Workspace, cold: DockerRunner
    ) -> None:
        self._client = client
        self._instrument = instrument
        self._owner = owner
        self._workspace = workspace
        self._cold = cold
        self._cold_until = 0.0
        self._running = Running()
        self._slots: list[WarmContainer] = []
        self._free: list[WarmContainer] = []

    def image(self) -> str:
        """Return the id of the image; see the protocol."""
        return self._cold.image()

    def ping(self) -> None:
        """Ask the engine whether it answers; see the protocol."""
        self._cold.ping()

    def directory(self, unit_key: str) -> UnitDirectory:
        """Return the directory of a unit; see the protocol."""
        return self._workspace.unit(unit_key)

    def run(self, work: Work, on_step: OnStep) -> UnitResult:
        """Run a unit in a warm container; see the protocol."""
        with self._slot() as slot:
            if not self._make_ready(slot):
                return self._cold.run(work, on_step)
            with self._running.entry(work.key, Watch(slot.out, work.limits, on_step)) as watch:
                ended, peak_rss_mb = slot.run(work.directory, watch)
                seconds = watch.seconds
        product = conclude(ended, work.directory.out, work.key, work.limits)
        return UnitResult(product=product, seconds=seconds, peak_rss_mb=peak_rss_mb, runner=self.name)

    def prepare(self, units: int) -> None:
        """Have warm containers for so many units; see the protocol."""
        while len(self._slots) < units:
            slot = self._new_slot()
            self._make_ready(slot)
            self._free.append(slot)
        for slot in [slot for slot in self._free if not slot.is_ready()]:
            # Out of the list while it starts: nobody else may start it too.
            if slot in self._free:
                self._free.remove(slot)
                self._make_ready(slot)
                self._free.append(slot)

    def adopt(self, work: Work, on_step: OnStep) -> UnitResult | None:
        """Take over a cold container; warm ones end with their owner."""
        return self._cold.adopt(work, on_step)

    def kill(self, unit_key: str) -> bool:
        """End a unit at its next look; see the protocol."""
        return self._running.cancel(unit_key) or self._cold.kill(unit_key)

    def log(self, unit_key: str, try_id: str, position: int) -> LogPart | None:
        """Return what is new in the log of a running unit; see the protocol."""
        part = self._running.log(unit_key, try_id, position)
        return part or self._cold.log(unit_key, try_id, position)

    def reap(self, alive: Callable[[str], bool], wanted: Callable[[str], bool]) -> None:
        """Remove what dead owners left; see the protocol."""
        self._cold.reap(alive, wanted)

    def close(self) -> None:
        """Stop every warm container."""
        for slot in self._slots:
            slot.stop()

    @contextmanager
    def _slot(self) -> Iterator[WarmContainer]:
        """Hold a slot: a ready one if there is one, else any, else a new one."""
        ready = next((slot for slot in self._free if slot.is_ready()), None)
        slot = ready or next(iter(self._free), None)
        if slot is not None:
            self._free.remove(slot)
        else:
            slot = self._new_slot()
        try:
            yield slot
        finally:
            self._free.append(slot)

    def _new_slot(self) -> WarmContainer:
        # Asked first: the engine's answer may take its time, and the number must not be given twice.
        image = self.image()
        number = len(self._slots)
        name = re.sub(r"[^A-Za-z0-9_.-]", "-", f"odamesh-warm-{self._instrument.name}-{self._owner}-{number}")
        path = self._workspace.slot(self._owner, number)
        labels = Labels(self._instrument.name, self._owner, self._workspace.mark)
        slot = WarmContainer(
            self._client, instrument=self._instrument, image=image, labels=labels, path=path, name=name
        )
        self._slots.append(slot)
        return slot

    def _make_ready(self, slot: WarmContainer) -> bool:
        if slot.is_ready():
            return True
        if time.monotonic() < self._cold_until:
            return False
        try:
            slot.start()
        except EngineUnavailable as error:
            _log.warning("no warm container; units run cold for a while", error=str(error), seconds=_COLD_FOR_S)
            self._cold_until = time.monotonic() + _COLD_FOR_S
            slot.stop()
            return False
        return True
