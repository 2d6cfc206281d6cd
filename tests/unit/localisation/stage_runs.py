"""Runs the stages of localisations as a container does."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mesh.kit.analysis import Analysis
from services.localisation.analysis import STAGES
from tests.unit_directory import declared_parameters, outcome, unit_directory

Given = Sequence[tuple[str, str, Path]]
"""Role, label and file of inputs."""


def run(
    directory: Path, stage: str, inputs: Given = (), sky_map: bytes | None = None, **given: Any
) -> tuple[dict[str, Any], Path]:
    """Run a stage; return its manifest or failure, and the directory with its products.

    Args:
        directory: to be made.
        stage: of the instrument.
        inputs: of the unit.
        sky_map: content of a file that was uploaded.
        given: parameters that differ from their defaults.
    """
    entries = list(inputs)
    if sky_map is not None:
        digest = hashlib.sha256(sky_map).hexdigest()
        path = directory.with_name(f"{directory.name}-upload") / digest
        path.parent.mkdir(parents=True)
        path.write_bytes(sky_map)
        given["sky_map"] = [digest]
        entries.append(("sky_map", digest[:16], path))
    parameters = declared_parameters("localisation", stage, given=given)
    unit_directory(directory, stage, "job", parameters, entries)
    return outcome(directory, Analysis(STAGES)), directory / "out"
