"""Fills the directory of a unit: its inputs from archive and store, and what the analysis is told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from mesh.archive.access import joined_stamp
from mesh.contracts import ArchiveInput, Manifest, ProductInput, Unit, UnitInput, UploadInput
from mesh.errors import BadInput, NotFound, TransientFailure
from mesh.runner.directory import InputFiles, UnitDirectory


class UploadSource(Protocol):
    """Where the files come from that callers sent."""

    def fetch(self, digest: str, into: Path) -> str:
        """Put a file into a directory and return its name there; NotFound where there is none."""


class ProductSource(Protocol):
    """Where products of earlier stages come from."""

    @property
    def uploads(self) -> UploadSource:
        """The files that callers sent."""

    def fetch(self, key: str, into: Path) -> Manifest:
        """Copy the files of a product into a directory; NotFound where there is none."""


class Archive(Protocol):
    """Where the files of science windows come from."""

    def stamp(self, path: str) -> str:
        """Return the fingerprint of a file."""

    def fetch(self, path: str, into: Path) -> Path:
        """Put a file into a directory."""


def prepare(unit: Unit, directory: UnitDirectory, products: ProductSource, archive: Callable[[], Archive]) -> None:
    """Make *directory* anew with everything that the unit needs; ``unit.json`` is written last.

    Args:
        unit: what to prepare.
        directory: its directory.
        products: gives the products of earlier stages, and uploads.
        archive: opens the archive; asked only for units that read it.

    Raises:
        BadInput: the archive lacks a file, or has another version of it than was planned for.
        TransientFailure: archive or store is out of reach, or a product is not there any more.
    """
    directory.create()
    inputs = []
    for entry in unit.inputs:
        folder = directory.input_folder(entry.role, entry.label)
        if isinstance(entry, ArchiveInput):
            files = _fetch_window(archive(), entry, folder)
        elif isinstance(entry, UploadInput):
            files = (_fetch_upload(products.uploads, entry, folder),)
        else:
            files = _fetch_product(products, entry, folder)
        inputs.append(InputFiles(entry.role, entry.label, files))
    directory.write_unit(
        key=unit.key,
        stage=unit.stage,
        label=unit.label,
        parameters=unit.parameters,
        inputs=inputs,
        provenance=_provenance(unit),
    )


def _fetch_window(archive: Archive, entry: ArchiveInput, folder: Path) -> tuple[str, ...]:
    if joined_stamp(archive.stamp(f"{entry.path}/{name}") for name in entry.files) != entry.stamp:
        text = f"{entry.label} changed in the archive since this run was planned; submit it again"
        raise BadInput("ScWDataChanged", text)
    for name in entry.files:
        archive.fetch(f"{entry.path}/{name}", folder)
    return entry.files


def _fetch_product(products: ProductSource, entry: ProductInput, folder: Path) -> tuple[str, ...]:
    try:
        manifest = products.fetch(entry.key, folder)
    except NotFound as error:
        text = f"the product of stage {entry.role} for {entry.label} is not in the store any more; submit it again"
        raise TransientFailure("ProductMissing", text) from error
    return tuple(file.name for file in manifest.files)


def _fetch_upload(uploads: UploadSource, entry: UploadInput, folder: Path) -> str:
    try:
        return uploads.fetch(entry.digest, folder)
    except NotFound as error:
        text = f"{entry.role}: the file {entry.digest} is not in the store any more; upload it and ask again"
        raise BadInput("NoSuchUpload", text) from error


def _provenance(unit: Unit) -> dict[str, Any]:
    # Only what the key covers: the same key must give the same bytes, headers included.
    return {
        "instrument": unit.instrument,
        "image": unit.image,
        "calibration": unit.calibration,
        "inputs": sorted(f"{entry.role} {entry.label} {_stamp(entry)}" for entry in unit.inputs),
    }


def _stamp(entry: UnitInput) -> str:
    match entry:
        case ArchiveInput():
            return entry.stamp
        case UploadInput():
            return entry.digest
    return entry.key[:16]
