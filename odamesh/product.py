"""One product of a job, from the caller's side: its files, opened where they are needed."""

import json
from html import escape
from pathlib import Path
from typing import Any

from mesh.contracts import ProductFile, StageProduct
from odamesh.download import cache_folder, fetch
from odamesh.errors import NoSuchThing, OdameshError
from odamesh.transport import Transport

_FITS = (".fits", ".fits.gz", ".fit", ".pha", ".rmf", ".arf")


class Product:
    """The files of one finished unit that are a result of a job; get them from ``job.products``."""

    def __init__(self, transport: Transport, part: StageProduct) -> None:
        self._transport = transport
        self.part = part
        """As the mesh tells of it."""

    @property
    def stage(self) -> str:
        """The stage that made it, e.g. ``mosaic``."""
        return self.part.stage

    @property
    def label(self) -> str:
        """Its science window or slice of time; ``job`` for the merged one."""
        return self.part.label

    @property
    def key(self) -> str:
        """Its content key: ``mesh.manifest(key)`` tells how it was made."""
        return self.part.key

    @property
    def files(self) -> tuple[ProductFile, ...]:
        """Its files, with sizes and checksums."""
        return self.part.files

    def __repr__(self) -> str:
        """Say what it is and which files it has."""
        return f"<{self.stage} {self.label}: {', '.join(file.name for file in self.files)}>"

    def __eq__(self, other: object) -> bool:
        """Equal keys are equal products."""
        return isinstance(other, Product) and self.part == other.part

    def __hash__(self) -> int:
        return hash(self.key)

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{escape(file.name)}</td><td>{file.size}</td></tr>" for file in self.files)
        return f"<table><caption>{escape(f'{self.stage} {self.label}')}</caption>{rows}</table>"

    def fetch(self, name: str | None = None) -> Path:
        """Bring one file to the cache of this machine (``~/.cache/odamesh``) and return its path.

        Args:
            name: of the file; by default the first FITS file, or the first of all.

        Raises:
            NoSuchThing: it has no such file.
            DamagedDownload: the file does not have the announced checksum.
        """
        file = self._file(name)
        return fetch(self._transport, self.key, file, cache_folder(self.key) / file.name)

    def open(self, name: str | None = None) -> Any:
        """Open one file: FITS as astropy's HDUList, JSON as what it holds, text as text; else return its path.

        Args:
            name: of the file; by default the first FITS file, or the first of all.

        Raises:
            NoSuchThing: it has no such file.
            OdameshError: FITS, and astropy is not installed.
        """
        path = self.fetch(name)
        if path.name.lower().endswith(_FITS):
            return _fits().open(path)
        match path.suffix.lower():
            case ".json":
                return json.loads(path.read_text(encoding="utf-8"))
            case ".txt" | ".log" | ".md" | ".reg" | ".csv":
                return path.read_text(encoding="utf-8")
            case _:
                return path

    def _file(self, name: str | None) -> ProductFile:
        if name is None:
            first = [file for file in self.files if file.name.lower().endswith(_FITS)] or list(self.files)
            if first:
                return first[0]
        for file in self.files:
            if file.name == name:
                return file
        there = ", ".join(file.name for file in self.files) or "none"
        raise NoSuchThing(f"{self.stage} {self.label} has no file {name!r}; it has: {there}")


def _fits() -> Any:
    try:
        from astropy.io import fits  # noqa: PLC0415  # only for those who open FITS files
    except ImportError as error:
        raise OdameshError("opening FITS files needs astropy: pip install 'odamesh[notebook]'") from error
    return fits
