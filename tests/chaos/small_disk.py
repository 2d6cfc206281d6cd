"""Drills on a full disk: the drill instrument works on a file system of some MiB, which is really full."""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.stack import mesh_processes, process, supervisor
from infra.stack.problem import SetupProblem
from mesh.settings import Settings
from mesh.states import UnitState
from tests.chaos.drill import Drill, Expected, Setting, Trial
from tests.chaos.ground import Ground
from tests.integration.mesh.windows import drill_windows

_MIB = 1 << 20
_SIZE_MIB, _FILLED_MIB = 24, 14
"""One unit of the drill instrument may write 16 MiB: too much beside the filling, and room enough without it."""
_WINDOWS = 4


@contextmanager
def mounted() -> Iterator[None]:
    """Mount the small file system where the drill instrument works, for the duration of the block.

    Raises:
        LookupError: this machine lets us mount nothing.
    """
    mesh_processes.down()
    directory = _directory()
    directory.mkdir(parents=True, exist_ok=True)
    try:
        process.run(["mount", "-t", "tmpfs", "-o", f"size={_SIZE_MIB}m,mode=700", "odamesh-drill", directory])
    except (SetupProblem, FileNotFoundError) as error:
        msg = f"a small file system must be mounted: {error}"
        raise LookupError(msg) from error
    try:
        yield
    finally:
        mesh_processes.down()
        process.run(["umount", "--lazy", directory])


def full(ground: Ground) -> Trial:
    """Fill the disk before a job, make room later: its units are tried again; the service lives on."""
    restarts = supervisor.restarts(ground.layout, "noop")
    filler = _directory() / "filler"
    _fill(filler)
    try:
        job = ground.submit(_WINDOWS)
        ground.until(lambda: any(row.attempt > 1 for row in job.table([UnitState.QUEUED])), "a unit on the ladder")
    finally:
        filler.unlink()
    begin = time.monotonic()
    ground.until_ended(job)
    assert supervisor.restarts(ground.layout, "noop") == restarts, "the service died of a full disk"
    return Trial((Expected(job, _WINDOWS + 1),), time.monotonic() - begin)


def filled_by_a_unit(ground: Ground) -> Trial:
    """Let a unit fill what is left of the disk: it is tried again, and ends at its own limit once there is room."""
    restarts = supervisor.restarts(ground.layout, "noop")
    bad = drill_windows(_WINDOWS)[0]
    filler = _directory() / "filler"
    filler.write_bytes(bytes(_FILLED_MIB * _MIB))
    try:
        job = ground.submit(_WINDOWS, behaviour="disk", fails=[bad])
        # It alone: the analysis, not the service, is who finds the disk full.
        ground.until(lambda: any(row.attempt > 1 and row.label[:12] == bad for row in job.table()), "a full disk")
    finally:
        filler.unlink()
    begin = time.monotonic()
    ground.until_ended(job)
    seconds = time.monotonic() - begin
    [failed] = job.table([UnitState.FAILED])
    assert failed.failure is not None
    assert (failed.label[:12], failed.failure.reason) == (bad, "OutputTooLarge"), failed.failure
    assert supervisor.restarts(ground.layout, "noop") == restarts, "the service died of a full disk"
    return Trial((Expected(job, _WINDOWS, failed=1),), seconds)


def _directory() -> Path:
    return Settings().work / "noop"


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        block = bytes(_MIB)
        while block:
            try:
                file.write(block)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                block = block[: len(block) // 2]
        os.fsync(file.fileno())


DRILLS = (
    Drill("work disk full for a while", full, Setting.SMALL_DISK),
    Drill("work disk filled by a unit", filled_by_a_unit, Setting.SMALL_DISK),
)
