"""Angles as people write them - degrees, sexagesimal, with a unit - in degrees."""

import math
import re
from typing import Literal

Kind = Literal["ra", "dec", "angle"]
"""A right ascension with colons or blanks is in hours, everything else in degrees."""

FORMS: dict[Kind, str] = {
    "ra": "degrees, 266.4; or hours, 17:45:40 or 17h45m40s",
    "dec": "degrees, -29.0; or -29:00:28 or -29d00m28s",
    "angle": "degrees, 5; or with a unit, 30 arcmin",
}
_UNITS = {"d": 1.0, "deg": 1.0, "degree": 1.0, "degrees": 1.0, "°": 1.0}
_UNITS |= {"arcmin": 1 / 60, "'": 1 / 60, "arcsec": 1 / 3600, '"': 1 / 3600, "mas": 1 / 3.6e6}
_UNITS |= {"h": 15.0, "hr": 15.0, "hour": 15.0, "hours": 15.0, "hourangle": 15.0, "rad": math.degrees(1.0)}
_PLAIN = re.compile(r"([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?)\s*([a-z°'\"]*)")
_SEXAGESIMAL = re.compile(
    r"([-+]?)\s*([0-9]{1,3})\s*([:hd° ])\s*([0-9]{1,2})\s*[:m'′ ]\s*([0-9]{1,2}(?:\.[0-9]*)?)\s*[s\"″]?"
)
_MINUTES = re.compile(r"([-+]?)\s*([0-9]{1,3})\s*([:hd°])\s*([0-9]{1,2}(?:\.[0-9]*)?)\s*[m'′]?")
_LONGEST = 64


def read_angle(text: str, kind: Kind) -> float:
    """Return an angle in degrees.

    Raises:
        ValueError: the text is no angle.
    """
    text = text.strip().lower().replace("\u2212", "-")
    if len(text) > _LONGEST:
        raise ValueError("too long for an angle")
    plain = _PLAIN.fullmatch(text)
    if plain and (plain[2] == "" or plain[2] in _UNITS):
        return float(plain[1]) * _UNITS.get(plain[2], 1.0)
    parts = _SEXAGESIMAL.fullmatch(text) or _MINUTES.fullmatch(text)
    if parts is None:
        raise ValueError("no angle")
    sign, whole, mark, minutes, *seconds = parts.groups()
    second = float(seconds[0]) if seconds else 0.0
    if float(minutes) >= 60 or second >= 60:
        raise ValueError("minutes and seconds end at 60")
    size = float(whole) + float(minutes) / 60 + second / 3600
    hours = mark == "h" or (kind == "ra" and mark in ": ")
    return (-size if sign == "-" else size) * (15.0 if hours else 1.0)


def in_degrees(unit: str) -> float | None:
    """Return how many degrees a unit of angles has, None for one that is not known; no unit means degrees."""
    return _UNITS.get(unit.strip().lower(), None) if unit.strip() else 1.0
