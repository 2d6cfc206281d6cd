"""One spelling for the many in which people write the name of a source."""

import csv
import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—−"), "-")
_SIGN = re.compile(r"(?<=[0-9])[-+](?=[0-9])")
_OTHER = re.compile(r"[^a-z0-9.\x00\x01]+")
_WORDS = {"markarian": "mrk", "mkn": "mrk", "messier": "m"}
_EQUINOX_LETTER = re.compile(r"^(igr|swift|xte|maxi|sax|ax|psr|gro|rx|xmmu|cxou|hess|1rxs)j(?=[0-9])")


@cache
def _constellations() -> Mapping[str, str]:
    """Return nominative -> abbreviation of the International Astronomical Union, longer names first."""
    text = files("gateway.names").joinpath("data/constellations.csv").read_text(encoding="utf-8")
    rows = sorted(csv.DictReader(text.splitlines()), key=lambda row: -len(row["name"]))
    return {row["name"]: row["abbreviation"] for row in rows}


def plain(name: str) -> str:
    """Return a spelling that names of one source share: capitals, blanks, dashes and constellations do not matter.

    The sign of a declination stays: GX 339-4 and GX 339+4 are two.
    """
    text = unicodedata.normalize("NFKC", name).translate(_DASHES).casefold().strip()
    words = [_WORDS.get(word, word) for word in text.replace("_", " ").split()]
    text = " ".join(words)
    for begin, abbreviation in _constellations().items():
        if text == begin or text.startswith((f"{begin} ", f"{begin}-")):
            text = abbreviation + text[len(begin) :]
            break
    # A sign between digits is part of a position; elsewhere a dash is a way to write a blank.
    text = _SIGN.sub(lambda sign: "\x00" if sign[0] == "+" else "\x01", text)
    text = _OTHER.sub("", text).replace("\x00", "+").replace("\x01", "-")
    return _EQUINOX_LETTER.sub(r"\1", text)
