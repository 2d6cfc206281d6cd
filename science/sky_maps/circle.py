"""A position with an error as a map: on the sphere, so that errors of many degrees are right too.

The density falls as exp(k (cos r - 1)) with the distance r (Fisher 1953, Proc. R. Soc. A 217, 295), which for small
errors is a Gaussian of sigma = r90 / 2.1460 = r68 / 1.5096 = r50 / 1.1774.
"""

from dataclasses import dataclass

import numpy as np

from science.sky_maps.sky_map import DEEPEST, Floats, SkyMap, angle_deg, cell_size_deg, unit_vector

_COARSEST = 4
_CELLS_A_SIGMA = 4.0
_REACH_SIGMA = 6.0
_LEAST_SIGMA_DEG = 0.1 / 3600


@dataclass(frozen=True)
class Systematic:
    """An error that is added to the stated one: a share of the positions with each of some sigmas.

    Args:
        shares: of the positions, their sum is 1.
        radii_deg: radius with 68.27 % of the positions, of each share.
    """

    shares: tuple[float, ...]
    radii_deg: tuple[float, ...]


SYSTEMATIC = {
    "none": Systematic((1.0,), (0.0,)),
    # Connaughton et al. 2015, ApJS 216, 32, as GCN 21506 quotes it: nine in ten within a core, the others far off.
    "gbm": Systematic((0.9, 0.1), (3.7, 14.0)),
}
"""What is known of the systematic error of circles whose stated error is statistical."""

_TWO_DIMENSIONS_68 = 1.5096


def sigma_deg(radius_deg: float, containment: float) -> float:
    """Return the sigma of a two-dimensional Gaussian that has a share of its probability within a radius.

    Raises:
        ValueError: the share is not between 0 and 1.
    """
    if not 0 < containment < 1:
        raise ValueError(f"a circle holds between 0 and 1 of the probability, not {containment:g}")
    return radius_deg / float(np.sqrt(-2 * np.log1p(-containment)))


def circle(ra: float, dec: float, radius_deg: float, containment: float, systematic: str = "none") -> SkyMap:
    """Return the map of a position with an error circle; the whole sky evenly where the circle says no more.

    Args:
        ra: deg (ICRS).
        dec: deg.
        radius_deg: of the circle.
        containment: share of the probability inside, 0 to 1; 0.9 where a GCN notice does not say.
        systematic: a key of `SYSTEMATIC`.

    Raises:
        ValueError: says which value cannot be.
    """
    stated = sigma_deg(radius_deg, containment)
    if not (0 <= ra <= 360 and -90 <= dec <= 90):
        raise ValueError(f"RA {ra:g}, Dec {dec:g} is not on the sphere: RA 0 to 360, Dec -90 to 90 deg")
    if not radius_deg > 0:
        raise ValueError(f"a radius of {radius_deg:g} deg is no error: leave the position out where it is not known")
    if radius_deg >= 180 or containment <= (1 - np.cos(np.radians(radius_deg))) / 2:
        return whole_sky()
    added = SYSTEMATIC[systematic]
    sigmas = [max(float(np.hypot(stated, more / _TWO_DIMENSIONS_68)), _LEAST_SIGMA_DEG) for more in added.radii_deg]
    centre = unit_vector(ra, dec)
    exact = systematic == "none"
    kappas = [_kappa(radius_deg, containment, sigma) if exact else float(np.radians(sigma)) ** -2 for sigma in sigmas]
    sky = _graded(centre, sigmas)
    density = sum(
        (share * _fisher(sky, centre, kappa) for share, kappa in zip(added.shares, kappas, strict=True)),
        np.zeros(sky.order.size),
    )
    return SkyMap(sky.order, sky.place, density / float((density * sky.area).sum()))


def whole_sky() -> SkyMap:
    """Return the map of which nothing is known."""
    return SkyMap(np.zeros(12, np.int64), np.arange(12), np.full(12, 1 / (4 * np.pi)))


def _fisher(sky: SkyMap, centre: Floats, kappa: float) -> Floats:
    # cos r - 1 of small distances, without the loss of digits.
    half = np.sin(0.5 * np.radians(angle_deg(sky.directions, centre)))
    density: Floats = kappa / (2 * np.pi * -np.expm1(-2 * kappa)) * np.exp(-2 * kappa * half**2)
    return density


def _kappa(radius_deg: float, containment: float, sigma: float) -> float:
    """Return the concentration with exactly the share of the probability within a radius, by bisection."""
    cap = 2 * float(np.sin(0.5 * np.radians(radius_deg))) ** 2
    if sigma <= _LEAST_SIGMA_DEG:
        return float(np.radians(sigma)) ** -2
    low, high = 1e-6, 10 * float(np.radians(sigma)) ** -2
    for _ in range(200):
        middle = float(np.sqrt(low * high))
        if np.expm1(-middle * cap) / np.expm1(-2 * middle) < containment:
            low = middle
        else:
            high = middle
    return float(np.sqrt(low * high))


def _graded(centre: Floats, sigmas: list[float]) -> SkyMap:
    """Return cells that become finer towards the centre."""
    sky = whole_sky().refined(_COARSEST)
    for order in range(_COARSEST, DEEPEST):
        size = float(cell_size_deg(order))
        near = angle_deg(sky.directions, centre) - size
        wanted = [(near < _REACH_SIGMA * sigma) & (size > sigma / _CELLS_A_SIGMA) for sigma in sigmas]
        coarse = (sky.order == order) & np.logical_or.reduce(wanted)
        if not coarse.any():
            break
        sky = sky.split(coarse)
    return sky
