"""Every form of an angle comes to the same degrees."""

from typing import Any

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import Angle, SkyCoord

from odamesh.errors import WrongValue
from odamesh.positions import degrees, position


@pytest.mark.parametrize(
    "value",
    [
        266.4,
        np.float32(266.4),
        "266.4",
        "266.4 deg",
        "266.4d",
        266.4 * u.deg,
        Angle("17h45m36s"),
        "17:45:36",
        "17h45m36s",
        "17 45 36.0",
        "17h45.6m",
    ],
    ids=str,
)
def test_right_ascension(value: Any) -> None:
    assert degrees("ra", value, "ra") == pytest.approx(266.4, abs=1e-5)


@pytest.mark.parametrize("value", [-29.5, "-29.5", "-29:30:00", "-29d30m00s", "-29°30'00\"", "-29 30 00", "-29d30m"])
def test_declination_is_in_degrees_and_keeps_its_sign(value: Any) -> None:
    assert degrees("dec", value, "dec") == -29.5


def test_a_declination_just_below_the_equator_keeps_its_sign() -> None:
    assert degrees("dec", "-00:30:00", "dec") == -0.5


@pytest.mark.parametrize("value", [0.5, "30 arcmin", "30arcmin", "1800 arcsec", 30 * u.arcmin])
def test_radius(value: Any) -> None:
    assert degrees("radius", value, "angle") == pytest.approx(0.5)


@pytest.mark.parametrize("value", ["nan", float("nan"), float("inf"), "12:75:00", "GX 1+4", 3 * u.keV, True, None, []])
def test_what_is_no_angle_is_refused_with_field_and_forms(value: Any) -> None:
    with pytest.raises(WrongValue, match=r"^ra: .*17:45:40"):
        degrees("ra", value, "ra")


@pytest.mark.parametrize(
    "value",
    [
        SkyCoord(266.4, -29.5, unit="deg"),
        SkyCoord(266.4, -29.5, unit="deg").galactic,
        (266.4, -29.5),
        "17:45:36 -29:30:00",
        "266.4, -29.5",
        "17 45 36 -29 30 00",
    ],
    ids=lambda value: type(value).__name__,
)
def test_positions(value: Any) -> None:
    assert position("at", value) == pytest.approx((266.4, -29.5), abs=1e-5)


@pytest.mark.parametrize("value", ["GX 1+4", "266.4", 266.4, (1, 2, 3), (1, "x")])
def test_what_is_no_position(value: Any) -> None:
    with pytest.raises(WrongValue, match=r"^at"):
        position("at", value)
