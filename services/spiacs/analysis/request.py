"""The texts among the parameters of a search: trigger, direction, partner."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from mesh.kit import BadInput
from mesh.kit.written_numbers import written_numbers
from science.bursts.arrival import direction
from science.bursts.curve import Floats
from science.bursts.instants import seconds_of_utc


@dataclass(frozen=True)
class Partner:
    """Another spacecraft that saw the burst.

    Args:
        position_km: shape (3,), from the centre of the Earth.
        delay_s: arrival at SPI-ACS less arrival there; None where its light curve has to tell.
        error_s: 1 sigma of a given delay.
    """

    position_km: Floats
    delay_s: float | None = None
    error_s: float = 0.0


@dataclass(frozen=True)
class Request:
    """What a search is asked for; None where it is left open."""

    t0_s: float | None
    window_s: float
    position: tuple[float, float] | None
    partner: Partner | None
    clock_error_s: float


def read_request(parameters: Mapping[str, Any]) -> Request:
    """Read the parameters.

    Raises:
        BadInput: one cannot be understood; says how to write it.
    """
    t0 = str(parameters["t0"])
    try:
        t0_s = seconds_of_utc(t0) if t0.strip() else None
    except ValueError as error:
        text = f"t0 {t0!r} is no UTC time; write e.g. 2017-08-17T12:41:04.430"
        raise BadInput("BadT0", text) from error
    place = written_numbers("position", str(parameters["position"]), (2,), "RA, Dec in degrees")
    if place is not None and not (0 <= place[0] <= 360 and -90 <= place[1] <= 90):
        raise BadInput("BadPosition", f"position {place} is not on the sphere: RA 0 to 360, Dec -90 to 90 deg")
    form = "x, y, z in km, and delay and error in s where there is no light curve to measure them"
    craft = written_numbers("partner", str(parameters["partner"]), (3, 5), form)
    curves = len(parameters["partner_curve"]) + len(parameters["partner_file"])
    if curves > 1:
        raise BadInput(
            "BadPartner", f"one light curve is compared at a time; partner_curve and partner_file name {curves}"
        )
    if craft is not None and (len(craft) == 5) == bool(curves):
        raise BadInput("BadPartner", f"partner {parameters['partner']!r}: write {form}")
    if craft is not None and len(craft) == 5 and craft[4] <= 0:
        raise BadInput("BadPartner", "the error of the delay must be above 0 s")
    return Request(
        t0_s=t0_s,
        window_s=float(parameters["window"]),
        position=(place[0], place[1]) if place else None,
        partner=Partner(np.array(craft[:3]), *craft[3:]) if craft else None,
        clock_error_s=float(parameters["clock_error"]),
    )


def angle_deg(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Angle between two directions, each RA and Dec in degrees."""
    a, b = direction(*first), direction(*second)
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b)))
