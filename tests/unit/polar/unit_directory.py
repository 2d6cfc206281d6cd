"""Runs stages of POLAR as a container does: a unit directory in, products and a manifest out."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polar_analysis

from mesh.instrument import instrument
from mesh.kit.analysis import Analysis, run_unit

ANALYSIS = Analysis(stages=polar_analysis.STAGES, warm=polar_analysis.warm)


def run_stage(
    directory: Path,
    stage: str,
    label: str,
    inputs: Sequence[tuple[str, Path]],
    interval: Sequence[str] = (),
    **given: Any,
) -> tuple[Mapping[str, Any], Path]:
    """Run one unit; return its manifest, or its failure, and the directory of its products.

    Args:
        directory: of the unit, to be made.
        stage: name.
        label: slice, or ``job``.
        inputs: label and file of each input of role ``events``.
        interval: of the request.
        given: parameters that differ from the defaults.
    """
    declared = instrument("polar")
    product = next(name for name, entry in declared.products.items() if stage in entry.stages)
    wanted = {name: value for name, value in given.items() if name in declared.product_parameters(product)}
    parameters = declared.stage_parameters(
        stage, declared.canonical_parameters(product, wanted), (interval[0], interval[1]) if interval else None
    )
    role = "events"
    (directory / "out").mkdir(parents=True)
    listed = []
    for of, path in inputs:
        folder = directory / "in" / role / of
        folder.mkdir(parents=True)
        (folder / path.name).symlink_to(path.resolve())
        listed.append({"role": role, "label": of, "files": [path.name]})
    content = {
        "schema": "odamesh.unitdir/1",
        "key": "0" * 64,
        "stage": stage,
        "label": label,
        "parameters": parameters,
        "inputs": listed,
        "provenance": {"code": "test"},
    }
    (directory / "unit.json").write_text(json.dumps(content), encoding="utf-8")
    status = run_unit(directory, lambda: ANALYSIS)
    name = "manifest.json" if status == 0 else "failure.json"
    return json.loads((directory / "out" / name).read_text(encoding="utf-8")), directory / "out"
