"""From what a caller writes in Python to the body of a request, in the words of the HTTP interface."""

from collections.abc import Iterable, Mapping
from typing import Any

from odamesh.errors import IncompleteSelection, WrongValue
from odamesh.positions import degrees, position
from odamesh.times import utc
from odamesh.values import parameter
from odamesh.window_list import window

PLACES = ("scws", "t1", "t2", "ra", "dec", "radius", "at", "max_pointings")
"""What of a call says where and when."""


def selection(
    *,
    scws: str | Iterable[Any] | None = None,
    t1: Any = None,
    t2: Any = None,
    ra: Any = None,
    dec: Any = None,
    radius: Any = None,
    at: Any = None,
    max_pointings: int | None = None,
) -> dict[str, Any]:
    """Return a selection in the words of the HTTP interface; the gateway checks the values.

    Args:
        scws: identifiers of science windows, or one; paths that hold them will do.
        t1: start, in any form that `odamesh.times.utc` reads.
        t2: end.
        ra: right ascension of a cone's centre: degrees, sexagesimal hours or a Quantity.
        dec: its declination.
        radius: its radius: degrees, a text with a unit or a Quantity.
        at: the centre in one piece, instead of ra and dec: a SkyCoord, a pair, or a text.
        max_pointings: at most that many windows of a selection by time.

    Raises:
        IncompleteSelection: t1 without t2, or a cone that is not whole.
        WrongValue: a time or an angle that is none.
    """
    if at is not None:
        if ra is not None or dec is not None:
            raise IncompleteSelection("give the centre of the cone either in one piece or as ra and dec, not both")
        ra, dec = position("at", at)
    chosen: dict[str, Any] = {}
    if scws is not None:
        chosen["scws"] = _windows(scws)
    if group := _whole({"t1": t1, "t2": t2}):
        chosen["time"] = {name: utc(name, value) for name, value in group.items()}
    if group := _whole({"ra": ra, "dec": dec, "radius": radius}):
        kinds = {"ra": "ra", "dec": "dec", "radius": "angle"}
        chosen["cone"] = {name: degrees(name, value, kinds[name]) for name, value in group.items()}  # type: ignore[arg-type]
    if max_pointings is not None:
        chosen["max_pointings"] = int(max_pointings)
    return chosen


def body(
    *,
    instrument: str,
    product: str,
    selection: Mapping[str, Any],
    parameters: Mapping[str, Any] | None = None,
    types: Mapping[str, str] | None = None,
    lane: str = "user",
    user: str | None = None,
) -> dict[str, Any]:
    """Return what is posted to have an analysis done.

    Args:
        instrument: its name.
        product: its full name.
        selection: from `selection`.
        parameters: what differs from the defaults.
        types: declared types of the parameters, as far as they are known.
        lane: ``user``, ``batch`` or ``alert``.
        user: whose job it is.

    Raises:
        WrongValue: names the parameter that cannot be sent.
    """
    kinds = types or {}
    sent: dict[str, Any] = {
        "instrument": instrument,
        "product": product,
        "selection": dict(selection),
        "parameters": {name: parameter(name, value, kinds.get(name, "")) for name, value in (parameters or {}).items()},
        "lane": lane,
    }
    return {**sent, "user": user} if user is not None else sent


def _windows(scws: str | Iterable[Any]) -> list[str]:
    if isinstance(scws, str):
        return [window(scws)]
    if isinstance(scws, int) or not isinstance(scws, Iterable):
        raise WrongValue(f"scws: {scws!r} is no list of texts; allowed: '201600270010', or a list of such")
    return [window(str(entry)) for entry in scws]


def _whole(group: Mapping[str, Any]) -> dict[str, Any]:
    """Return the group if all of it is given, nothing if nothing is."""
    given = {name: value for name, value in group.items() if value is not None}
    if given and len(given) < len(group):
        missing = " and ".join(name for name in group if name not in given)
        verb = "need" if len(given) > 1 else "needs"
        raise IncompleteSelection(f"{' and '.join(given)} {verb} {missing} as well")
    return given
