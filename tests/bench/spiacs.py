"""Speed of the burst search of SPI-ACS: two kiloseconds on every width, and a whole day."""

import numpy as np

from services.spiacs.simulator.rates import BIN_S, Background, simulated_counts
from tests.bench.one_core import cpu_s

_TWO_KS, _DAY = 40_000, 1_728_000
_SECONDS_WIDTHS = 200
_THRESHOLD = 6.5


def measure() -> dict[str, float]:
    """Measure S-5 and the search of a day."""
    from science.bursts.curve import Curve  # noqa: PLC0415
    from science.bursts.search import all_widths, search  # noqa: PLC0415
    from services.spiacs.analysis.search_stage import search_widths  # noqa: PLC0415

    def curve(bins: int) -> Curve:
        counts = simulated_counts(bins, np.random.default_rng(1), Background()).astype(float)
        return Curve(0.0, BIN_S, counts, np.ones(bins, dtype=bool))

    short, day = curve(_TWO_KS), curve(_DAY)
    every = all_widths(_SECONDS_WIDTHS)
    search(short, every, _THRESHOLD)  # compiles
    return {
        "acs_search_2ks_ms": 1000 * cpu_s(lambda: search(short, every, _THRESHOLD), repeats=20),
        "acs_search_day_s": cpu_s(lambda: search(day, search_widths(), _THRESHOLD), repeats=3),
    }
