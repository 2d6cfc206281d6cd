"""Fits in the container of the spectral fits, as its service runs them, without a mesh around."""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from mesh.errors import EngineUnavailable
from mesh.instruments import instrument
from mesh.runner.choose import with_own_image
from mesh.runner.directory import InputFiles
from mesh.runner.docker import DockerRunner
from mesh.runner.engine import connect, image_id
from mesh.runner.protocol import Runner, UnitResult, Work
from mesh.runner.warm import WarmRunner
from mesh.runner.workspace import Workspace
from mesh.settings import Settings, SettingsError

Files = Sequence[Path]


@dataclass(frozen=True)
class Fit:
    """One fit that ended well.

    Args:
        out: directory of its products.
        report: content of ``fit.json``.
        outcome: what the runner tells.
    """

    out: Path
    report: dict[str, Any]
    outcome: UnitResult

    def parameter(self, name: str) -> dict[str, Any]:
        """Return the row of a parameter, e.g. ``powerlaw.PhoIndex``."""
        return next(row for row in self.report["parameters"] if row["name"] == name)

    def value(self, name: str) -> float:
        """Return the best value of a parameter."""
        return float(self.parameter(name)["value"])


class FitContainer:
    """Runs fits.

    Args:
        runner: of the instrument ``spectral_fit``.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._declared = instrument("spectral_fit")

    def fit(self, *spectra: Files, **parameters: Any) -> Fit:
        """Fit some spectra, each given by its files.

        Raises:
            UnitFailure: as the service would tell it.
        """
        work = self._prepare(spectra, parameters)
        outcome = self._runner.run(work, lambda step: None)
        out = work.directory.out
        return Fit(out, json.loads((out / "fit.json").read_text(encoding="utf-8")), outcome)

    def models(self) -> Path:
        """Have the models listed; return the directory of the lists."""
        key = uuid4().hex * 2
        directory = self._runner.directory(key)
        directory.create()
        directory.write_unit(key=key, stage="models", label="job", parameters={}, inputs=[], provenance={})
        self._runner.run(Work(key=key, directory=directory, limits=self._declared.limits), lambda step: None)
        return directory.out

    def _prepare(self, spectra: Sequence[Files], parameters: dict[str, Any]) -> Work:
        listed = [",".join(path.name for path in files) for files in spectra]
        given = {"files": list(dict.fromkeys(f"{number}/{names}" for number, names in enumerate(listed)))}
        known = self._declared.canonical_parameters("spectral_fit", parameters)
        key = uuid4().hex * 2
        directory = self._runner.directory(key)
        directory.create()
        inputs = []
        for number, files in enumerate(spectra):
            for position, path in enumerate(files):
                label = f"{number}-{position}"
                shutil.copy(path, directory.input_folder("files", label) / path.name)
                inputs.append(InputFiles("files", label, (path.name,)))
        directory.write_unit(key=key, stage="fit", label="job", parameters=known | given, inputs=inputs, provenance={})
        return Work(key=key, directory=directory, limits=self._declared.limits)


class NoContainer(Exception):
    """There is no engine, or no image of the spectral fits."""


@contextmanager
def fit_container(root: Path) -> Iterator[FitContainer]:
    """Offer a warm container of the image that the set-up built; nothing of it is left afterwards.

    Args:
        root: where unit directories go.

    Raises:
        NoContainer: says what to do.
    """
    declared = with_own_image(Settings(), instrument("spectral_fit"))
    try:
        address = Settings().engine_address()
    except SettingsError:
        address = ""
    try:
        client = connect(address)
        image_id(client, declared.image)
    except EngineUnavailable as error:
        raise NoContainer(f"{error}; run `odamesh stack up`") from error
    owner = f"test-{uuid4().hex[:12]}"
    workspace = Workspace(root)
    runner = WarmRunner(client, declared, owner, workspace, DockerRunner(client, declared, owner, workspace))
    try:
        runner.prepare(1)
        yield FitContainer(runner)
    finally:
        runner.close()
        for container in client.containers.list(
            all=True, ignore_removed=True, filters={"label": f"mesh.owner={owner}"}
        ):
            container.remove(force=True)
