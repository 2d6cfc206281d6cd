"""Sources of a region file of SAOImage DS9: the places of its shapes, named by their texts."""

import re

from mesh.angles import read_angle
from mesh.source_table.columns import Source, SourceTableError, check_frame

_SIGNS = ("# region file format: ds9", "global ")
_FRAMES = frozenset({"fk5", "j2000", "icrs"})
_OTHER_FRAMES = frozenset(
    {"fk4", "b1950", "galactic", "ecliptic", "image", "physical", "linear", "amplifier", "detector", "wcs"}
)
_SHAPE = re.compile(
    r"([-+]?)(?:[a-z]+ )?(?:circle|annulus|ellipse|box|point|panda|epanda|bpanda|vector|text)\s*\(?([^()]*)\)?"
)
_OPENED = re.compile(r"[-+]?(?:circle|annulus|ellipse|box|point|text)\(")
_TEXT = re.compile(r"text *= *(?:\{([^}]*)\}|\"([^\"]*)\"|'([^']*)')")


def is_regions(text: str) -> bool:
    """Tell whether a text is a region file, by its first line or by a shape that stands at the start of a line."""
    head = text.lstrip().lower()[:20000]
    lines = [line.strip() for line in head.splitlines() if line.strip()]
    return bool(lines) and (
        lines[0].startswith(_SIGNS)
        or any(line.split(";", 1)[0] in _FRAMES | _OTHER_FRAMES for line in lines[:20])
        or any(_OPENED.match(line.rpartition(";")[2].strip()) for line in lines[:20])
    )


def read_regions(text: str) -> list[Source]:
    """Return the sources of a region file; a shape without a text is named by its place, ``J174540.0-290028``.

    Shapes that are cut out (``-circle(...)``) are left out.

    Raises:
        SourceTableError: a shape has no frame or one that is not J2000, or no place.
    """
    frame = ""
    found: list[Source] = []
    for number, line in enumerate(text.splitlines(), 1):
        commands, _, comment = line.partition("#")
        for word in filter(None, (part.strip().lower() for part in commands.split(";"))):
            if word in _FRAMES | _OTHER_FRAMES:
                frame = word
                continue
            shape = _SHAPE.match(word)
            if shape is None or shape[1] == "-":
                continue
            if not frame:
                raise SourceTableError(
                    f"line {number}: no frame stands before the shape; save the regions in fk5 or icrs"
                )
            if frame not in _FRAMES:
                check_frame(frame)
                raise SourceTableError(f"line {number}: the regions are in {frame}; save them in fk5 or icrs")
            found.append(_source(number, shape[2], comment))
    return found


def _source(number: int, inside: str, comment: str) -> Source:
    words = [word for word in re.split(r"[,\s]+", inside.strip()) if word]
    try:
        ra, dec = read_angle(words[0], "ra"), read_angle(words[1], "dec")
    except (IndexError, ValueError):
        raise SourceTableError(f"line {number}: {inside[:40]!r} begins with no position") from None
    written = _TEXT.search(comment)
    name = next((group for group in written.groups() if group is not None), "").strip() if written else ""
    return Source(" ".join(name.split()) or _by_place(ra, dec), ra, dec)


def _by_place(ra: float, dec: float) -> str:
    tenths = round(ra % 360 / 15 * 36000) % (24 * 36000)
    seconds = round(abs(dec) * 3600)
    hours, minutes = divmod(tenths // 600, 60)
    degrees, arcmin = divmod(seconds // 60, 60)
    east = f"{hours:02d}{minutes:02d}{tenths % 600 / 10:04.1f}"
    return f"J{east}{'-' if dec < 0 else '+'}{degrees:02d}{arcmin:02d}{seconds % 60:02d}"
