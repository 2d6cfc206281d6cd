"""Where the real INTEGRAL files are; they are never part of the project."""

import os
from pathlib import Path

_BESIDE_THE_PROJECT = Path(__file__).resolve().parents[2] / "shared" / "data"


def location() -> Path:
    """Return the directory that ODAMESH_SHARED_DATA names, else the one beside the project; it may not exist."""
    return Path(os.environ.get("ODAMESH_SHARED_DATA", _BESIDE_THE_PROJECT))
