"""The addresses at which a browser gets the page, which then draws the screen of its own address."""

import re

SCREENS = (
    "/new",
    "/jobs",
    "/jobs/{job_id}",
    "/jobs/{job_id}/{tab}",
    "/requests/{request_key}",
    "/gallery",
    "/transients/{name}",
    "/alerts",
    "/operate",
    "/sign-in",
    "/about",
)
"""Beside ``/``, which tells programs what this is."""
FILES = "/page"
"""Where the files of the page are: scripts, style, licences."""

_SCREEN = re.compile("|".join(re.sub(r"\{\w+\}", "[^/]+", screen) for screen in SCREENS))


def shows_nothing_of_callers(path: str) -> bool:
    """Tell whether an address is that of the page or of a file of it: these are the same for everybody."""
    return path.startswith(f"{FILES}/") or _SCREEN.fullmatch(path) is not None
