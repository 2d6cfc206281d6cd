"""The parameters of a localisation that are more than numbers: where the map comes from."""

from collections.abc import Mapping
from typing import Any

from mesh.kit import BadInput, Unit
from mesh.kit.written_numbers import written_numbers
from science.sky_maps.circle import circle, whole_sky
from science.sky_maps.reading import read_sky_map
from science.sky_maps.sky_map import SkyMap

WHOLE_SKY = "whole sky"
"""Kind of the source where neither map nor position is given."""


def asked_sky(unit: Unit) -> tuple[SkyMap, dict[str, Any]]:
    """Return the map that a unit is asked for, and what is told of where it comes from.

    Raises:
        BadInput: it cannot be read or understood; says how to write it.
    """
    files, parameters = unit.inputs("sky_map"), unit.parameters
    place = written_numbers("position", str(parameters["position"]), (2,), "RA, Dec in degrees")
    if files:
        if place is not None:
            raise BadInput("TwoPositions", "give sky_map or position, not both: which of them counts is not known")
        sky = read_sky_map(files[0].paths[0])
        return sky, {"kind": "sky map", "sha256": files[0].paths[0].name, **sky.facts}
    if place is None:
        return whole_sky(), {"kind": WHOLE_SKY}
    told = {"ra": place[0], "dec": place[1], **_circle(parameters)}
    try:
        return circle(place[0], place[1], **_circle(parameters)), {"kind": "circle", **told}
    except ValueError as error:
        raise BadInput("BadPosition", str(error)) from error


def _circle(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "radius_deg": float(parameters["error_radius"]),
        "containment": float(parameters["containment"]),
        "systematic": str(parameters["systematic"]),
    }
