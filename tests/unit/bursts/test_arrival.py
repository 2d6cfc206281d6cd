"""Light-travel times, annuli and delays against published and worked numbers."""

import numpy as np
import pytest

from science.bursts.arrival import LIGHT_KM_S, Unphysical, annulus, delay_at_geocentre, delay_between, direction
from science.bursts.curve import Curve


def test_light_travel_of_a_documented_position() -> None:
    # 2023-08-12T18:58:00: INTEGRAL at RA 208.951, Dec 52.770, 116867.9 km; the service answered 0.38956 s.
    position = 116_867.9 * direction(208.951, 52.770)
    assert delay_at_geocentre(position, 208.951, 52.770) == pytest.approx(0.38956, abs=1e-3)
    assert delay_at_geocentre(-position, 208.951, 52.770) == pytest.approx(-0.38983, abs=1e-5)


@pytest.mark.parametrize(("delay", "radius"), [(0.0, 90), (0.1, 75.1), (0.2, 59.1), (0.3, 39.7), (0.35, 26.1)])
def test_annulus_radius(delay: float, radius: float) -> None:
    ring = annulus([0, 0, 0], [0, 0, 116_868], delay, 0.001)
    assert ring.radius == pytest.approx(radius, abs=0.06)
    assert ring.dec == pytest.approx(90)
    assert ring.baseline_s == pytest.approx(0.3898, abs=1e-4)


def test_annulus_width_and_sign() -> None:
    assert annulus([0, 0, 0], [116_868, 0, 0], 0.0, 0.05).half_width == pytest.approx(7.35, abs=0.04)
    assert annulus([0, 0, 0], [0.5 * LIGHT_KM_S, 0, 0], 0.0, 0.05).half_width == pytest.approx(5.7, abs=0.05)
    source = direction(40.0, 20.0)
    first, second = np.array([1.0e5, 2.0e4, -3.0e4]), np.array([-5.0e3, 1.0e3, 4.0e3])
    delay = float((second - first) @ source) / LIGHT_KM_S  # the second lies nearer to the source and is hit first
    ring = annulus(first, second, delay, 0.001)
    assert direction(ring.ra, ring.dec) @ source == pytest.approx(np.cos(np.radians(ring.radius)), abs=1e-9)


def test_a_delay_beyond_the_baseline_is_refused_and_not_clipped() -> None:
    assert annulus([0, 0, 0], [0, 0, 116_868], 0.40, 0.01).radius == pytest.approx(0.0)
    with pytest.raises(Unphysical, match="does not fit a baseline of 0"):
        annulus([0, 0, 0], [0, 0, 116_868], 0.43, 0.01)
    with pytest.raises(Unphysical):
        annulus([0, 0, 0], [0, 0, 0], 0.0, 0.01)


@pytest.mark.parametrize(("step", "area"), [(0.05, 20_000.0), (0.05, 2_000.0), (0.1, 2_000.0), (0.1, 300.0)])
def test_the_delay_between_two_curves_and_its_error(step: float, area: float) -> None:
    """Errors are never too small; of a bright burst the root of 12 of a bin, which they contain, is too much."""
    pulls = []
    for seed in range(60):
        random = np.random.default_rng(seed)
        true = random.uniform(-0.4, 0.4)

        def seen(start: float, length: float, shift: float, area: float, rate: float) -> Curve:
            bins = round(length / step)
            fine = start + (np.arange(bins * 20) + 0.5) * step / 20 - shift
            light = np.exp(-np.abs(fine - 10) / np.where(fine > 10, 0.6, 0.15))
            expected = (rate + area * light).reshape(bins, 20).mean(axis=1) * step / 0.05
            return Curve(start, step, random.poisson(expected).astype(float), np.ones(bins, bool))  # noqa: B023

        first, second = seen(6.0, 10.0, true, area, 4500), seen(3.02, 16.0, 0.0, 0.3 * area, 100)
        lag, error = delay_between(first, second, 0.5)
        assert error < 0.2
        pulls.append((lag - true) / error)
    assert np.sqrt(np.mean(np.square(pulls))) < 1.3
    assert abs(np.mean(pulls)) < 0.6


def test_gaps_and_rates_without_a_background_are_no_obstacle() -> None:
    step, true = 0.05, 0.2
    random = np.random.default_rng(4)
    fine = (np.arange(8000) + 0.5) * step / 20
    light = np.exp(-np.abs(fine - 10) / np.where(fine > 10, 0.6, 0.15))
    late = np.interp(fine - true, fine, light)
    counts = random.poisson(4500 + 2000 * late.reshape(400, 20).mean(axis=1)).astype(float)
    live = np.ones(400, dtype=bool)
    live[202:204] = False
    first = Curve(0.0, step, np.where(live, counts, 0.0), live).cut(6.0, 14.0)
    behind = random.poisson(100 + 600 * light.reshape(400, 20).mean(axis=1)).astype(float)
    net = Curve(0.0, step, behind - 100, np.ones(400, dtype=bool))
    lag, error = delay_between(first, net, 0.5, ratio=1.1, second_variance=np.maximum(behind, 1.0))
    assert lag == pytest.approx(true, abs=4 * error)
    dark = Curve(first.start_s, step, first.counts, np.zeros(first.counts.size, dtype=bool))
    with pytest.raises(ValueError, match="fewer than 10 bins in common"):
        delay_between(dark, net, 0.5)


def test_curves_that_cannot_be_compared() -> None:
    flat = Curve(0.0, 0.05, np.ones(10), np.ones(10, dtype=bool))
    with pytest.raises(ValueError, match="must cover"):
        delay_between(flat, flat, 0.5)
    with pytest.raises(ValueError, match="cannot be compared"):
        delay_between(flat, Curve(0.0, 0.1, np.ones(10), np.ones(10, dtype=bool)), 0.5)
