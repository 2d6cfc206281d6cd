"""Runs one stage as the container does, and makes a window with one source and one burst."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mesh.instruments import instrument
from mesh.kit.analysis import Analysis
from services.isgri import analysis
from services.isgri.analysis.detector import module_map
from services.isgri.analysis.instrument import INSTRUMENT
from services.isgri.analysis.pif import pixel_illumination
from tests.unit.isgri.events_file import ATTITUDE, TSTART, write_events
from tests.unit_directory import outcome
from tests.unit_directory import unit_directory as lay_out

_ANALYSIS = Analysis(stages=analysis.STAGES, warm=analysis.warm)
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
    """Lay out a unit of the window that its inputs have, or of the job."""
    scope = instrument("isgri").stages[stage].scope
    return lay_out(directory, stage, "job" if scope == "job" else inputs[0][1], parameters, inputs)


def run(directory: Path) -> dict[str, Any]:
    """Run a unit that is laid out; return its manifest, or its failure."""
    return outcome(directory, _ANALYSIS)


def source_events(path: Path, keywords: Mapping[str, Any] | None = None, scatter: float = 0.0) -> Path:
    """Write a window with one steady source and one burst of it in the middle (places drawn from the illumination).

    The background of the pixels scatters by *scatter* (rms), the same in all windows.
    """
    rng = np.random.default_rng(3)
    attitude = INSTRUMENT.attitude(*({**ATTITUDE, **(keywords or {})}[key] for key in ATTITUDE))
    image = pixel_illumination(*(float(t) for t in attitude.tangents(*PLACE))) * (module_map() >= 0)
    steady, burst, background = 15_000, 600, 60_000
    z, y = np.nonzero(module_map() >= 0)
    flat = rng.integers(0, z.size, background)
    if scatter:
        level = np.exp(np.random.default_rng(9).normal(0.0, scatter, z.size))
        flat = rng.choice(z.size, background, p=level / level.sum())
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
