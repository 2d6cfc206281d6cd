"""Single values of notices, read with the tolerance that senders need: numbers, names, circles on the sky."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from mesh.alerts.errors import NotUsable
from mesh.contracts.notice import Position

_IDENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,95}|-\d{1,20}")
_LONGEST = 200
_HALF_SKY = 180.0


def number(value: Any) -> float | None:
    """Return a finite number, also where it was sent as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def whole(value: Any) -> int | None:
    """Return a whole number that fits 64 bits, also where it was sent as text; None for anything else."""
    found = number(value)
    return int(found) if found is not None and found.is_integer() and abs(found) < 2**63 else None


def truth(value: Any) -> bool | None:
    """Return a truth value, also where it was sent as text or number; None for anything else."""
    if isinstance(value, bool):
        return value
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    return words.get(str(value).strip().lower())


def text(value: Any, longest: int = _LONGEST) -> str:
    """Return one line of text that can be written anywhere; empty for what is no text or number."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    clean = "".join(sign if sign.isprintable() else " " for sign in str(value))
    return clean.encode("utf-8", "replace").decode().strip()[:longest]


def numbers(value: Any) -> dict[str, float]:
    """Return the finite numbers of an object by name."""
    if not isinstance(value, Mapping):
        return {}
    found = {text(name, 64): number(one) for name, one in value.items()}
    return {name: one for name, one in found.items() if name and one is not None}


def event_key(stream: str, value: Any) -> str:
    """Return the key of an event.

    Args:
        stream: of the mesh's own choice, or what `stream_name` makes of a foreign one.
        value: the id that the sender gives.

    Raises:
        NotUsable: it is no id.
    """
    found = text(value)
    if not _IDENT.fullmatch(found):
        shown = f"{found[:64]!r}" if found else "missing"
        raise NotUsable(f"the id of the {stream} event is {shown}: an id has letters, digits and . _ + - in it")
    return f"{stream}:{found}"


def alias(value: Any) -> tuple[str, ...]:
    """Return a further name of an event in a tuple; empty where it can be none."""
    found = text(value)
    return (found,) if _IDENT.fullmatch(found) else ()


def stream_name(value: Any) -> str:
    """Return what a system that nobody here knows is called: small letters, digits and dashes."""
    found = re.sub(r"[^a-z0-9]+", "-", text(value, 64).lower()).strip("-")
    return found or "unknown"


def circle(
    ra: Any, dec: Any, radius: Any, *, containment: float = 0.9, systematic: bool | None = None
) -> tuple[Position | None, tuple[str, ...]]:
    """Return a position, and what is odd about it; None where the numbers are no position.

    Senders write (0, 0, 0), a negative radius, or a circle of the whole sky where they know none.

    Args:
        ra: degrees.
        dec: degrees.
        radius: degrees, or the half axes of an ellipse and its angle.
        containment: probability that it holds the source.
        systematic: whether systematic errors are part of it.
    """
    ellipse: tuple[float, ...] = ()
    if isinstance(radius, Sequence) and not isinstance(radius, str):
        parts = [number(one) for one in radius[:3]]
        ellipse = tuple(one for one in parts if one is not None) if parts and None not in parts else ()
        radius = max(ellipse[:2], default=None)
    east, north, size = number(ra), number(dec), number(radius)
    if east is None and north is None:
        return None, ()
    if east is None or north is None or size is None:
        return None, ("no position: right ascension, declination or radius is no number",)
    if east == north == size == 0:
        return None, ("no position: all of it is 0, as senders write who know none",)
    if size < 0:
        return None, (f"no position: its radius is {size:g}",)
    if size >= _HALF_SKY:
        return None, (f"no position: its circle of {size:g} deg is the whole sky",)
    if abs(north) > 90 or not -360 <= east <= 720:
        return None, (f"no position: RA {east:g}, Dec {north:g} are beyond the sky",)
    if not 0 < containment < 1:
        containment = 0.9
    return (
        Position(
            ra=east % 360, dec=north, radius=size, containment=containment, systematic=systematic, ellipse=ellipse
        ),
        (),
    )
