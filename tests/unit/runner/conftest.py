"""Workspaces, limits, and output directories as analyses leave them."""

import json
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from mesh.instrument import Limits
from mesh.runner.workspace import Workspace

KEY = "ab" * 32
LIMITS = Limits(slots=1, cpus=1, memory_mb=256, seconds=30, pids=32, tmp_mb=32, output_mb=1)

Leave = Callable[..., Path]


def nest(directory: Path, depth: int, name: str = "d") -> None:
    """Make directories in one another, deeper than any path can say."""
    here = os.open(directory, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=here)
        below = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("file", os.O_CREAT, dir_fd=here))
    os.close(here)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Return an empty workspace."""
    return Workspace(tmp_path / "work")


@pytest.fixture
def leave(tmp_path: Path) -> Leave:
    """Return a function that writes files and a manifest for them, with fields replaced by keywords."""

    def write(files: dict[str, bytes], /, **fields: Any) -> Path:
        out = tmp_path / "out"
        out.mkdir(exist_ok=True)
        described = []
        for name, content in files.items():
            (out / name).write_bytes(content)
            digest = sha256(content).hexdigest()
            described.append({"name": name, "sha256": digest, "size": len(content), "media_type": "text/plain"})
        manifest = {
            "schema": "odamesh.product/1",
            "key": KEY,
            "files": described,
            "warnings": [],
            "summary": {},
            "steps": [{"step": "work", "seconds": 0.1}],
            **fields,
        }
        (out / "manifest.json").write_text(json.dumps(manifest))
        return out

    return write
