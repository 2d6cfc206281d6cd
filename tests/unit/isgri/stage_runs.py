"""Runs one stage as the container does, and makes a window with one source and one burst."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import isgri_analysis
import numpy as np
from isgri_analysis.detector import module_map
from isgri_analysis.instrument import INSTRUMENT
from isgri_analysis.pif import pixel_illumination

from mesh.kit.analysis import Analysis, run_unit
from tests.unit.isgri.events_file import ATTITUDE, TSTART, write_events

_ANALYSIS = Analysis(stages=isgri_analysis.STAGES, warm=isgri_analysis.warm)
PARAMETERS: dict[str, Any] = {
    "bands": [[20, 40], [40, 80]],
    "detection_threshold": 6.0,
    "catalogue": "none",
    "burst_search": True,
    "background": [],
}
PLACE = (265.2, -27.5)
SECONDS = 400.0


def unit_directory(
    directory: Path, stage: str, inputs: Sequence[tuple[str, str, Path]], parameters: Mapping[str, Any] = PARAMETERS
) -> Path:
    (directory / "out").mkdir(parents=True)
    listed = []
    for role, label, path in inputs:
        folder = directory / "in" / role / label
        folder.mkdir(parents=True)
        (folder / path.name).symlink_to(path)
        listed.append({"role": role, "label": label, "files": [path.name]})
    content = {
        "schema": "odamesh.unitdir/1",
        "key": "0" * 64,
        "stage": stage,
        "label": "job" if stage in {"mosaic", "spectrum_sum", "lc_merge", "background_map"} else inputs[0][1],
        "parameters": dict(parameters),
        "inputs": listed,
        "provenance": {"code": "test"},
    }
    (directory / "unit.json").write_text(json.dumps(content), encoding="utf-8")
    return directory


def run(directory: Path) -> dict[str, Any]:
    status = run_unit(directory, lambda: _ANALYSIS)
    name = "manifest.json" if status == 0 else "failure.json"
    result: dict[str, Any] = json.loads((directory / "out" / name).read_text(encoding="utf-8"))
    return result


def source_events(path: Path, keywords: Mapping[str, Any] | None = None) -> Path:
    """Write a window with one steady source and one burst of it in the middle (places drawn from the illumination)."""
    rng = np.random.default_rng(3)
    attitude = INSTRUMENT.attitude(*({**ATTITUDE, **(keywords or {})}[key] for key in ATTITUDE))
    image = pixel_illumination(*(float(t) for t in attitude.tangents(*PLACE))) * (module_map() >= 0)
    steady, burst, background = 15_000, 600, 60_000
    z, y = np.nonzero(module_map() >= 0)
    flat = rng.integers(0, z.size, background)
    lit = rng.choice(image.size, steady + burst, p=(image / image.sum()).ravel())
    time = np.concatenate(
        [rng.uniform(0.0, SECONDS, background + steady), rng.uniform(200.0, 200.5, burst)],
    )
    order = np.argsort(time)
    columns = {
        "DETZ": np.concatenate([z[flat], lit // 130])[order],
        "DETY": np.concatenate([y[flat], lit % 130])[order],
        "TIME": (TSTART + time / 86400.0)[order],
        "ISGRI_ENERGY": rng.uniform(20.0, 80.0, time.size),
        "SELECT_FLAG": np.zeros(time.size, np.uint8),
    }
    return write_events(path, rows=time.size, seconds=SECONDS, keywords=keywords, columns=columns)
