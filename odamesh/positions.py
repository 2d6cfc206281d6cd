"""Angles and positions as callers write them - degrees, sexagesimal, Quantity, SkyCoord - in ICRS degrees."""

import math
from typing import Any, NamedTuple

from mesh.angles import FORMS, Kind, read_angle
from odamesh.errors import WrongValue

_LONGEST = 64


class Position(NamedTuple):
    """A place in the sky, ICRS."""

    ra: float
    """Right ascension [deg]."""
    dec: float
    """Declination [deg]."""


def degrees(name: str, value: Any, kind: Kind) -> float:
    """Return an angle in degrees.

    Args:
        name: of the field, for the error.
        value: a number [deg], a text, a Quantity or Angle.
        kind: a sexagesimal right ascension without letters is in hours, anything else in degrees.

    Raises:
        WrongValue: it is no angle, or not finite.
    """
    try:
        found = _degrees(value, kind)
    except (ValueError, TypeError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise WrongValue(f"{name}: {str(value)[:_LONGEST]!r} is not an angle; allowed: {FORMS[kind]}")
    return found


def position(name: str, value: Any) -> Position:
    """Return a position from a SkyCoord, a pair (ra, dec), or a text such as ``17:45:40 -29:00:28``.

    Raises:
        WrongValue: it is none of these.
    """
    if hasattr(value, "icrs"):  # SkyCoord, or a frame of astropy
        return Position(float(value.icrs.ra.deg), float(value.icrs.dec.deg))
    parts: Any = value
    if isinstance(value, str):
        words = value.replace(",", " ").split()
        half = len(words) // 2
        parts = (" ".join(words[:half]), " ".join(words[half:])) if len(words) in {2, 4, 6} else ()
    try:
        ra, dec = parts
    except (TypeError, ValueError):
        allowed = "a SkyCoord, or right ascension and declination"
        raise WrongValue(f"{name}: {str(value)[:_LONGEST]!r} is not a position; allowed: {allowed}") from None
    return Position(degrees(f"{name}.ra", ra, "ra"), degrees(f"{name}.dec", dec, "dec"))


def _degrees(value: Any, kind: Kind) -> float:
    if hasattr(value, "to_value") and hasattr(value, "unit"):  # Quantity, Angle
        return float(value.to_value("deg"))
    if isinstance(value, str):
        return read_angle(value, kind)
    if isinstance(value, bool):
        raise TypeError
    return float(value)
