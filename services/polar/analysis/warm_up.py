"""Runs every compiled loop and loads every library once, while the image is built."""

import importlib

import numpy as np

from science.bursts.curve import Curve
from science.bursts.duration import measure
from science.bursts.search import search

_STAGES = ("burst_stage", "events_stage", "light_curve_stage")


def warm_up() -> None:
    """Search and measure a small curve with a burst."""
    counts = np.random.default_rng(1).poisson(100.0, 4000).astype(float)
    counts[2000:2040] += 200
    found = search(Curve(0.0, 0.1, counts, np.ones(counts.size, dtype=bool)), [1, 2, 20, 40], 7.0)
    measure(found, found.excesses[0])
    for stage in _STAGES:
        importlib.import_module(f"services.polar.analysis.{stage}")
