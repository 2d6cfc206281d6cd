"""Finds the analysis package of the image and runs one unit with it."""

import errno
import importlib
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mesh.kit.caches import settle_caches
from mesh.kit.failures import DISK_FULL, BadInput, ExitStatus, Failure, OutOfMemory, ScienceFailure, Transient
from mesh.kit.product import FAILURE_FILE, write_json, write_manifest
from mesh.kit.unit import Unit, say

VARIABLE = "ODAMESH_ANALYSIS"


def _nothing() -> None:
    """Warm nothing: the default of packages without ``warm``."""


@dataclass(frozen=True)
class Analysis:
    """An analysis package: its stages, and what fills its caches once."""

    stages: Mapping[str, Callable[[Unit], None]]
    warm: Callable[[], None] = _nothing


def load_analysis() -> Analysis:
    """Import the package that ``ODAMESH_ANALYSIS`` names.

    Raises:
        RuntimeError: the variable is not set, or the package exports no ``STAGES``.
    """
    name = os.environ.get(VARIABLE, "")
    if not name:
        msg = f"{VARIABLE} is not set: it names the analysis package of this image"
        raise RuntimeError(msg)
    settle_caches()
    module = importlib.import_module(name)
    stages = getattr(module, "STAGES", None)
    if not isinstance(stages, Mapping):
        msg = f"{name} exports no STAGES: a dict from stage name to a function of one Unit"
        raise RuntimeError(msg)
    return Analysis(stages=stages, warm=getattr(module, "warm", _nothing))


def run_unit(directory: Path, load: Callable[[], Analysis] = load_analysis) -> int:
    """Run the unit in *directory* and return the exit status.

    Ends with either ``out/manifest.json`` or ``out/failure.json`` ({kind, reason, text}); never raises.
    """
    unit: Unit | None = None
    try:
        unit = Unit(directory)
        analysis = load()
        if unit.stage not in analysis.stages:
            known = ", ".join(sorted(analysis.stages))
            raise BadInput("UnknownStage", f"this image has no stage {unit.stage}; it has: {known}")
        analysis.stages[unit.stage](unit)
        unit.close()
        write_manifest(unit)
    except Exception as error:
        if not isinstance(error, Failure):
            traceback.print_exc()
        failure = _failure(error, directory)
        say(f"failed: {failure}")
        _write_failure(directory / "out", failure)
        return failure.status
    finally:
        if unit is not None:
            unit.close()
        sys.stdout.flush()
        sys.stderr.flush()
    return ExitStatus.DONE


def _failure(error: Exception, directory: Path) -> Failure:
    match error:
        case Failure():
            return error
        case MemoryError():
            return OutOfMemory("OutOfMemory", "the analysis asked for more memory than its limit allows")
        case OSError(errno=errno.EFBIG):
            return ScienceFailure("OutputTooLarge", "the analysis wrote a file larger than its output limit")
        case OSError(errno=errno.ENOSPC) if _filled_temporary(directory / "out"):
            return ScienceFailure("OutputTooLarge", "the analysis filled its temporary directory")
        case OSError(errno=errno.ENOSPC):
            return Transient("the disk for products is full", DISK_FULL)
        case _:
            return ScienceFailure("AnalysisCrashed", f"{type(error).__name__}: {error}; the log has the traceback")


def _filled_temporary(out: Path) -> bool:
    """Whether a file system of the unit's own is full; that for products is others' too, who may have made room."""
    temporary = Path(tempfile.gettempdir())
    return temporary.stat().st_dev != out.stat().st_dev and os.statvfs(temporary).f_bavail == 0


def _write_failure(out: Path, failure: Failure) -> None:
    # Half a file left by a full disk must not keep the reason from being written.
    try:
        content = {"kind": failure.kind, "reason": failure.reason, "text": failure.text}
        write_json(out / FAILURE_FILE, content)
    except OSError:
        traceback.print_exc()
