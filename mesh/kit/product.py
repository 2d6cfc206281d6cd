"""Closes a unit: describes the files that the analysis wrote, in ``out/manifest.json``, the last file written."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mesh.kit.failures import ScienceFailure
from mesh.kit.unit import STEPS_FILE, Unit

PRODUCT_SCHEMA = "odamesh.product/1"
MANIFEST_FILE = "manifest.json"
FAILURE_FILE = "failure.json"

_OWN_FILES = frozenset({STEPS_FILE, MANIFEST_FILE, FAILURE_FILE})
_MEDIA_TYPES: Mapping[str, str] = {
    ".fits": "application/fits",
    ".fits.gz": "application/fits",
    ".png": "image/png",
    ".json": "application/json",
    ".csv": "text/csv",
    ".reg": "text/plain",
    ".txt": "text/plain",
}


def write_manifest(unit: Unit) -> None:
    """Write ``out/manifest.json``.

    Raises:
        ScienceFailure: reason ``NoProduct`` or ``BadProduct``; the analysis wrote nothing, or something else
            than files.
    """
    files = [_describe(path) for path in _products(unit.out)]
    if not files:
        raise ScienceFailure("NoProduct", f"stage {unit.stage} ended without writing a file")
    write_json(
        unit.out / MANIFEST_FILE,
        {
            "schema": PRODUCT_SCHEMA,
            "key": unit.key,
            "files": files,
            "warnings": unit.warnings,
            "summary": unit.facts | ({"simulated": unit.simulated} if unit.simulated else {}),
            "steps": unit.steps,
        },
    )


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write *content* so that the file is either whole or absent."""
    half = path.with_name(f".{path.name}")
    half.write_text(json.dumps(content, sort_keys=True, allow_nan=False), encoding="utf-8")
    half.rename(path)


def media_type(name: str) -> str:
    """Return the media type of a product by the end of its name."""
    for ending, kind in _MEDIA_TYPES.items():
        if name.endswith(ending):
            return kind
    return "application/octet-stream"


def _products(out: Path) -> Iterator[Path]:
    for path in sorted(out.iterdir()):
        if path.name in _OWN_FILES or path.name.startswith("."):
            continue
        if path.is_symlink() or not path.is_file():
            raise ScienceFailure("BadProduct", f"{path.name} is not a plain file: products are files directly in out/")
        yield path


def _describe(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": path.name, "sha256": digest, "size": path.stat().st_size, "media_type": media_type(path.name)}
