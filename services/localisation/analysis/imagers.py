"""What the imagers covered of a map: per science window, all windows together, and why there is nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mocpy import MOC

from science.bursts.instants import utc_of_seconds
from science.sky_maps.credible import Credible, moc_of
from science.sky_maps.sky_map import Flags, Floats, SkyMap
from services.localisation.analysis.fields import COVERED, FIELDS, FULLY, HALF, covered, exposure
from services.localisation.analysis.windows import Found, Window

_FIELD_ORDER = 7
_MOST_LISTED = 50


@dataclass(frozen=True)
class Coverage:
    """What one instrument covered.

    Args:
        told: as JSON has it.
        seconds: exposure of each cell of the map, as on axis.
        field: the part of the sky that any window covered; None where none did.
    """

    told: dict[str, Any]
    seconds: Floats
    field: MOC | None


def coverage(
    name: str, credible: Credible, found: Found | None, span: tuple[float, float], hidden: Flags, *, t0_s: float
) -> Coverage:
    """Return what an instrument covered of a map in an interval.

    Args:
        name: a key of `FIELDS`.
        credible: regions of the map, whose cells are small against the field.
        found: science windows; None where the archive has no index.
        span: the interval, seconds (TT) since MJD 51544.
        hidden: cells behind the Earth.
        t0_s: of the trigger, seconds (TT) since MJD 51544.
    """
    field, sky = FIELDS[name], credible.sky
    nothing = np.zeros(sky.order.size)
    told: dict[str, Any] = {"title": field.title, "band": field.band}
    if found is None:
        reason = "the archive of this mesh has no index of science windows, so that no pointing is known"
        return Coverage(told | _without("unknown", reason), nothing, None)
    standing = [one for one in found.windows if one.pointing]
    usable = [one for one in standing if one.has_data(name) is not False]
    if not usable:
        status, reason = _why_not(name, found, standing, span)
        return Coverage(told | _without(status, reason), nothing, None)
    attitudes = [one.axes for one in usable]
    lengths = [_overlap(one, span) for one in usable]
    seconds, best = exposure(field, sky.directions, attitudes, lengths)
    seconds[hidden], best[hidden] = 0.0, 0.0
    told |= {
        "status": "observed" if all(one.has_data(name) for one in usable) else "pointed, data not known",
        "reason": None,
        "at_t0": any(one.start_s <= t0_s <= one.stop_s for one in usable),
        "probability": _shares(sky, best),
        "windows": _most_covering([_window(one, name, sky, hidden, span) for one in usable]),
        "windows_total": len(usable),
    }
    for level in (0.5, 0.9):
        inside = credible.inside(level)
        told[f"exposure_{100 * level:.0f}_s"] = {
            "min": float(seconds[inside].min()),
            "mean": float(np.average(seconds[inside], weights=sky.probability[inside])),
            "max": float(seconds[inside].max()),
        }
    return Coverage(told, seconds, _field(name, attitudes))


def _field(name: str, attitudes: Sequence[Floats]) -> MOC:
    """Return all that several pointings cover, as a multi-order coverage map."""
    number = np.arange(12 * 4**_FIELD_ORDER)
    whole = SkyMap(np.full(number.size, _FIELD_ORDER), number, np.ones(number.size))
    _, best = exposure(FIELDS[name], whole.directions, attitudes, [1.0] * len(attitudes))
    return moc_of(whole, covered(best, COVERED))


def _shares(sky: SkyMap, response: Floats) -> dict[str, float]:
    """Return the probability in the field, where it is coded by half, and where fully."""
    edges = {"covered": COVERED, "half_coded": HALF, "fully_coded": FULLY}
    return {word: float(sky.probability[covered(response, edge)].sum()) for word, edge in edges.items()}


def _most_covering(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the windows that cover most of the map, as many as are listed, in order of time."""
    chosen = sorted(rows, key=lambda row: (-row["probability"]["covered"], row["begin_utc"]))[:_MOST_LISTED]
    return sorted(chosen, key=lambda row: str(row["begin_utc"]))


def _window(one: Window, name: str, sky: SkyMap, hidden: Flags, span: tuple[float, float]) -> dict[str, Any]:
    _, response = exposure(FIELDS[name], sky.directions, [one.axes], [1.0])
    response[hidden] = 0.0
    return {
        "scw": one.scw,
        "begin_utc": utc_of_seconds(one.start_s),
        "end_utc": utc_of_seconds(one.stop_s),
        "overlap_s": _overlap(one, span),
        "data": one.has_data(name),
        "probability": _shares(sky, response),
    }


def _overlap(one: Window, span: tuple[float, float]) -> float:
    return max(0.0, min(one.stop_s, span[1]) - max(one.start_s, span[0]))


def _without(status: str, reason: str) -> dict[str, Any]:
    empty = {"covered": 0.0, "half_coded": 0.0, "fully_coded": 0.0}
    nothing = {"at_t0": False, "probability": empty, "windows": [], "windows_total": 0}
    return {"status": status, "reason": reason, **nothing}


def _why_not(name: str, found: Found, standing: Sequence[Window], span: tuple[float, float]) -> tuple[str, str]:
    if standing:
        listed = ", ".join(one.scw for one in standing[:5])
        return "no data", f"the archive has no {FIELDS[name].title} events of science windows {listed}"
    when = f"{utc_of_seconds(span[0], 0)} to {utc_of_seconds(span[1], 0)}"
    if found.windows:
        return "slewing", f"the spacecraft turned from one pointing to the next from {when}"
    around = []
    if found.before_s is not None:
        around.append(f"the last one before it ended at {utc_of_seconds(found.before_s, 0)}")
    if found.after_s is not None:
        around.append(f"the first one after it began at {utc_of_seconds(found.after_s, 0)}")
    known = "; ".join(around) or "its index is empty"
    return "no data", f"the archive has no science window from {when} (UTC): {known}"
