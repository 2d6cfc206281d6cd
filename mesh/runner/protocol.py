"""What every runner offers: run one unit to its end, take over one that runs, kill one, clear up after dead owners."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from mesh.instrument import Limits
from mesh.runner.directory import UnitDirectory
from mesh.runner.livelog import LogPart
from mesh.runner.product import OutputManifest

OnStep = Callable[[str], None]
"""Called with the name of a step when it begins."""


@dataclass(frozen=True)
class Work:
    """One unit, prepared for running.

    Args:
        key: content key of the unit.
        directory: the unit's own directory, complete with ``unit.json`` and inputs; products appear in its ``out``
            and the log in ``log.txt``, also when the unit fails.
        limits: what it may use.
    """

    key: str
    directory: UnitDirectory
    limits: Limits


@dataclass(frozen=True)
class UnitResult:
    """A unit that ended well.

    Args:
        product: what the analysis says it wrote; the files are in the directory's ``out``.
        seconds: time in the container or process.
        peak_rss_mb: largest resident memory in MiB, where the runner can tell.
        runner: ``docker``, ``warm``, ``local`` or ``fake``: what really ran it.
    """

    product: OutputManifest
    seconds: float
    peak_rss_mb: float | None
    runner: str


class Runner(Protocol):
    """Runs the units of one instrument for one owner (a service process)."""

    @property
    def name(self) -> str:
        """``docker``, ``warm``, ``local`` or ``fake``."""

    def image(self) -> str:
        """Return the digest of what runs: of the image, or of the package for processes.

        Raises:
            EngineUnavailable: the engine does not answer or has no such image.
        """

    def ping(self) -> None:
        """Return if units could be run now.

        Raises:
            EngineUnavailable: the engine does not answer.
        """

    def directory(self, unit_key: str) -> UnitDirectory:
        """Return the directory of a unit on this machine, which may not exist yet."""

    def run(self, work: Work, on_step: OnStep) -> UnitResult:
        """Run *work* and wait for its end.

        Raises:
            UnitFailure: the branch that tells how it ended.
        """

    def prepare(self, units: int) -> None:
        """Get ready for so many units at once, so that the first ones start as fast as the later; may take seconds."""

    def adopt(self, work: Work, on_step: OnStep) -> UnitResult | None:
        """Wait for *work* if it runs already, started by an owner that died; None when it does not run.

        Raises:
            UnitFailure: as :meth:`run`.
        """

    def kill(self, unit_key: str) -> bool:
        """End a unit that this runner runs; its ``run`` raises UnitCancelled. False: it does not run here."""

    def log(self, unit_key: str, try_id: str, position: int) -> LogPart | None:
        """Return the piece of a running unit's log after *position* that is known; the first call knows nothing yet.

        Args:
            unit_key: the unit.
            try_id: which run of it the position belongs to; empty at first.
            position: bytes of the log that the caller has.

        Returns:
            The piece, maybe empty; None when the unit does not run here.
        """

    def reap(self, alive: Callable[[str], bool], wanted: Callable[[str], bool]) -> None:
        """Remove what dead owners left and nobody will take over.

        Args:
            alive: says whether an owner lives.
            wanted: says whether a unit is still waited for.
        """

    def close(self) -> None:
        """End everything that is kept ready for later units."""
