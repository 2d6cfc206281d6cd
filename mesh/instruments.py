"""Which instruments the project has: one for each folder of `services` with an `instrument.toml`, and the drill one.

The name of an instrument is that of its folder; queues, accounts, ports, images and import names follow from it. A
folder with a mistake is left out and told as a fault: it concerns no other instrument.
"""

import keyword
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import structlog

from mesh.errors import ContractViolation, InstrumentUnavailable, UnknownInstrument
from mesh.instrument import INSTRUMENT_FILE, ROOT, Instrument, package_folder, place, read_instrument

_DRILL = ROOT / "mesh" / "testing" / "noop"
_NAME = re.compile("[a-z][a-z0-9_]{0,31}")
_TAKEN = frozenset(
    {"admin", "cache", "dispatcher", "events", "gateway", "requests", "science", "transports", "triggers"}
)
"""Accounts, queues and images of other parts of the mesh."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Instruments:
    """The instruments that can be used, and why the others cannot."""

    good: Mapping[str, Instrument] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    """By name of the folder: file, key and reason of every mistake."""


def instrument_folders(root: Path = ROOT) -> Mapping[str, Path]:
    """Return the folder of every instrument by its name, those with mistakes included; the drill one is last.

    It takes part only where ``ODAMESH_DRILLS=1``. Folders whose name cannot be an instrument's are left out.
    """
    return {name: folder for name, folder in _folders(root).items() if wrong_name(name) is None}


def _folders(root: Path) -> dict[str, Path]:
    found = {path.parent.name: path.parent for path in sorted((root / "services").glob(f"*/{INSTRUMENT_FILE}"))}
    if os.environ.get("ODAMESH_DRILLS") == "1":
        found |= {_DRILL.name: _DRILL}
    return found


def wrong_name(name: str) -> str | None:
    """Return why no instrument can have this name; None if one can."""
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        return f"{name!r} cannot be its name: take up to 32 lower-case letters, digits and _, the first a letter"
    if name in _TAKEN:
        return f"{name!r} is the name of another part of the mesh: take another"
    return None


def read_folder(folder: Path, root: Path = ROOT) -> Instrument:
    """Read the instrument of a folder and look whether all is there that its image is made of.

    Raises:
        ContractViolation: names file, key and reason of every mistake.
    """
    complaints = []
    if reason := wrong_name(folder.name):
        complaints.append(f"{place(folder, root)}: {reason}")
    instrument = None
    try:
        instrument = read_instrument(folder / INSTRUMENT_FILE, root)
    except ContractViolation as error:
        complaints.append(str(error))
    analysis = folder / "analysis"
    complaints += [
        f"{place(path, root)}: there is no such file, {purpose}"
        for path, purpose in (
            (folder / "__init__.py", "which makes the folder a package"),
            (analysis / "__init__.py", "which exports STAGES"),
            (analysis / "Dockerfile", "of which the image is made"),
        )
        if not path.is_file()
    ]
    libraries = instrument.image.libraries if instrument else ()
    complaints += [
        f"{place(folder / INSTRUMENT_FILE, root)}: image.libraries: there is no package {library}"
        for library in libraries
        if not (package_folder(library, root) / "__init__.py").is_file()
    ]
    if instrument is None or complaints:
        raise ContractViolation("; ".join(complaints))
    return instrument


def read_instruments(root: Path = ROOT) -> Instruments:
    """Read every folder anew."""
    good, faults = {}, {}
    for name, folder in _folders(root).items():
        try:
            good[name] = read_folder(folder, ROOT if folder == _DRILL else root)
        except ContractViolation as error:
            faults[name] = str(error)
    return Instruments(good, faults)


@cache
def known_instruments() -> Instruments:
    """Return those of this process: every folder is read once."""
    return read_instruments()


def log_faults() -> None:
    """Say at the start of a process which instruments it leaves out, and why."""
    for name, fault in instrument_faults().items():
        _log.error("instrument left out", instrument=name, fault=fault)


def instruments() -> Mapping[str, Instrument]:
    """Return the instruments that can be used, by name."""
    return known_instruments().good


def instrument_faults() -> Mapping[str, str]:
    """Return what is wrong with the folders that are left out, by name."""
    return known_instruments().faults


def instrument(name: str) -> Instrument:
    """Return one instrument.

    Raises:
        UnknownInstrument: names the known ones.
        InstrumentUnavailable: its folder has a mistake.
    """
    known = instruments()
    if name in known:
        return known[name]
    if name in instrument_faults():
        text = f"{name} is not set up rightly; it takes jobs again when its operator has mended it"
        raise InstrumentUnavailable("InstrumentUnavailable", text)
    names = ", ".join(known)
    msg = f"there is no instrument {name!r}; this mesh has: {names}"
    raise UnknownInstrument(msg, field="instrument", allowed=names)
