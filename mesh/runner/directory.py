"""The directory where a service and a container meet: ``unit.json``, ``in/``, ``out/``, and the log beside them."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mesh.errors import HeldElsewhere
from mesh.kit.boundedlog import GAP_LIMIT, LOG_LIMIT, BoundedLog
from mesh.kit.removal import discard, empty
from mesh.kit.unit import UNIT_FILE, UNIT_SCHEMA
from mesh.runner.plain_file import read_small
from mesh.runner.unit_lock import held


@dataclass(frozen=True)
class InputFiles:
    """What one input put into ``in/<role>/<label>/``."""

    role: str
    label: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class UnitDirectory:
    """One unit's directory.

    Args:
        path: where it is.
    """

    path: Path

    @property
    def inputs(self) -> Path:
        """Directory of the inputs; the analysis can only read it."""
        return self.path / "in"

    @property
    def out(self) -> Path:
        """Directory that the analysis writes to."""
        return self.path / "out"

    @property
    def unit_file(self) -> Path:
        """What the analysis is told."""
        return self.path / UNIT_FILE

    @property
    def log_file(self) -> Path:
        """Standard output and error of the analysis, bounded; written by the runner."""
        return self.path / "log.txt"

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Give the directory to this process alone, for the block; whoever prepares, runs or removes it does.

        Raises:
            HeldElsewhere: another process of this machine uses it.
        """
        # Outside the directory, which is removed while the lock is held.
        with held(self.path.parent.parent / "locks" / self.path.name) as ours:
            if not ours:
                raise HeldElsewhere("HeldElsewhere", "another worker of this machine executes this unit now")
            yield

    def create(self) -> None:
        """Make it empty, whatever was there before."""
        self.remove()
        self.inputs.mkdir(parents=True)
        self.out.mkdir()
        # The analysis runs as another user; who may come here at all is settled by the directory above.
        self.out.chmod(0o777)

    def input_folder(self, role: str, label: str) -> Path:
        """Return the folder for the files of one input, made if need be."""
        folder = self.inputs / role / label
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def write_unit(
        self,
        *,
        key: str,
        stage: str,
        label: str,
        parameters: Mapping[str, Any],
        inputs: Sequence[InputFiles],
        provenance: Mapping[str, Any],
    ) -> None:
        """Write ``unit.json``: the last thing before the unit runs."""
        content = {
            "schema": UNIT_SCHEMA,
            "key": key,
            "stage": stage,
            "label": label,
            "parameters": parameters,
            "inputs": [{"role": entry.role, "label": entry.label, "files": entry.files} for entry in inputs],
            "provenance": provenance,
        }
        self.unit_file.write_text(json.dumps(content, sort_keys=True), encoding="utf-8")

    def write_log(self, text: str) -> None:
        """Keep the log, its beginning and its end if it is long."""
        # What the kit has cut comes with its line, which must not be cut out in turn.
        log = BoundedLog(LOG_LIMIT + GAP_LIMIT)
        log.add(text.encode())
        self.log_file.write_text(log.text(), encoding="utf-8")

    def read_log(self) -> bytes:
        """Return the log; empty when the unit never began."""
        try:
            return read_small(self.log_file)
        except OSError:
            return b""

    def clear(self) -> None:
        """Empty the directories but keep them: a container has them mounted."""
        self.unit_file.unlink(missing_ok=True)
        for directory in (self.inputs, self.out):
            empty(directory)

    def remove(self) -> None:
        """Remove it with all that is in it."""
        discard(self.path)


def output_size(out: Path, most_files: int = 10_000) -> tuple[int, int]:
    """Return the bytes and the number of files below *out*; stops counting beyond *most_files*.

    A directory that cannot be looked into, for its mode or its depth, counts as one beyond: it could hide anything.
    """
    size = number = 0
    try:
        for entry in _walk(out):
            number += 1
            with suppress(FileNotFoundError):
                size += entry.stat(follow_symlinks=False).st_blocks * 512
            if number > most_files:
                break
    except OSError:
        return size, most_files + 1
    return size, number


def _walk(directory: Path) -> Iterator[os.DirEntry[str]]:
    waiting = [str(directory)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    yield entry
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
        except (FileNotFoundError, NotADirectoryError):
            continue  # it went while we looked
