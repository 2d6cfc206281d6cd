"""Where INTEGRAL was at a trigger and how it was turned, and what was around it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from science.sky_maps.sky_map import Floats, SkyMap, angle_deg, ra_dec, unit_vector
from services.localisation.analysis.surroundings import angles_to, bodies
from services.localisation.analysis.windows import Found


@dataclass(frozen=True)
class Spacecraft:
    """Where INTEGRAL was and how it was turned; None where that is not known.

    Args:
        axis: unit vector of the X axis.
        axis_from: what tells it.
        position_km: from the centre of the Earth, shape (3,).
    """

    axis: Floats | None
    axis_from: str
    position_km: Floats | None


def find_spacecraft(search: dict[str, Any] | None, prompt: Found | None, t0_s: float) -> Spacecraft:
    """Return attitude and place at the trigger: from the science window it is in, else from what SPI-ACS tells."""
    position, axis, told = None, None, "not known: no science window and no search tells it"
    if search is not None:
        if search["timing"] is not None:
            position = np.asarray(search["timing"]["position_km"], dtype=np.float64)
        if search["axis"] is not None:
            axis, told = unit_vector(search["axis"]["ra"], search["axis"]["dec"]), "the data of SPI-ACS"
    for one in prompt.windows if prompt is not None else ():
        if one.pointing and one.start_s <= t0_s <= one.stop_s:
            axis, told = one.axes[0], f"science window {one.scw}"
    return Spacecraft(axis, told, position)


def told_of(craft: Spacecraft, sky: SkyMap, t0_s: float) -> dict[str, Any]:
    """Return attitude and place, and the angles of map, Earth, Moon and Sun, as JSON has it."""
    told: dict[str, Any] = {"axis": None, "axis_from": craft.axis_from, "position_km": craft.position_km}
    told["position_from"] = "not known" if craft.position_km is None else "the orbit that SPI-ACS data hold"
    found = bodies(t0_s, craft.position_km)
    peak = unit_vector(*sky.peak)
    told["from_peak"] = angles_to(peak, found)
    if craft.axis is not None:
        ra, dec = ra_dec(craft.axis)
        told["axis"] = {"ra": ra, "dec": dec}
        told["from_axis"] = angles_to(craft.axis, found)
        told["peak_to_axis_deg"] = float(angle_deg(peak, craft.axis))
        told["mean_to_axis_deg"] = float(angle_deg(unit_vector(*sky.mean_direction), craft.axis))
    return told
