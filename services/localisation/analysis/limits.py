"""Fluence limits of SPI-ACS over a map: from counts to erg/cm2 for every direction, and folded with the probability."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from science.bursts.all_sky_response import INTERPOLATION, orientation, relative_response
from science.sky_maps.credible import Credible
from science.sky_maps.sky_map import Flags, Floats, angle_deg, unit_vector

_MPC_CM = 3.0856775814913673e24
_NEAR_BEST = 1.5
_ALL_SKY = ("spi_acs", "ibis_veto", "isgri")


@dataclass(frozen=True)
class LimitMap:
    """Limits on a burst of one spectrum and one length, from any direction.

    Args:
        spectrum: ``hard`` or ``soft``.
        scale_s: length.
        fluence: erg/cm2 in 75-2000 keV, of each cell; NaN where no response is published or the Earth is in the way.
        case: what the search says of it.
    """

    spectrum: str
    scale_s: float
    fluence: Floats
    case: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name of its column."""
        return f"{self.spectrum.upper()}_{self.scale_s:g}S"


def limit_maps(credible: Credible, search: Mapping[str, Any], axis: Floats, hidden: Flags) -> list[LimitMap]:
    """Return the limits of a search for every cell of a map.

    Args:
        credible: regions of the map.
        search: report of SPI-ACS.
        axis: unit vector of the X axis.
        hidden: cells behind the Earth.
    """
    share = relative_response("spi_acs", angle_deg(credible.sky.directions, axis))
    share[hidden] = np.nan
    return [
        LimitMap(
            case["spectrum"],
            float(case["scale_s"]),
            float(case["counts"]) * float(case["factor"]) / share,
            case,
        )
        for case in search["limits"]["cases"]
    ]


def folded(
    credible: Credible, limits: LimitMap, systematic: float, distance_mpc: float | None, hidden: Flags
) -> dict[str, Any]:
    """Return a limit over the credible regions: lowest, median and highest, weighted with the probability.

    Args:
        credible: regions of the map.
        limits: of each cell.
        systematic: relative error of the factor from counts to fluence.
        distance_mpc: for the isotropic energy; None where it is not known.
        hidden: cells behind the Earth.
    """
    probability = credible.sky.probability
    known = np.isfinite(limits.fluence)
    told: dict[str, Any] = {
        "spectrum": limits.spectrum,
        "model": limits.case["model"],
        "scale_s": limits.scale_s,
        "sigma": 3,
        "band": "75-2000 keV",
        "unit": "erg/cm2",
        "counts": limits.case["counts"],
        "response_error": float(np.hypot(systematic, INTERPOLATION)),
        "probability_without_limit": float(probability[~known].sum()),
        "probability_behind_earth": float(probability[hidden].sum()),
    }
    for level in (0.5, 0.9):
        inside = credible.inside(level) & known
        told[f"region_{100 * level:.0f}"] = _spread(limits.fluence[inside], probability[inside])
    half = told["region_50"]
    best = float(np.nanmin(limits.fluence)) if known.any() else None
    near = known & (limits.fluence <= _NEAR_BEST * best) if best is not None else np.zeros_like(known)
    told["best"] = best
    told["probability_near_best"] = float(probability[near].sum())
    told["flux_median_50"] = None if half is None else half["median"] / limits.scale_s
    told["isotropic_energy_erg"] = (
        None if half is None or distance_mpc is None else isotropic_energy(half["median"], distance_mpc)
    )
    return told


def orientations(direction: tuple[float, float], axis: Floats) -> dict[str, dict[str, Any]]:
    """Return the response of each instrument that sees the whole sky to a direction (deg), as a share of its best."""
    away = float(angle_deg(unit_vector(*direction), axis))
    shares = {name: float(relative_response(name, away)) for name in _ALL_SKY}
    return {
        name: {"angle_deg": away, "share_of_best": share if np.isfinite(share) else None, "words": orientation(share)}
        for name, share in shares.items()
    }


def isotropic_energy(fluence_erg_cm2: float, distance_mpc: float) -> float:
    """Return the energy that an isotropic source at a distance emitted, erg (no redshift correction)."""
    return float(4 * np.pi * (distance_mpc * _MPC_CM) ** 2 * fluence_erg_cm2)


def _spread(values: Floats, weights: Floats) -> dict[str, float] | None:
    if not values.size:
        return None
    order = np.argsort(values)
    summed = np.cumsum(weights[order])
    middle = int(np.searchsorted(summed, 0.5 * summed[-1]))
    return {"min": float(values.min()), "median": float(values[order][middle]), "max": float(values.max())}
