"""Runs a stage as a container does: a unit directory in, products and a manifest or a failure out."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mesh.instruments import instrument
from mesh.kit.analysis import Analysis, run_unit


def unit_directory(
    directory: Path, stage: str, label: str, parameters: Mapping[str, Any], inputs: Sequence[tuple[str, str, Path]]
) -> Path:
    """Lay out a unit and return its directory.

    Args:
        directory: to be made.
        stage: of the instrument.
        label: science window, slice of time, or ``job``.
        parameters: all that the stage reads.
        inputs: role, label and file of each.
    """
    (directory / "out").mkdir(parents=True)
    listed: dict[tuple[str, str], list[str]] = {}
    for role, of, path in inputs:
        folder = directory / "in" / role / of
        folder.mkdir(parents=True, exist_ok=True)
        (folder / path.name).symlink_to(path.resolve())
        listed.setdefault((role, of), []).append(path.name)
    content = {
        "schema": "odamesh.unitdir/1",
        "key": "0" * 64,
        "stage": stage,
        "label": label,
        "parameters": dict(parameters),
        "inputs": [{"role": role, "label": of, "files": files} for (role, of), files in listed.items()],
        "provenance": {"code": "test"},
    }
    (directory / "unit.json").write_text(json.dumps(content), encoding="utf-8")
    return directory


def outcome(directory: Path, analysis: Analysis) -> dict[str, Any]:
    """Run a unit that is laid out; return its manifest, or its failure."""
    status = run_unit(directory, lambda: analysis)
    name = "manifest.json" if status == 0 else "failure.json"
    result: dict[str, Any] = json.loads((directory / "out" / name).read_text(encoding="utf-8"))
    return result


def declared_parameters(
    name: str, stage: str, interval: Sequence[str] = (), given: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return what a stage is told, as its instrument.toml has it.

    Args:
        name: of the instrument.
        stage: of it.
        interval: of the request, start and end.
        given: parameters that differ from their defaults; those that the stage's product does not have are left out.
    """
    declared = instrument(name)
    product = next(title for title, entry in declared.products.items() if stage in entry.stages)
    known = declared.product_parameters(product)
    wanted = {key: value for key, value in (given or {}).items() if key in known}
    span = (interval[0], interval[1]) if interval else None
    return declared.stage_parameters(stage, declared.canonical_parameters(product, wanted), span)
