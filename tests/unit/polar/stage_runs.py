"""Runs stages of POLAR with the parameters that its instrument.toml declares."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mesh.kit.analysis import Analysis
from services.polar import analysis
from tests.unit_directory import declared_parameters, outcome, unit_directory

_ANALYSIS = Analysis(stages=analysis.STAGES, warm=analysis.warm)


def run_stage(
    directory: Path,
    stage: str,
    label: str,
    inputs: Sequence[tuple[str, Path]],
    interval: Sequence[str] = (),
    *,
    responses: Sequence[Path] = (),
    **given: Any,
) -> tuple[Mapping[str, Any], Path]:
    """Run one unit on inputs of role ``events``; return its manifest, or its failure, and its products' directory.

    Responses are files of the archive that the request names.
    """
    named = {"responses": [path.name for path in responses]} if responses else {}
    parameters = declared_parameters("polar", stage, interval, given | named)
    entries = [("events", of, path) for of, path in inputs]
    entries += [("responses", f"{place}-0", path) for place, path in enumerate(responses)]
    unit_directory(directory, stage, label, parameters, entries)
    return outcome(directory, _ANALYSIS), directory / "out"
