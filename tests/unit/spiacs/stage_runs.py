"""Runs stages of SPI-ACS with the parameters that its instrument.toml declares."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mesh.kit.analysis import Analysis
from services.spiacs import analysis
from tests.unit_directory import declared_parameters, outcome, unit_directory

_KEY = "a" * 64
_ANALYSIS = Analysis(stages=analysis.STAGES, warm=analysis.warm)


def run_stage(
    directory: Path,
    stage: str,
    label: str,
    inputs: Sequence[tuple[str, Path]],
    interval: Sequence[str] = (),
    *,
    others: Mapping[str, Path] | None = None,
    **given: Any,
) -> tuple[Mapping[str, Any], Path]:
    """Run one unit on inputs of role ``counts``; return its manifest, or its failure, and its products' directory.

    Others are files of other inputs, by role; the request names a product for each.
    """
    parameters = declared_parameters("spiacs", stage, interval, given | {role: [_KEY] for role in others or {}})
    entries = [("counts", of, path) for of, path in inputs]
    entries += [(role, _KEY[:16], path) for role, path in (others or {}).items()]
    unit_directory(directory, stage, label, parameters, entries)
    return outcome(directory, _ANALYSIS), directory / "out"
