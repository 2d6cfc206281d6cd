"""Fixtures that every kind of test may use."""

from pathlib import Path

import pytest

from tests import shared


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Directory with the real INTEGRAL files; tests that need it skip where it is absent."""
    path = shared.location()
    if not path.is_dir():
        pytest.skip(f"real data not found at {path}; set ODAMESH_SHARED_DATA")
    return path
