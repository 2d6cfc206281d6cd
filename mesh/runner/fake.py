"""A runner that runs nothing: for tests of everything around it."""

import json
import time
from collections.abc import Callable, Mapping
from hashlib import sha256

from mesh.errors import UnitFailure
from mesh.runner.conclude import Exit, conclude
from mesh.runner.directory import UnitDirectory
from mesh.runner.livelog import LogPart
from mesh.runner.protocol import OnStep, UnitResult, Work
from mesh.runner.running import Running
from mesh.runner.watch import Watch
from mesh.runner.workspace import Workspace

_LOOK_EVERY_S = 0.01


class FakeRunner:
    """Ends every unit well with one small file that depends on its key alone, unless told otherwise.

    Args:
        workspace: where unit directories lie.
        failures: unit key -> the failure that the unit ends with.
        seconds: time that a unit takes.
        steps: steps that it reports.
        crash: called when a unit runs; whatever it raises stands for a defect or a lost machine.
        image: digest that it claims.
    """

    name = "fake"

    def __init__(
        self,
        workspace: Workspace,
        *,
        failures: Mapping[str, UnitFailure] | None = None,
        seconds: float = 0.0,
        steps: tuple[str, ...] = (),
        crash: Callable[[Work], None] | None = None,
        image: str = "fake:0",
    ) -> None:
        self._workspace = workspace
        self._failures = failures or {}
        self._seconds = seconds
        self._steps = steps
        self._crash = crash
        self._image = image
        self._running = Running()
        self.ran: list[str] = []
        """Keys of the units that it was asked to run, in order."""

    def image(self) -> str:
        """Return the digest that it was given."""
        return self._image

    def ping(self) -> None:
        """Find nothing that could be away."""

    def directory(self, unit_key: str) -> UnitDirectory:
        """Return the directory of a unit; see the protocol."""
        return self._workspace.unit(unit_key)

    def run(self, work: Work, on_step: OnStep) -> UnitResult:
        """End the unit as told; see the protocol."""
        self.ran.append(work.key)
        out = work.directory.out
        with self._running.entry(work.key, Watch(out, work.limits, on_step)) as watch:
            watch.fetch_log = lambda log: log.add(0, f"unit {work.key}\n".encode())
            for step in self._steps:
                on_step(step)
            while watch.seconds < self._seconds or watch.cancelled:
                watch.check()
                time.sleep(_LOOK_EVERY_S)
            if self._crash is not None:
                self._crash(work)
            work.directory.write_log(f"unit {work.key}\n")
            if work.key in self._failures:
                raise self._failures[work.key]
            content = json.dumps({"key": work.key}).encode()
            (out / "fake.json").write_bytes(content)
            (out / "manifest.json").write_text(json.dumps(_manifest(work.key, content, self._steps)), encoding="utf-8")
            product = conclude(Exit(status=0), out, work.key, work.limits)
            return UnitResult(product=product, seconds=watch.seconds, peak_rss_mb=None, runner=self.name)

    def prepare(self, units: int) -> None:
        """Do nothing: nothing is ever started."""

    def adopt(self, work: Work, on_step: OnStep) -> UnitResult | None:
        """Find nothing: a double leaves nothing running."""

    def kill(self, unit_key: str) -> bool:
        """End a unit; see the protocol."""
        return self._running.cancel(unit_key)

    def log(self, unit_key: str, try_id: str, position: int) -> LogPart | None:
        """Return what is new in the log of a running unit; see the protocol."""
        return self._running.log(unit_key, try_id, position)

    def reap(self, alive: Callable[[str], bool], wanted: Callable[[str], bool]) -> None:
        """Find nothing to remove."""

    def close(self) -> None:
        """Find nothing to end."""


def _manifest(key: str, content: bytes, steps: tuple[str, ...]) -> dict[str, object]:
    file = {
        "name": "fake.json",
        "sha256": sha256(content).hexdigest(),
        "size": len(content),
        "media_type": "application/json",
    }
    took = [{"step": step, "seconds": 0.0} for step in steps]
    return {"schema": "odamesh.product/1", "key": key, "files": [file], "warnings": [], "summary": {}, "steps": took}
