"""What several tests of the whole mesh have in the archive of the mesh under test."""

from pathlib import Path

import pytest

from services.spiacs.simulator.archive import write_archive
from services.spiacs.simulator.rates import Background, Pulse


@pytest.fixture(scope="session")
def rates(archive: Path) -> str:
    """Four slices of simulated counts of SPI-ACS with a burst; returns the UTC of the burst."""
    burst, complete = "2017-08-17T12:55:00", archive / "spiacs-complete"
    if not complete.exists():
        write_archive(
            archive,
            "2017-08-17T11:30:00",
            "2017-08-17T14:30:00",
            background=Background(rate=1.1e5),
            pulses=[(burst, Pulse(0.0, 60_000, 1.0, 5.7))],
        )
        complete.touch()
    return burst
