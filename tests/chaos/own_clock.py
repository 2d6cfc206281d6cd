"""Gives the processes of the mesh a clock of their own: libfaketime, told by a file how far it is off.

Only what the C library answers is moved. The servers keep the true time, and so do monotonic clocks, as when the clock
of one machine of several is set.
"""

from collections.abc import Mapping
from pathlib import Path

from infra.stack import packages
from infra.stack.layout import Layout
from infra.stack.problem import SetupProblem
from tests.chaos.ground import Ground


def environment(layout: Layout) -> Mapping[str, str]:
    """Return what a process needs for a clock that can be moved; installs libfaketime where it can.

    Raises:
        LookupError: it is not there and cannot be installed.
    """
    try:
        packages.install(["faketime"])
        library = next(iter(Path("/usr/lib").glob("**/faketime/libfaketime.so.1")))
    except (SetupProblem, StopIteration) as error:
        msg = f"a clock of their own needs libfaketime: {str(error) or 'the package has no library in /usr/lib'}"
        raise LookupError(msg) from error
    file = _file(layout)
    file.write_text("+0\n")
    return {
        "LD_PRELOAD": str(library),
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
