"""Gives the processes of the mesh a clock of their own: libfaketime, told by a file how far it is off.

Only what the C library answers is moved. The servers keep the true time, and so do monotonic clocks, as when the clock
of one machine of several is set.
"""

from collections.abc import Mapping
from pathlib import Path

from infra.stack.layout import Layout
from tests.chaos.ground import Ground

_PLACES = ("/usr/lib", "/usr/lib64", "/usr/local/lib")


def library() -> Path | None:
    """Return libfaketime (Debian package ``libfaketime``), or None where it is not installed."""
    for place in map(Path, _PLACES):
        for found in sorted(place.glob("**/libfaketime.so.1")):
            return found
    return None


def environment(layout: Layout) -> Mapping[str, str]:
    """Return what a process needs for a clock that can be moved.

    Raises:
        LookupError: libfaketime is not installed.
    """
    found = library()
    if found is None:
        msg = "libfaketime is not installed: apt-get install libfaketime"
        raise LookupError(msg)
    file = _file(layout)
    file.write_text("+0\n")
    return {
        "LD_PRELOAD": str(found),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def move_clock(ground: Ground, seconds: float) -> None:
    """Set the clock of all processes of the mesh so far from the true time."""
    partial = _file(ground.layout).with_suffix(".new")
    partial.write_text(f"{seconds:+.0f}\n")
    partial.replace(_file(ground.layout))


def _file(layout: Layout) -> Path:
    return layout.run / "clock-offset"
