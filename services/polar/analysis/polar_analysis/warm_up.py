"""Runs every compiled loop and loads every library once, while the image is built."""

import numpy as np
from bursts.curve import Curve
from bursts.duration import measure
from bursts.search import search

import polar_analysis.burst_stage
import polar_analysis.events_stage
import polar_analysis.light_curve_stage


def warm_up() -> None:
    """Search and measure a small curve with a burst."""
    counts = np.random.default_rng(1).poisson(100.0, 4000).astype(float)
    counts[2000:2040] += 200
    found = search(Curve(0.0, 0.1, counts, np.ones(counts.size, dtype=bool)), [1, 2, 20, 40], 7.0)
    measure(found, found.excesses[0])


__all__ = ["polar_analysis", "warm_up"]
