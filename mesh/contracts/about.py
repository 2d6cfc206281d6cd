"""What a request is about, in one short line: lists of jobs tell jobs of one product apart by it."""

from collections.abc import Sequence
from typing import Any

from mesh.contracts.request import Analysis, Selection, TimeRange

_MOST_BANDS = 3
_MOST_LETTERS = 160
_TELLING = ("source", "model")
"""Texts among the parameters that say what a job is about."""
_MIDNIGHT = "T00:00:00"


def about(analysis: Analysis) -> str:
    """Return the energy bands, sources and models, place, and windows or time of a request, as far as it has them."""
    parameters = analysis.parameters
    parts = [
        *(str(parameters[name]) for name in _TELLING if parameters.get(name)),
        _bands(parameters.get("bands")),
        *_selected(analysis.selection),
    ]
    text = "; ".join(part for part in parts if part)
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1]}…"


def _bands(bands: Any) -> str:
    if not isinstance(bands, Sequence) or isinstance(bands, str) or not bands:
        return ""
    if len(bands) > _MOST_BANDS:
        edges = [edge for band in bands for edge in band]
        return f"{len(bands)} bands, {min(edges):g}–{max(edges):g} keV"
    return f"{', '.join(f'{low:g}–{high:g}' for low, high in bands)} keV"


def _selected(selection: Selection) -> list[str]:
    found = []
    if (cone := selection.cone) is not None:
        found.append(f"RA {cone.ra:.2f}°, Dec {cone.dec:.2f}°, radius {cone.radius:g}°")
    if windows := selection.scws:
        several = f"{len(windows)} science windows, {windows[0]} to {windows[-1]}" if len(windows) > 1 else ""
        found.append(several or f"science window {windows[0]}")
    if selection.time is not None:
        found.append(_time(selection.time))
    if selection.max_pointings is not None:
        found.append(f"at most {selection.max_pointings} windows")
    return found


def _time(time: TimeRange) -> str:
    """Return a time range; whole days without their hours."""
    begin, end = (_trimmed(text) for text in (time.t1, time.t2))
    return f"{begin} to {end}"


def _trimmed(utc: str) -> str:
    if "." in utc:
        utc = utc.rstrip("0").removesuffix(".")
    return utc.removesuffix(_MIDNIGHT).replace("T", " ")
