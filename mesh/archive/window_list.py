"""Lists of science windows as they come: one a line, CSV, quoted, og_create's paths, with a BOM or in UTF-16."""

import codecs
import re


class WindowListError(ValueError):
    """A list names something else than science windows; says where and what to write."""


_SEPARATORS = re.compile(r"[\s,;|]+")
_QUOTES = "\"'`“”‘’"
# Blanks and marks that no editor shows: zero-width and byte-order marks, no-break spaces.
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad")) | dict.fromkeys(
    map(ord, "\u00a0\u2007\u202f"), " "
)
_WINDOW = re.compile(r"[0-9]{12}(?:\.[0-9]{3})?")
_NEARLY = re.compile(r"(?![0-9]{12}(?:\.[0-9]{3})?$)[0-9]{9,16}(?:\.[0-9]{1,4})?")
# og_create's form: scw/2016/201600270010.001/swg.fits[1]
_PATH = re.compile(r"(?:.*/)?([0-9]{12}(?:\.[0-9]{3})?)(?:/[^/]*)?")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def read_windows(content: bytes, source: str) -> list[str]:
    """Return the science windows that a file names, each as it is written in it, in its order.

    Any number on a line, separated by blanks, commas, semicolons or bars; in quotes or not; as the identifier or as a
    path that holds it. What follows ``#`` does not count, nor do lines of CSV headings.

    Args:
        content: of the file; UTF-8 or UTF-16.
        source: its name, for the error.

    Raises:
        WindowListError: names the line that holds something else, or says that there is nothing.
    """
    found: list[str] = []
    for number, line in enumerate(_decoded(content, source).splitlines(), 1):
        words = [word.strip(_QUOTES) for word in _SEPARATORS.split(line.translate(_INVISIBLE).split("#", 1)[0])]
        windows = [window(word) for word in words if word]
        # A line of headings, or a column beside the identifiers, holds no window at all.
        good = [entry for entry in windows if _WINDOW.fullmatch(entry)]
        if windows and not good and (found or any(any(sign.isdigit() for sign in entry) for entry in windows)):
            text = f"{source}, line {number}: {line.strip()[:60]!r} names no science window, e.g. 201600270010.001"
            raise WindowListError(text)
        if good and (odd := next((entry for entry in windows if _NEARLY.fullmatch(entry)), None)):
            raise WindowListError(f"{source}, line {number}: {odd!r} is no science window: it has not 12 digits")
        found += good
    if not found:
        raise WindowListError(f"{source} names no science window: write e.g. 201600270010, any number on a line")
    return found


def window(text: str) -> str:
    """Return the identifier in a path such as ``scw/2016/201600270010.001/swg.fits[1]``; anything else as it is."""
    stripped = text.translate(_INVISIBLE).strip().strip(_QUOTES)
    path = _PATH.fullmatch(stripped)
    return path[1] if path else stripped


def _decoded(content: bytes, source: str) -> str:
    encoding = next((name for bom, name in _BOMS if content.startswith(bom)), None)
    if encoding is None:
        # UTF-16 without a mark: every second byte of digits is zero.
        encoding = "utf-16-le" if content[1:2] == b"\0" else "utf-16-be" if content[:1] == b"\0" else "utf-8"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise WindowListError(f"{source} is no text in UTF-8 or UTF-16: save it as plain text") from error
