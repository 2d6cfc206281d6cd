"""What SPI-ACS says of a trigger: its search, its limits folded with the map, and the fluence of what it found."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from science.bursts.all_sky_response import INTERPOLATION, relative_response, worst_response
from science.bursts.instants import seconds_of_utc
from science.sky_maps.credible import Credible
from science.sky_maps.sky_map import Floats, angle_deg

_SHOWN = 10
_HARD = "hard"


def shield_report(
    search: Mapping[str, Any] | None,
    folds: Sequence[dict[str, Any]],
    credible: Credible,
    axis: Floats | None,
    light: Mapping[str, Any],
    *,
    t0_s: float,
) -> dict[str, Any]:
    """Return the part of the summary on SPI-ACS.

    Args:
        search: its report; None where none was given.
        folds: limits over the map.
        credible: regions of the map.
        axis: unit vector of the X axis; None where it is not known.
        light: how late light reaches the spacecraft, `surroundings.light_travel`.
        t0_s: of the trigger, seconds (TT) since MJD 51544.
    """
    if search is None:
        reason = "no search of SPI-ACS was given (parameter search): run spi_acs_search around t0 first"
        return {"status": "not asked", "reason": reason, "limits": [], "excesses": []}
    excesses = [dict(one) for one in search["excesses"][:_SHOWN]]
    for one in excesses:
        one["fluence"] = None if axis is None else _fluence(one, search, credible, axis)
        one["t_minus_t0_at_geocentre_s"] = _at_geocentre(one["t_minus_t0_s"], light)
    names = ("completeness", "mean_rate", "background_is", "missing", "window")
    return {
        "status": "observed",
        "reason": None if folds else "the archive does not say where SPI-ACS pointed: its limits cannot be folded",
        **{name: search[name] for name in names},
        "excesses_total": len(search["excesses"]),
        "excesses": excesses,
        "missing_at_t0": _missing_at(t0_s, search),
        "by_direction": [_by_direction(one) for one in search["limits"]["cases"]],
        "limits": list(folds),
    }


def _missing_at(t0_s: float, search: Mapping[str, Any]) -> str | None:
    """Return why there are no counts of the trigger itself, although there are of most of the window around it."""
    for one in search["missing"]:
        if seconds_of_utc(one["begin_utc"]) <= t0_s < seconds_of_utc(one["end_utc"]):
            return str(one["text"])
    return None


def _by_direction(case: Mapping[str, Any]) -> dict[str, Any]:
    """Return a limit from the best and from the worst direction of which a response is published, erg/cm2."""
    best = float(case["counts"]) * float(case["factor"])
    named = {name: case[name] for name in ("spectrum", "scale_s")}
    return {**named, "best": best, "worst": best / worst_response("spi_acs")}


def _at_geocentre(delay_s: float | None, light: Mapping[str, Any]) -> dict[str, float | None] | None:
    """Return when an excess reached the centre of the Earth after the trigger, for the map's peak and its 90 %."""
    if delay_s is None:
        return None
    late = light["region_90"]
    peak = None if light["at_peak"] is None else delay_s - light["at_peak"]
    return {"at_peak": peak, "min": delay_s - late["max"], "max": delay_s - late["min"]}


def _fluence(
    excess: Mapping[str, Any], search: Mapping[str, Any], credible: Credible, axis: Floats
) -> dict[str, float] | None:
    """Return the fluence of an excess, erg/cm2 in 75-2000 keV, with its errors kept apart.

    The one from where in the region of 50 % it came stands as lowest and highest value.
    """
    inside = credible.inside(0.5)
    share = relative_response("spi_acs", angle_deg(credible.sky.directions[inside], axis))
    known = np.isfinite(share)
    factor = next((case["factor"] for case in search["limits"]["cases"] if case["spectrum"] == _HARD), None)
    if not known.any() or factor is None:
        return None
    middle = float(np.average(1 / share[known], weights=credible.sky.probability[inside][known])) * factor
    value = excess["counts"] * middle
    return {
        "value": value,
        "error_statistical": excess["counts_error"] * middle,
        "error_response": value * float(np.hypot(search["limits"]["response_systematic"], INTERPOLATION)),
        "lowest_in_50": excess["counts"] * factor / float(share[known].max()),
        "highest_in_50": excess["counts"] * factor / float(share[known].min()),
    }
