"""Watches a unit while it runs: its steps, its time, the size of its output, and whether anybody still waits."""

import time
from collections.abc import Callable
from pathlib import Path

from pydantic_core import from_json

from mesh.errors import ScienceFailure, UnitCancelled, UnitTimeout
from mesh.instrument import Limits
from mesh.kit.unit import STEPS_FILE
from mesh.runner.directory import output_size
from mesh.runner.livelog import LiveLog
from mesh.runner.plain_file import read_part

_SIZE_EVERY_S = 0.5
_MOST_FILES = 1000
_LONGEST_LINE = 1000
_MIB = 1 << 20


class Watch:
    """What a runner asks, again and again, while a unit runs.

    Args:
        out: output directory of the unit.
        limits: time and output size.
        on_step: told of each step that begins.
        seconds_left: time until the deadline; default: all of the limit.
    """

    def __init__(
        self, out: Path, limits: Limits, on_step: Callable[[str], None], seconds_left: float | None = None
    ) -> None:
        self._out = out
        self._limits = limits
        self._on_step = on_step
        self.begin(limits.seconds if seconds_left is None else seconds_left)
        self._sized = self._began
        self._read = 0
        self._cancelled = False
        self.log = LiveLog()
        """The log so far, while somebody follows it."""
        self.fetch_log: Callable[[LiveLog], None] = _fetch_nothing
        """How the runner gets what is new in the log; called now and then while somebody follows."""

    def begin(self, seconds_left: float) -> None:
        """Count the time from now on: the unit runs only now, a busy engine took its time to start it."""
        self._began = time.monotonic()
        self._deadline = self._began + seconds_left

    @property
    def seconds(self) -> float:
        """Time since the watch began."""
        return time.monotonic() - self._began

    def cancel(self) -> None:
        """Make the next check raise UnitCancelled."""
        self._cancelled = True

    @property
    def cancelled(self) -> bool:
        """Whether somebody cancelled the unit."""
        return self._cancelled

    def check(self) -> None:
        """Report new steps and hold the unit to its limits.

        Raises:
            UnitCancelled: nobody waits any more.
            UnitTimeout: over its time.
            ScienceFailure: reason ``OutputTooLarge``.
        """
        if self._cancelled:
            raise UnitCancelled("Cancelled", "no job waits for this unit any more")
        now = time.monotonic()
        if now > self._deadline:
            text = f"the analysis was stopped at its limit of {self._limits.seconds:g} s"
            raise UnitTimeout("Timeout", text)
        self._report_step()
        if self.log.wanted():
            self.fetch_log(self.log)
        if now - self._sized >= _SIZE_EVERY_S:
            self._sized = now
            check_size(self._out, self._limits)

    def _report_step(self) -> None:
        # Only the newest step counts: what began and ended between two looks is past.
        if (step := self._newest_step()) is not None:
            self._on_step(step)

    def _newest_step(self) -> str | None:
        try:
            new = read_part(self._out / STEPS_FILE, self._read)
        except OSError:
            return None
        whole = new[: new.rfind(b"\n") + 1]
        # A line that fills all that is read at once is none of the kit's.
        self._read += len(whole) or (len(new) if len(new) > _LONGEST_LINE else 0)
        begun = [step for line in whole.splitlines() if (step := _begun(line)) is not None]
        return begun[-1] if begun else None


def check_size(out: Path, limits: Limits) -> None:
    """Hold what a unit wrote to its limits.

    Raises:
        ScienceFailure: reason ``OutputTooLarge``.
    """
    size, files = output_size(out, _MOST_FILES)
    if size > limits.output_mb * _MIB:
        text = f"the analysis wrote {size // _MIB} MiB; its limit is {limits.output_mb} MiB"
        raise ScienceFailure("OutputTooLarge", text)
    if files > _MOST_FILES:
        raise ScienceFailure(
            "OutputTooLarge", f"the analysis wrote more than {_MOST_FILES} files, or nested them too deep"
        )


def _fetch_nothing(_: LiveLog) -> None:
    """Leave the log as it is: the runner has not said yet how to get it."""


def _begun(line: bytes) -> str | None:
    """Return the name of the step that begins, unless the line is anything but the kit's own words."""
    if len(line) > _LONGEST_LINE:
        return None
    try:
        content = from_json(line)
        step = content["step"] if content["event"] == "begin" else None
    except (ValueError, KeyError, TypeError):
        return None
    return step if isinstance(step, str) and step.isprintable() else None
