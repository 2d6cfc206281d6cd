"""Files of products on this machine: fetched once, checked, and never over something else."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, unquote

import httpx

from mesh.contracts import ProductFile, StageProduct
from odamesh.errors import DamagedDownload, WouldOverwrite
from odamesh.transport import API, Transport

_CHUNK = 1 << 16
_SHOWN = 3


def is_there(target: Path, sha256: str) -> bool:
    """Say whether a file is there already, with the right content."""
    if not target.is_file():
        return False
    with target.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == sha256


def refuse_to_overwrite(targets: Iterable[tuple[Path, str]]) -> None:
    """Make sure that nothing else is where files are to go.

    Args:
        targets: paths, each with the checksum of what is to be there.

    Raises:
        WouldOverwrite: names the files in the way.
    """
    others = [target for target, sha256 in targets if target.exists() and not is_there(target, sha256)]
    if others:
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        names = ", ".join(str(target) for target in others[:_SHOWN])
        raise WouldOverwrite(
            f"something else is there already: {names}{more}; choose another directory, or allow to overwrite it"
        )


def place_of(directory: Path, product: StageProduct) -> Path:
    """Return the folder of a product: that of its stage, for a window in a folder of its own."""
    return directory / product.stage / ("" if product.label == "job" else product.label)


def fetch(transport: Transport, key: str, file: ProductFile, target: Path) -> Path:
    """Bring one file of a product to *target*, unless it is there already; return its path.

    Raises:
        DamagedDownload: it does not have the announced checksum; nothing is left of it.
        OdameshError: the mesh does not give it.
    """
    return fetch_link(transport, file_link(key, file.name), file.sha256, target)


def fetch_link(transport: Transport, link: str, sha256: str, target: Path) -> Path:
    """Bring what an address of the mesh gives to *target*, unless it is there already; raises as `fetch`."""
    if is_there(target, sha256):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{target.name}.part")
    digest = hashlib.sha256()
    try:
        with transport.stream(link) as response, part.open("wb") as stream:
            for chunk in response.iter_bytes(_CHUNK):
                digest.update(chunk)
                stream.write(chunk)
        if digest.hexdigest() != sha256:
            raise DamagedDownload(f"{target.name} does not have the announced checksum: download it again")
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def fetch_archive(transport: Transport, link: str, target: str | os.PathLike[str] | None, *, overwrite: bool) -> Path:
    """Bring a job as one file; return its path.

    Args:
        transport: to the mesh.
        link: address of the archive.
        target: file, or directory for a file of the name that the mesh gives; None: in the current one.
        overwrite: whether to replace a file that is in the way.

    Raises:
        WouldOverwrite: a file is in the way.
        DamagedDownload: it broke off; nothing is left of it.
    """
    with transport.stream(link) as response:
        path = Path(target) if target is not None else Path()
        if path.is_dir():
            path /= _name_of(response.headers.get("Content-Disposition", ""))
        if path.exists() and not overwrite:
            raise WouldOverwrite(f"{path} is there already; choose another name, or allow to overwrite it")
        part = path.with_name(f"{path.name}.part")
        try:
            with part.open("wb") as stream:
                for chunk in response.iter_bytes(_CHUNK):
                    stream.write(chunk)
            if part.stat().st_size != int(response.headers.get("Content-Length", "-1")):
                raise DamagedDownload(f"{path.name} broke off: download it again")
            part.replace(path)
        except httpx.RemoteProtocolError as error:
            raise DamagedDownload(f"{path.name} broke off: download it again") from error
        finally:
            part.unlink(missing_ok=True)
    return path


def _name_of(disposition: str) -> str:
    """Return the file name that an answer gives (RFC 6266), without any folder."""
    name = unquote(disposition.partition("filename*=UTF-8''")[2])
    return Path(name).name or "products"


def file_link(key: str, name: str) -> str:
    """Return the address of a file of a product, below the mesh's."""
    return f"{API}/products/{key}/{quote(name)}"


def cache_folder(key: str) -> Path:
    """Return where files of a product are kept that were opened without being saved: equal keys, equal files."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "odamesh" / "products" / key
