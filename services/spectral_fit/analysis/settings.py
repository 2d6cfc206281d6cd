"""Starting values, limits and ties of the parameters, as a request writes them.

One setting for each parameter, separated by semicolons or new lines::

    powerlaw.PhoIndex = 2.1                  value at the start
    wabs.nH = 0.5 frozen                     not fitted (``free``: fitted)
    highecut.foldE = 20 [5, 100]             limits
    powerlaw_2.PhoIndex = powerlaw.PhoIndex  always equal to another one

The name of the component may be left out where only one has a parameter of that name.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mesh.kit import BadInput
from services.spectral_fit.analysis.model import Place

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_SETTING = re.compile(
    rf"^(?P<name>[\w.]+)\s*=\s*(?:(?P<value>{_NUMBER})|(?P<tie>[A-Za-z][\w.]*))?"
    rf"\s*(?:\[\s*(?P<low>{_NUMBER})\s*,\s*(?P<high>{_NUMBER})\s*\])?\s*(?P<word>free|frozen)?$"
)
_LARGEST = 1e38  # of single precision, in which many models of the library compute
_FORM = "write e.g. powerlaw.PhoIndex = 2.1 [1, 4], wabs.nH = 0.5 frozen, or powerlaw_2.PhoIndex = powerlaw.PhoIndex"


@dataclass(frozen=True)
class Start:
    """How one parameter enters the fit.

    Args:
        value: at the start.
        minimum: lower limit.
        maximum: upper limit.
        free: whether it is fitted.
        tie: name of the parameter that it always equals.
        given: whether the request says its value.
    """

    value: float
    minimum: float
    maximum: float
    free: bool
    tie: str | None = None
    given: bool = False


def starts(places: Sequence[Place], text: str) -> list[Start]:
    """Return how each parameter of a model enters the fit.

    Raises:
        BadInput: reason ``BadParameter``; the text says what to write.
    """
    found = [_default(place) for place in places]
    names = [place.name for place in places]
    seen: set[int] = set()
    for line in re.split(r"[;\n]", text):
        if not (setting := line.strip()):
            continue
        match = _SETTING.match(setting)
        if match is None or not (match["value"] or match["tie"] or match["low"] or match["word"]):
            raise BadInput("BadParameter", f"{setting!r} cannot be read; {_FORM}")
        index = _find(match["name"], places)
        if index in seen:
            raise BadInput("BadParameter", f"{names[index]} is set twice")
        seen.add(index)
        found[index] = _changed(found[index], match, setting, names[index])
        if match["tie"]:
            found[index] = _tied(found, index, _find(match["tie"], places), names)
    return found


def _default(place: Place) -> Start:
    entry = place.parameter
    return Start(entry.value, entry.minimum, entry.maximum, entry.free)


def _changed(start: Start, match: re.Match[str], setting: str, name: str) -> Start:
    if match["value"]:
        start = replace(start, value=_finite(match["value"], setting), given=True)
    if match["low"]:
        start = replace(start, minimum=_finite(match["low"], setting), maximum=_finite(match["high"], setting))
        if not start.minimum < start.maximum:
            raise BadInput("BadParameter", f"{setting!r}: the lower limit must be below the upper one")
        if not start.given and not start.minimum <= start.value <= start.maximum:
            start = replace(start, value=(start.minimum + start.maximum) / 2)
    if match["word"]:
        start = replace(start, free=match["word"] == "free")
    if not start.minimum <= start.value <= start.maximum:
        if start.free:
            limits = f"[{start.minimum:g}, {start.maximum:g}]"
            text = f"{name} = {start.value:g} is outside its limits {limits}: change it, or write limits behind it"
            raise BadInput("BadParameter", text)
        # What is not fitted needs no limits.
        start = replace(start, minimum=min(start.minimum, start.value), maximum=max(start.maximum, start.value))
    return start


def _tied(found: Sequence[Start], index: int, other: int, names: Sequence[str]) -> Start:
    if other == index or found[other].tie is not None:
        raise BadInput("BadParameter", f"{names[index]} must be tied to another parameter that is not tied itself")
    if any(start.tie == names[index] for start in found):
        raise BadInput("BadParameter", f"{names[index]} cannot be tied: another parameter is tied to it")
    return replace(found[index], value=found[other].value, free=False, tie=names[other])


def _find(name: str, places: Sequence[Place]) -> int:
    wanted = name.casefold()
    whole = [index for index, place in enumerate(places) if place.name.casefold() == wanted]
    found = whole or [index for index, place in enumerate(places) if place.parameter.name.casefold() == wanted]
    if len(found) == 1:
        return found[0]
    known = ", ".join(place.name for place in places)
    what = "stands for several parameters" if found else "is no parameter of this model"
    raise BadInput("BadParameter", f"{name} {what}; the model has: {known}")


def _finite(text: str, setting: str) -> float:
    number = float(text)
    if not abs(number) < _LARGEST:
        raise BadInput("BadParameter", f"{setting!r}: {text} is too large; the most is {_LARGEST:g}")
    return number
