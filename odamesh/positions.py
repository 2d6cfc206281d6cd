"""Angles and positions as callers write them - degrees, sexagesimal, Quantity, SkyCoord - in ICRS degrees."""

import math
import re
from typing import Any, Literal, NamedTuple

from odamesh.errors import WrongValue

_FORMS = {
    "ra": "degrees, 266.4; or hours, 17:45:40 or 17h45m40s",
    "dec": "degrees, -29.0; or -29:00:28 or -29d00m28s",
    "angle": "degrees, 5; or with a unit, 30 arcmin",
}
_UNITS = {"d": 1.0, "deg": 1.0, "°": 1.0, "arcmin": 1 / 60, "'": 1 / 60, "arcsec": 1 / 3600, '"': 1 / 3600}
_UNITS |= {"h": 15.0, "rad": math.degrees(1.0)}
_PLAIN = re.compile(r"([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)\s*([a-z°'\"]*)")
_SEXAGESIMAL = re.compile(
    r"([-+]?)\s*([0-9]{1,3})\s*([:hd° ])\s*([0-9]{1,2})\s*[:m'′ ]\s*([0-9]{1,2}(?:\.[0-9]*)?)\s*[s\"″]?"
)
_MINUTES = re.compile(r"([-+]?)\s*([0-9]{1,3})\s*([:hd°])\s*([0-9]{1,2}(?:\.[0-9]*)?)\s*[m'′]?")
_LONGEST = 64

Kind = Literal["ra", "dec", "angle"]


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
        raise WrongValue(f"{name}: {str(value)[:_LONGEST]!r} is not an angle; allowed: {_FORMS[kind]}")
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
        return _written(value.strip()[:_LONGEST], kind)
    if isinstance(value, bool):
        raise TypeError
    return float(value)


def _written(text: str, kind: Kind) -> float:
    plain = _PLAIN.fullmatch(text.lower())
    if plain and (plain[2] == "" or plain[2] in _UNITS):
        return float(plain[1]) * _UNITS.get(plain[2], 1.0)
    parts = _SEXAGESIMAL.fullmatch(text) or _MINUTES.fullmatch(text)
    if parts is None:
        raise ValueError
    sign, whole, mark, minutes, *seconds = parts.groups()
    second = float(seconds[0]) if seconds else 0.0
    if float(minutes) >= 60 or second >= 60:
        raise ValueError
    size = float(whole) + float(minutes) / 60 + second / 3600
    hours = mark == "h" or (kind == "ra" and mark in ": ")
    return (-size if sign == "-" else size) * (15.0 if hours else 1.0)
