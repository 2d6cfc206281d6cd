"""Regions on the sky, cells of HEALPix and coverage maps, against mocpy and against each other."""

import math
import random

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import Latitude, Longitude
from astropy_healpix import HEALPix
from mocpy import MOC

from gateway.vo.healpix import cells, centre
from gateway.vo.moc import joined
from gateway.vo.regions import read_region
from gateway.vo.tap.coverage import Circle, separation
from mesh.errors import InvalidParameter


@pytest.mark.parametrize("order", [0, 1, 2, 5])
def test_centres_of_cells_are_those_of_healpix(order: int) -> None:
    numbers = np.arange(12 * 4**order)
    longitude, latitude = HEALPix(2**order, order="nested").healpix_to_lonlat(numbers)
    ours = np.array([centre(order, int(number)) for number in numbers])
    assert ours[:, 1] == pytest.approx(latitude.deg, abs=1e-9)
    assert np.cos(np.radians(ours[:, 0] - longitude.deg)) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize(
    "circle", [Circle(266.4, -29.0, 5.0), Circle(0.1, 89.5, 3.0), Circle(359.9, 0.0, 0.4), Circle(10.0, 10.0, 180.0)]
)
def test_cells_cover_the_whole_circle_and_little_more(circle: Circle) -> None:
    order = 6
    ours = MOC.from_json({str(depth): sorted(found) for depth, found in joined(cells(circle, order), order).items()})
    whole = MOC.from_cone(
        Longitude(circle.ra, u.deg),
        Latitude(circle.dec, u.deg),
        radius=min(circle.radius, 179.999) * u.deg,
        max_depth=order,
    )
    assert whole.difference(ours).sky_fraction == pytest.approx(0.0, abs=1e-12)
    wider = MOC.from_cone(
        Longitude(circle.ra, u.deg),
        Latitude(circle.dec, u.deg),
        radius=min(circle.radius + 3.0, 180.0) * u.deg,
        max_depth=order,
    )
    assert ours.difference(wider).sky_fraction == pytest.approx(0.0, abs=1e-6)


def test_four_cells_are_one_and_none_is_inside_another() -> None:
    assert joined([(1, 0), (1, 1), (1, 2), (1, 3), (1, 7), (0, 1)], 1) == {0: {0, 1}}


@pytest.mark.parametrize(
    ("region", "circle", "touches"),
    [
        ("CIRCLE 10 0 1", Circle(12.0, 0.0, 1.01), True),
        ("CIRCLE 10 0 1", Circle(12.0, 0.0, 0.9), False),
        ("RANGE 350 370 -5 5", Circle(5.0, 0.0, 0.1), True),
        ("RANGE 10 20 -5 5", Circle(22.0, 0.0, 2.1), True),
        ("RANGE 10 20 -5 5", Circle(22.0, 0.0, 1.9), False),
        ("RANGE -Inf Inf 80 Inf", Circle(100.0, 79.0, 1.1), True),
        ("POLYGON 0 0 10 0 10 10 0 10", Circle(5.0, 5.0, 0.1), True),
        ("POLYGON 0 0 0 10 10 10 10 0", Circle(5.0, 5.0, 0.1), True),
        ("POLYGON 0 0 10 0 10 10 0 10", Circle(12.0, 5.0, 2.2), True),
        ("POLYGON 0 0 10 0 10 10 0 10", Circle(12.0, 5.0, 1.8), False),
        ("POLYGON 0 0 10 0 10 10 0 10", Circle(185.0, -5.0, 1.0), False),
        ("POLYGON 0 80 120 80 240 80", Circle(33.0, 90.0, 0.1), True),
    ],
)
def test_a_region_touches_a_circle(region: str, circle: Circle, *, touches: bool) -> None:
    assert read_region(region, "POS").touches(circle) is touches


@pytest.mark.parametrize(
    "text", ["", "CIRCLE 1 2", "CIRCLE 1 2 nan", "SQUARE 1 2 3", "POLYGON 1 2 3 4", "RANGE 1 2 3 x"]
)
def test_what_is_no_region_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter, match="no region"):
        read_region(text, "POS")


def test_separations_are_those_of_the_cosine_formula() -> None:
    chance = random.Random(1)  # noqa: S311
    for _ in range(200):
        ra1, ra2, dec1, dec2 = (chance.uniform(*limits) for limits in ((0, 360), (0, 360), (-90, 90), (-90, 90)))
        a, b, d = math.radians(dec1), math.radians(dec2), math.radians(ra1 - ra2)
        cosine = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(d)
        assert separation(ra1, dec1, ra2, dec2) == pytest.approx(math.degrees(math.acos(cosine)), abs=1e-5)
