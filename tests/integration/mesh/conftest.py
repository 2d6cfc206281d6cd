"""What several tests of the whole mesh have in the archive of the mesh under test."""

from pathlib import Path

import pytest

from tests.integration.mesh.bursts import ACS_BURST, observe_with_spiacs


@pytest.fixture(scope="session")
def rates(archive: Path) -> str:
    """Four slices of simulated counts of SPI-ACS with a burst; returns the UTC of the burst."""
    observe_with_spiacs(archive)
    return ACS_BURST
