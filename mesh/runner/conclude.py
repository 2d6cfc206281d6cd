"""From how a process ended to the product or the failure of its unit: one table for all runners."""

import signal
from dataclasses import dataclass
from pathlib import Path

from mesh.errors import (
    BadInput,
    EngineUnavailable,
    OutOfMemory,
    ScienceFailure,
    TransientFailure,
    UnitFailure,
)
from mesh.instrument import Limits
from mesh.kit.failures import DISK_FULL, ExitStatus
from mesh.runner.product import OutputManifest, read_product, read_reason
from mesh.runner.watch import check_size

_SCIENCE = range(1, 64)
_BY_SIGNAL = 128


@dataclass(frozen=True)
class Exit:
    """How the process of a unit ended.

    Args:
        status: exit status, or None when a signal ended it.
        signal: number of that signal.
        out_of_memory: the kernel killed at the memory limit.
    """

    status: int | None
    signal: int | None = None
    out_of_memory: bool = False

    @classmethod
    def of_shell(cls, status: int, *, out_of_memory: bool) -> "Exit":
        """Read a status as shells and container engines write it: 128 + n for signal n."""
        if status > _BY_SIGNAL:
            return cls(status=None, signal=status - _BY_SIGNAL, out_of_memory=out_of_memory)
        return cls(status=status, out_of_memory=out_of_memory)


def conclude(ended: Exit, out: Path, key: str, limits: Limits) -> OutputManifest:
    """Return the product of a unit whose process ended.

    Raises:
        UnitFailure: the branch that tells how it ended; reason and text are the analysis's own where it left them.
    """
    if ended.status == ExitStatus.DONE:
        return read_product(out, key)
    raise _failure(ended, out, limits)


def _failure(ended: Exit, out: Path, limits: Limits) -> UnitFailure:
    memory = f"the analysis needs more memory than its limit of {limits.memory_mb} MiB"
    if ended.out_of_memory and ended.signal == signal.SIGKILL:
        return OutOfMemory("OutOfMemory", memory)
    if ended.signal == signal.SIGXFSZ:
        return ScienceFailure("OutputTooLarge", f"the analysis wrote a file of more than {limits.output_mb} MiB")
    if ended.signal in (signal.SIGKILL, signal.SIGTERM):
        # Not at its memory limit and not by us: by the kernel for the whole machine, by an operator, or by an engine
        # that ends, which asks first.
        return TransientFailure("Killed", "the analysis was killed from outside")
    if ended.signal is not None:
        return ScienceFailure("AnalysisCrashed", f"the analysis crashed with {_signal_name(ended.signal)}")
    said = read_reason(out)
    reason, text = (said.reason, said.text) if said else (None, f"the analysis ended with status {ended.status}")
    match ended.status:
        case ExitStatus.BAD_INPUT:
            return BadInput(reason or "BadInput", text)
        case ExitStatus.TRANSIENT:
            if reason == DISK_FULL:
                # Who wrote more than it may has filled the disk itself, before anybody looked.
                check_size(out, limits)
            return TransientFailure(reason or "Transient", text)
        case ExitStatus.OUT_OF_MEMORY:
            return OutOfMemory("OutOfMemory", memory)
        case int() if ended.status in _SCIENCE:
            return ScienceFailure(reason or "AnalysisFailed", text)
        case _:
            return EngineUnavailable("NotStarted", f"the analysis could not be started (status {ended.status})")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
