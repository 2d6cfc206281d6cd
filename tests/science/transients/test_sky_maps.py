"""Published sky maps: areas, peaks, distances, and the probability of circles and squares, against their README."""

import tracemalloc
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from science.sky_maps.credible import Credible
from science.sky_maps.reading import read_sky_map
from science.sky_maps.sky_map import SkyMap, angle_deg, unit_vector
from tests.science.bars import Bars

# File -> areas of 50 % and 90 % [deg2], peak, distance and its error [Mpc].
_MAPS = {
    "alerts/skymaps/GW170817_GWTC1.fits.gz": (5.0, 16.2, (196.304, -21.302), (38.0, 7.5)),
    "alerts/skymaps/GW150914_GWTC1.fits.gz": (52.1, 179.9, (113.571, -72.665), (429.3, 96.9)),
    "alerts/skymaps/GW170104_GWTC1.fits.gz": (205.3, 923.6, (128.330, 42.410), (958.7, 260.1)),
    "alerts/skymaps/S190425z_bayestar.fits.gz": (2805.7, 10182.6, (242.578, 22.831), (154.6, 44.6)),
    "alerts/skymaps/S200129m_bayestar.multiorder.fits": (10.2, 53.1, (318.340, 4.574), (908.4, 202.2)),
    "alerts/skymaps/G495305_bayestar.multiorder.fits": (7.6, 34.1, (48.246, 45.167), (1181.4, 248.7)),
    "alerts/skymaps/MS181101ab_combined-ext.multiorder.fits": (8.3, 27.7, (194.304, -17.857), (39.9, 8.2)),
    "gw-multimessenger/GW151012_GWTC_multiorder.fits.gz": (None, 1677, None, (1094, 321)),
    "gw-multimessenger/GW151226_GWTC_multiorder.fits.gz": (None, 1276, None, (444, 112)),
    "gw-multimessenger/GW170608_GWTC_multiorder.fits.gz": (None, 421, None, (323, 71)),
    "gw-multimessenger/GW170814_GWTC_multiorder.fits.gz": (None, 93, None, (588, 111)),
}


@dataclass(frozen=True)
class _Fields:
    """What a map holds around a direction, as measured from its pixels by others.

    Args:
        at: RA and Dec, deg; None for the peak.
        circles: probability within 4.5, 6.6, 15 and 30 deg.
        squares: within squares of 29 and 8.3 deg, sides along RA and Dec.
        level: credible level there and area of its region, deg2; None where the direction is the peak.
    """

    at: tuple[float, float] | None
    circles: tuple[float, float, float, float]
    squares: tuple[float, float]
    level: tuple[float, float] | None = None


_AT2017GFO = (197.45037, -23.38148)
_FIELDS = {
    "GW170817_GWTC1.fits.gz": _Fields(_AT2017GFO, (0.7143, 0.9117, 0.9999, 0.9999), (0.9999, 0.7383), (0.383, 3.5)),
    "GW150914_GWTC1.fits.gz": _Fields(
        (120.0, -70.0), (0.2005, 0.3071, 0.6444, 0.9514), (0.6667, 0.2152), (0.844, 141.3)
    ),
    "GW170104_GWTC1.fits.gz": _Fields((130.0, 45.0), (0.0788, 0.1207, 0.2764, 0.5353), (0.2843, 0.0801), (0.005, 1.3)),
    "S190425z_bayestar.fits.gz": _Fields(
        (240.0, 25.0), (0.0237, 0.0414, 0.1307, 0.3172), (0.1516, 0.0262), (0.003, 5.0)
    ),
    "S200129m_bayestar.multiorder.fits": _Fields(None, (0.7309, 0.8276, 0.9088, 0.9963), (0.9098, 0.7224)),
    "G495305_bayestar.multiorder.fits": _Fields(None, (0.9163, 0.9637, 0.9924, 0.9982), (0.9923, 0.9114)),
    "MS181101ab_combined-ext.multiorder.fits": _Fields(
        _AT2017GFO, (0.5070, 0.7269, 0.9991, 1.0000), (0.9996, 0.5351), (0.551, 9.5)
    ),
}


def _read(shared_data: Path, name: str) -> SkyMap:
    path = shared_data / name
    if not path.is_file():
        pytest.skip(f"real data not found at {path}")
    return read_sky_map(path)


@pytest.mark.parametrize("name", _MAPS)
def test_areas_peak_and_distance(name: str, shared_data: Path, bars: Bars) -> None:
    half, most, peak, distance = _MAPS[name]
    sky = _read(shared_data, name)
    credible, short = Credible(sky), Path(name).name.partition("_")[0]
    for level, area in ((0.5, half), (0.9, most)):
        if area is not None:
            # The figures have one digit after the point, or none.
            found, digit = credible.area_deg2(level), 0.05 if half is not None else 0.5
            near = abs(found - area) < 0.01 * area + digit
            bars.record("-", f"{short}: area of {level:.0%} [deg2]", found, f"{area} within 1 %", near)
    assert sky.distance == pytest.approx(distance, abs=0.5)
    if peak is not None:
        away = float(angle_deg(unit_vector(*sky.peak), unit_vector(*peak)))
        bars.record("-", f"{short}: peak from the published one [deg]", away, "< 0.001", away < 0.001)


def test_a_small_box_in_fifty_million_pixels(shared_data: Path, bars: Bars) -> None:
    path = shared_data / "alerts" / "skymaps" / "GRB220617A_IPN.fits.gz"
    if not path.is_file():
        pytest.skip(f"real data not found at {path}")
    tracemalloc.start()
    try:
        sky = read_sky_map(path)
        peak = tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
    bars.record("-", "memory for a map of 50 million pixels [MB]", peak, "< 512", peak < 512)
    credible = Credible(sky)
    pixel = 0.00082
    areas = [credible.area_deg2(0.5), credible.area_deg2(0.9)]
    near = abs(areas[0] - 0.027) < pixel and abs(areas[1] - 0.089) < 1.3 * pixel
    bars.record("-", "GRB 220617A: areas of 50 % and 90 % [deg2]", areas, "0.027, 0.089 to a pixel", near)
    assert sky.peak == pytest.approx((156.863, 15.559), abs=0.001)


@pytest.mark.parametrize("name", _FIELDS)
def test_probability_of_circles_and_squares(name: str, shared_data: Path, bars: Bars) -> None:
    known = _FIELDS[name]
    sky = _read(shared_data, f"alerts/skymaps/{name}")
    ra, dec = known.at or sky.peak
    fine = sky.refined(8)
    away = angle_deg(fine.directions, unit_vector(ra, dec))
    circles = [float(fine.probability[away < radius].sum()) for radius in (4.5, 6.6, 15.0, 30.0)]
    squares = [float(fine.probability[_in_square(fine, ra, dec, side)].sum()) for side in (29.0, 8.3)]
    off = float(np.abs(np.subtract(circles + squares, known.circles + known.squares)).max())
    short = name.partition("_")[0]
    bars.record("-", f"{short}: probability of 4 circles and 2 squares, largest error", off, "< 0.002", off < 0.002)
    if known.level is not None:
        level, area = Credible(sky).level_at(ra, dec)
        near = abs(level - known.level[0]) < 0.002 and abs(area / known.level[1] - 1) < 0.03
        bars.record("-", f"{short}: level and area at the direction", [level, area], f"{known.level}", near)


def _in_square(sky: SkyMap, ra: float, dec: float, side: float) -> np.ndarray:
    """Flag cells within a square of the tangent plane with sides along RA and Dec."""
    centre, east = unit_vector(ra, dec), unit_vector(ra + 90, 0.0)
    z = sky.directions @ centre
    x = sky.directions @ east
    y = sky.directions @ np.cross(centre, east)
    edge = np.tan(np.radians(side / 2)) * z
    flags: np.ndarray = (z > 0) & (np.abs(x) < edge) & (np.abs(y) < edge)
    return flags
