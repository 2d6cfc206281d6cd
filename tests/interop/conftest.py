"""What the archive of the mesh under test has for real clients: two bursts beside its windows."""

from pathlib import Path

import pytest

from tests.integration.mesh.bursts import observe_with_polar, observe_with_spiacs


@pytest.fixture(scope="session")
def bursts(archive: Path) -> None:
    """Have SPI-ACS and POLAR see a burst each."""
    observe_with_spiacs(archive)
    observe_with_polar(archive)
