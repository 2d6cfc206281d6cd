"""Circles and rings as maps."""

import numpy as np
import pytest

from science.sky_maps.annulus import Ring, with_ring
from science.sky_maps.circle import circle, sigma_deg, whole_sky
from science.sky_maps.credible import Credible
from science.sky_maps.sky_map import SPHERE_DEG2, SkyMap, angle_deg, unit_vector


def _within(sky: SkyMap, ra: float, dec: float, radius: float) -> float:
    fine = sky
    for _ in range(2):
        fine = fine.split(np.ones(fine.order.size, dtype=bool))
    return float(fine.probability[angle_deg(fine.directions, unit_vector(ra, dec)) < radius].sum())


@pytest.mark.parametrize(("share", "factor"), [(0.9, 2.1460), (0.68, 1.5096), (0.5, 1.1774)])
def test_sigma_of_a_circle(share: float, factor: float) -> None:
    assert 3.0 / sigma_deg(3.0, share) == pytest.approx(factor, abs=5e-5)


@pytest.mark.parametrize("radius", [0.001, 0.05, 1.0, 7.4, 17.45, 60.0])
@pytest.mark.parametrize("share", [0.5, 0.68, 0.9])
@pytest.mark.parametrize("place", [(186.62, -48.84), (0.0, 90.0), (359.99, 0.0)])
def test_a_circle_holds_what_it_says(radius: float, share: float, place: tuple[float, float]) -> None:
    sky = circle(*place, radius, share)
    assert float(sky.probability.sum()) == pytest.approx(1, abs=1e-12)
    assert sky.order.size < 20_000
    assert _within(sky, *place, radius) == pytest.approx(share, abs=0.03)
    # The smallest region with that share is the circle itself.
    area = SPHERE_DEG2 * (1 - np.cos(np.radians(radius))) / 2
    assert Credible(sky).area_deg2(share) == pytest.approx(area, rel=0.03)
    assert float(angle_deg(unit_vector(*sky.peak), unit_vector(*place))) < 0.3 * radius


def test_stated_errors_of_gbm_become_wider() -> None:
    stated, real = circle(120.0, 30.0, 1.0, 0.68), circle(120.0, 30.0, 1.0, 0.68, "gbm")
    assert _within(stated, 120.0, 30.0, 10.0) > 0.9999
    # Nine in ten with a core of hypot(1, 3.7) deg, one in ten with a tail of hypot(1, 14) deg.
    core, tail = (1 - np.exp(-0.5 * (10.0 / np.hypot(sigma_deg(1, 0.68), more / 1.5096)) ** 2) for more in (3.7, 14.0))
    assert _within(real, 120.0, 30.0, 10.0) == pytest.approx(0.9 * core + 0.1 * tail, abs=0.01)


@pytest.mark.parametrize("radius", [180.0, 360.0])
def test_a_circle_of_all_directions_is_the_whole_sky(radius: float) -> None:
    assert Credible(circle(10.0, 10.0, radius, 0.9)).area_deg2(0.9) == pytest.approx(0.9 * SPHERE_DEG2)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((10.0, 10.0, -1.0, 0.9), "no error"),
        ((10.0, 10.0, 0.0, 0.9), "no error"),
        ((10.0, 91.0, 1.0, 0.9), "sphere"),
        ((-5.0, 9.0, 1.0, 0.9), "sphere"),
        ((10.0, 9.0, 1.0, 1.0), "between 0 and 1"),
    ],
)
def test_what_is_no_circle(values: tuple[float, float, float, float], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        circle(*values)


def test_a_ring_on_the_whole_sky_has_its_area() -> None:
    sky = with_ring(whole_sky(), Ring(40.0, -20.0, 60.0, 2.0))
    away = angle_deg(sky.directions, unit_vector(40.0, -20.0))
    assert float(sky.probability @ away) == pytest.approx(60.0, abs=0.1)
    inside = float(sky.probability[np.abs(away - 60.0) < 2.0].sum())
    assert inside == pytest.approx(0.683, abs=0.02)
    ring = 2 * np.pi * np.sin(np.radians(60.0)) * np.degrees(1.0) * 2 * 1.645 * 2.0
    assert Credible(sky).area_deg2(0.9) == pytest.approx(ring, rel=0.05)


def test_a_ring_cuts_a_map() -> None:
    sky = circle(100.0, 0.0, 10.0, 0.9)
    cut = with_ring(sky, Ring(160.0, 0.0, 60.0, 0.5))
    assert Credible(cut).area_deg2(0.9) < 0.35 * Credible(sky).area_deg2(0.9)
    assert _within(cut, 100.0, 0.0, 12.0) > 0.9


def test_a_ring_that_misses_the_map_is_refused() -> None:
    with pytest.raises(ValueError, match="no direction in common"):
        with_ring(circle(100.0, 0.0, 0.1, 0.9), Ring(100.0, 0.0, 90.0, 0.5))
