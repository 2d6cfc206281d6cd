"""Runs every compiled loop and loads every library once, while the image is built."""

import numpy as np
from bursts.curve import Curve
from bursts.duration import measure
from bursts.search import search

import spiacs_analysis.counts_stage
import spiacs_analysis.light_curve_stage
import spiacs_analysis.search_stage


def warm_up() -> None:
    """Search and measure a small curve with a burst."""
    counts = np.random.default_rng(1).poisson(500.0, 8000).astype(float)
    counts[4000:4040] += 300
    found = search(Curve(0.0, 0.05, counts, np.ones(counts.size, dtype=bool)), [1, 2, 20, 40], 7.0)
    measure(found, found.excesses[0])


__all__ = ["spiacs_analysis", "warm_up"]
