"""Fixtures that every kind of test may use."""

import os
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Directory with the real INTEGRAL files; tests that need it skip where it is absent."""
    path = Path(os.environ.get("ODAMESH_SHARED_DATA", _ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"real data not found at {path}; set ODAMESH_SHARED_DATA")
    return path
