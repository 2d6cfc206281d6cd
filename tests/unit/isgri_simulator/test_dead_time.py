"""The busy electronics of simulated modules."""

import numpy as np
import pytest

from services.isgri.simulator.dead_time import BUSY_S, free_share, module_of, taken
from services.isgri.simulator.photons import Events


def _events(time_s: list[float], isgri_y: list[int]) -> Events:
    count = len(time_s)
    return Events(np.array(time_s), np.array(isgri_y), np.zeros(count, np.intp), np.full(count, 30.0))


def test_modules_are_numbered_along_y_first() -> None:
    assert list(module_of(np.array([0, 127, 0, 64]), np.array([0, 31, 32, 127]))) == [0, 1, 2, 7]


def test_a_busy_module_misses_events_and_is_not_prolonged() -> None:
    step = 0.4 * BUSY_S
    one = taken(_events([0.0, step, 2 * step, 3 * step, 1.0], [0, 0, 0, 0, 0]))
    assert list(one.time_s) == pytest.approx([0.0, 3 * step, 1.0])
    two = taken(_events([0.0, step, 2 * step, 3 * step], [0, 64, 0, 64]))
    assert list(two.time_s) == pytest.approx([0.0, step])


def test_a_flood_of_events_is_cut_to_what_the_electronics_can_take() -> None:
    rng = np.random.default_rng(3)
    arriving = 20_000.0
    flood = taken(_events(list(np.sort(rng.random(int(arriving)))), [0] * int(arriving)))
    assert flood.time_s.size == pytest.approx(arriving / (1.0 + arriving * BUSY_S), rel=0.02)
    assert np.diff(flood.time_s).min() >= BUSY_S
    assert free_share(8 * flood.time_s.size) == pytest.approx(1.0 / (1.0 + arriving * BUSY_S), abs=0.02)
