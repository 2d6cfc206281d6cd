"""Simulated SPI-ACS data of single days in an archive: written once, and never in the place of measured data."""

from collections.abc import Callable
from enum import StrEnum
from io import BytesIO
from itertools import islice
from pathlib import Path

from mesh.archive.fits_table import FitsError, headers, unpacked
from mesh.archive.slices import index_path, slices_between
from mesh.archive.times import ijd_from_utc
from services.spiacs.simulator.scenarios import SCENARIOS, content_of, write_archive

_FILE = "acs_counts.fits.gz"
_INSTRUMENT = "spiacs"
_SLICE_S = 3600


class Day(StrEnum):
    """What an archive has of the time of a scenario."""

    SIMULATED = "simulated"
    """All of the scenario."""
    MEASURED = "measured"
    """Data that no simulation made."""
    ABSENT = "absent"
    """Nothing, or a part of a simulation."""


def day_of(archive: Path, scenario: str) -> Day:
    """Tell what an archive has of the time of a scenario."""
    begin, end = map(ijd_from_utc, SCENARIOS[scenario].span)
    slices = list(slices_between(begin, end, _SLICE_S))
    found = [_simulation(archive / one.folder(_INSTRUMENT) / _FILE) for one in slices]
    if any(simulation == "" for simulation in found):
        return Day.MEASURED
    index = archive / index_path(_INSTRUMENT)
    listed = {line.split()[0] for line in index.read_text().splitlines() if line} if index.is_file() else set()
    whole = all(simulation == content_of(scenario) for simulation in found)
    return Day.SIMULATED if whole and listed.issuperset(map(str, slices)) else Day.ABSENT


def simulate_day(
    archive: Path, scenario: str, *, own: bool = False, done: Callable[[str], None] = lambda label: None
) -> Day:
    """Write the data of a scenario into an archive, unless they are there or measured ones are.

    Args:
        archive: its directory; made when missing.
        scenario: a key of the simulator's scenarios.
        own: everything in the archive is simulated, whatever its headers say.
        done: called with the label of each slice.

    Returns:
        what the archive had before.
    """
    before = day_of(archive, scenario)
    if before is Day.ABSENT or (own and before is Day.MEASURED):
        write_archive(archive, scenario, done=done)
    return before


def _simulation(path: Path) -> str | None:
    """Return what a file says of its simulation; empty for one that is measured, None where there is no whole one."""
    try:
        found = islice(headers(BytesIO(unpacked(path.read_bytes()))), 2)
        return next((str(header["SIMULATD"]) for header in found if "SIMULATD" in header), "")
    except (FileNotFoundError, FitsError):
        return None
