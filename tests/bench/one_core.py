"""Speed of the analyses on one core, as ratios to a fixed loop measured in the same process.

A file of an instrument has a function ``measure() -> dict[str, float]`` whose keys are the figures of the report, those
in seconds ending in ``_s``, and is listed in ``MEASURED``. It runs in a process of its own, bound to one core with one
thread. Seconds are CPU seconds (``cpu_s``): what an otherwise idle machine takes, whatever else runs meanwhile.
Alone, without servers: ``python -m tests.bench.one_core [module ...]``.
"""

import importlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import fft

MEASURED = (
    "tests.bench.isgri",
    "tests.bench.jemx",
    "tests.bench.spiacs",
)
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


def science_figures(modules: Sequence[str] = MEASURED) -> dict[str, Any]:
    """Return the figures of every module, each figure in seconds followed by its ratio to the calibration loop."""
    figures: dict[str, Any] = {"calibration_s": 0.0}
    calibrations = []
    for module in modules:
        command = [sys.executable, "-m", "tests.bench.one_core", "--here", module]
        run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | _ONE_THREAD)
        measured = json.loads(run.stdout.splitlines()[-1])
        calibrations.append(measured.pop("calibration_s"))
        for key, value in measured.items():
            figures[key] = round(value, 4)
            if key.endswith("_s"):
                figures[f"{key}_over_calibration"] = round(value / calibrations[-1], 3)
    figures["calibration_s"] = round(statistics.median(calibrations), 4)
    return figures


def cpu_s(call: Callable[[], object], repeats: int = 1) -> float:
    """Return the least CPU seconds that *call* took in *repeats* runs."""
    taken = []
    for _ in range(repeats):
        begin = time.process_time()
        call()
        taken.append(time.process_time() - begin)
    return min(taken)


def calibration_s() -> float:
    """Return the CPU seconds of a fixed piece of work like that of the analyses: FFTs, products, random access."""
    rng = np.random.default_rng(1)
    image = rng.normal(size=(384, 384)).astype(np.float32)
    matrix = rng.normal(size=(64, 16384))
    place = rng.integers(0, 16384, 1_000_000)

    def loop() -> None:
        for _ in range(60):
            fft.irfft2(fft.rfft2(image), s=image.shape)
        for _ in range(10):
            matrix @ matrix.T
        for _ in range(20):
            np.bincount(place, minlength=16384)

    loop()
    return cpu_s(loop, repeats=7)


def _measure_here(module: str) -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    before = calibration_s()
    measured = importlib.import_module(module).measure()
    measured["calibration_s"] = (before + calibration_s()) / 2.0
    print(json.dumps(measured))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--here"]:
        _measure_here(sys.argv[2])
    else:
        print(json.dumps(science_figures(sys.argv[1:] or MEASURED), indent=1))
