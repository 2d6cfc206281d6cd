"""Workspaces, limits, and output directories as analyses leave them."""

import json
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
