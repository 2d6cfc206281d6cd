"""A container of the spectral fits for a whole run of tests, and spectra folded through real responses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fit_container import FitContainer, NoContainer, fit_container


@pytest.fixture(scope="session")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FitContainer]:
    """Return a warm container; skips where there is no engine or no image."""
    root: Path = tmp_path_factory.mktemp("fits")
    try:
        with fit_container(root) as running:
            yield running
    except NoContainer as error:
        pytest.skip(str(error))
