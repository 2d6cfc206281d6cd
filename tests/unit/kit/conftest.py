"""A unit directory as a service lays it out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeUnit = Callable[..., Path]


@pytest.fixture
def make_unit(tmp_path: Path) -> MakeUnit:
    """Return a function that makes a unit directory and returns it; keywords replace fields of unit.json."""

    def make(**fields: Any) -> Path:
        directory = tmp_path / "unit"
        (directory / "out").mkdir(parents=True)
        content: dict[str, Any] = {
            "schema": "odamesh.unitdir/1",
            "key": "ab" * 32,
            "stage": "window",
            "label": "201600270010.001",
            "parameters": {"bands": [[20, 40]]},
            "inputs": [],
            "provenance": {"image": "sha256:feed", "calibration": "noop-1"},
            **fields,
        }
        for entry in content["inputs"]:
            folder = directory / "in" / entry["role"] / entry["label"]
            folder.mkdir(parents=True)
            for name in entry["files"]:
                (folder / name).write_text(f"{entry['label']} {name}")
        (directory / "unit.json").write_text(json.dumps(content))
        return directory

    return make
