"""What an analysis sees of its unit of work: parameters, inputs, where products go, and how to report."""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO

from mesh.kit.failures import BadInput
from mesh.kit.plain import plain
from mesh.kit.simulated import simulation_of

UNIT_SCHEMA = "odamesh.unitdir/1"
UNIT_FILE = "unit.json"
STEPS_FILE = "steps.jsonl"


@dataclass(frozen=True)
class Input:
    """The files of one input: of one science window in the archive, or of one product of an earlier stage."""

    role: str
    """What the stage calls them, e.g. ``events``, or the earlier stage, e.g. ``image``."""
    label: str
    """Science window with version, e.g. ``201600270010.001``, or ``job``."""
    paths: tuple[Path, ...]

    def path(self, name: str) -> Path:
        """Return the file called *name*.

        Raises:
            BadInput: reason ``MissingFile``; the text lists the files that are there.
        """
        for path in self.paths:
            if path.name == name:
                return path
        there = ", ".join(path.name for path in self.paths) or "none"
        text = f"{self.role} of {self.label} has no file {name}; files there: {there}"
        raise BadInput("MissingFile", text)


class Unit:
    """One unit of work, read from ``<directory>/unit.json``.

    Args:
        directory: the unit directory with ``unit.json``, ``in/<role>/<label>/<file>`` and ``out/``.

    Raises:
        BadInput: reason ``BadUnit``; ``unit.json`` is missing or not of this schema.
    """

    stage: str
    label: str
    """Science window with version, or ``job``."""
    key: str
    """Content key of the unit (64 hex digits)."""
    parameters: Mapping[str, Any]
    """Those of this stage, canonical."""
    provenance: Mapping[str, Any]
    """What goes into the headers of the products: versions and digests, nothing that changes from run to run."""
    out: Path
    """Directory that products are written to."""

    def __init__(self, directory: Path) -> None:
        content = _read(directory / UNIT_FILE)
        try:
            self.stage = str(content["stage"])
            self.label = str(content["label"])
            self.key = str(content["key"])
            self.parameters = dict(content["parameters"])
            self.provenance = dict(content.get("provenance", {}))
            self._inputs = tuple(sorted((_input(directory, entry) for entry in content["inputs"]), key=_order))
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput("BadUnit", f"{UNIT_FILE} lacks or mistypes a field: {error}") from error
        self.out = directory / "out"
        self.warnings: list[str] = []
        self.facts: dict[str, Any] = {}
        self.steps: list[dict[str, Any]] = []
        self._began = time.monotonic()
        self._steps_file: TextIO | None = None

    def inputs(self, role: str) -> tuple[Input, ...]:
        """Return the inputs of *role*, sorted by label; empty when the unit has none."""
        return tuple(entry for entry in self._inputs if entry.role == role)

    @cached_property
    def simulated(self) -> str:
        """What the inputs say of their simulation; empty: none of them is simulated."""
        return simulation_of(path for entry in self._inputs for path in entry.paths)

    def title(self, text: str) -> str:
        """Return the title of a picture, which says so where its data are simulated."""
        return f"{text} (simulated data)" if self.simulated else text

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Report to the caller, while it happens, that the step *name* begins, and its time when it ends."""
        began = time.monotonic()
        say(name)
        self._report({"step": name, "event": "begin", "at": round(began - self._began, 4)})
        yield
        seconds = round(time.monotonic() - began, 4)
        self.steps.append({"step": name, "seconds": seconds})
        say(f"{name} done in {seconds:.3f} s")
        self._report({"step": name, "event": "end", "seconds": seconds})

    def warn(self, text: str) -> None:
        """Show *text* to the caller beside this science window."""
        if text not in self.warnings:
            self.warnings.append(text)
            say(f"warning: {text}")

    def summary(self, **values: Any) -> None:
        """Put small facts (a few kB) into the manifest; numpy values are welcome, NaN becomes null."""
        self.facts.update({name: plain(value) for name, value in values.items()})

    def close(self) -> None:
        """Close the step report."""
        if self._steps_file is not None:
            self._steps_file.close()
            self._steps_file = None

    def _report(self, line: Mapping[str, Any]) -> None:
        if self._steps_file is None:
            self._steps_file = (self.out / STEPS_FILE).open("a", encoding="utf-8")
        # One write a line, flushed: the service reads the file while the analysis goes on.
        self._steps_file.write(json.dumps(line) + "\n")
        self._steps_file.flush()


def say(text: str) -> None:
    """Write a line to the log of the unit, which can be followed while it runs."""
    # One write a line: whoever reads the log is woken once.
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput("BadUnit", f"cannot read {path.name}: {error}") from error
    if not isinstance(content, dict) or content.get("schema") != UNIT_SCHEMA:
        raise BadInput("BadUnit", f"{path.name} is not of schema {UNIT_SCHEMA}")
    return content


def _input(directory: Path, entry: Mapping[str, Any]) -> Input:
    role, label = str(entry["role"]), str(entry["label"])
    folder = directory / "in" / role / label
    return Input(role=role, label=label, paths=tuple(folder / str(name) for name in entry["files"]))


def _order(entry: Input) -> tuple[str, str]:
    return entry.role, entry.label
