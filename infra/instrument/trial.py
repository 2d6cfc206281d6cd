"""Runs one stage of an instrument on files, without the mesh: in its container, or as a process where no engine is."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from infra.stack import engine, images
from infra.stack.layout import Layout
from infra.stack.problem import SetupProblem
from infra.stack.stack import Stack
from mesh.errors import UnitFailure
from mesh.instrument import Instrument
from mesh.runner.directory import InputFiles
from mesh.runner.docker import DockerRunner
from mesh.runner.local import LocalRunner
from mesh.runner.product import OutputManifest, verify_files
from mesh.runner.protocol import Runner, Work
from mesh.runner.workspace import Workspace

_LABELS = {
    "scw": "201600270010.001",
    "slice": "0000-00",
    "job": "job",
    "epoch_scw": "201600270010.001",
    "epoch": "epoch-2000-2019",
}
"""What a unit is called when the caller does not say."""


@dataclass(frozen=True)
class Trial:
    """How a stage ended.

    Args:
        runner: what ran it.
        log: its output.
        product: what it wrote; None if it failed.
        failure: why it failed, if so.
        undeclared: steps that it told and that instrument.toml does not have.
    """

    runner: str
    log: str
    product: OutputManifest | None = None
    failure: UnitFailure | None = None
    undeclared: tuple[str, ...] = ()


def run_stage(
    instrument: Instrument,
    stage: str,
    files: Sequence[Path],
    into: Path,
    *,
    given: Mapping[str, Any],
    label: str | None = None,
    interval: tuple[str, str] | None = None,
    local: bool = False,
) -> Trial:
    """Run a stage once and put what it writes into a directory.

    Args:
        instrument: whose stage it is.
        stage: its name.
        files: its inputs: of the archive if it reads that, else one product of an earlier stage each.
        into: gets the products.
        given: parameters that differ from their defaults.
        label: science window, slice or job; a made-up one if None.
        interval: time range of the request (UTC), for stages that are told it.
        local: as a process, even if an engine answers.

    Raises:
        SetupProblem: there is no such stage, a file is missing, or the image cannot be built.
        InvalidRequest: a parameter is none of the stage's product, or out of range.
    """
    if stage not in instrument.stages:
        message = f"{instrument.name} has no stage {stage!r}; it has: {', '.join(instrument.stages)}"
        raise SetupProblem(message)
    if missing := [path for path in files if not path.is_file()]:
        message = f"there is no file {missing[0]}"
        raise SetupProblem(message)
    declared = instrument.stages[stage]
    label = label or _LABELS[declared.scope]
    parameters = _parameters(instrument, stage, given, interval)
    with TemporaryDirectory(prefix="odamesh-try-") as work, _runner(instrument, Path(work), local=local) as runner:
        unit = _prepare(runner, instrument, stage, label=label, files=files, parameters=parameters)
        try:
            ended = runner.run(unit, lambda step: None)
            verify_files(unit.directory.out, ended.product)
        except UnitFailure as failure:
            return Trial(runner.name, unit.directory.read_log().decode(errors="replace"), failure=failure)
        into.mkdir(parents=True, exist_ok=True)
        for file in ended.product.files:
            shutil.copyfile(unit.directory.out / file.name, into / file.name)
        undeclared = dict.fromkeys(one.step for one in ended.product.steps if one.step not in declared.steps)
        log = unit.directory.read_log().decode(errors="replace")
        return Trial(runner.name, log, product=ended.product, undeclared=tuple(undeclared))


def _parameters(
    instrument: Instrument, stage: str, given: Mapping[str, Any], interval: tuple[str, str] | None
) -> dict[str, Any]:
    product = next((name for name, one in instrument.products.items() if stage in one.stages), None)
    if product is None:
        message = f"no product of {instrument.name} has the stage {stage}"
        raise SetupProblem(message)
    return instrument.stage_parameters(stage, instrument.canonical_parameters(product, given), interval)


def _prepare(
    runner: Runner, instrument: Instrument, stage: str, *, label: str, files: Sequence[Path], parameters: dict[str, Any]
) -> Work:
    declared, key = instrument.stages[stage], uuid4().hex * 2
    directory = runner.directory(key)
    directory.create()
    inputs: list[InputFiles] = []
    if declared.archive and instrument.archive is not None:
        inputs = [_input(directory.input_folder(instrument.archive.role, label), instrument.archive.role, label, files)]
    elif declared.needs:
        role = declared.needs[0]
        of = [f"{number:04d}00000010.001" for number in range(1, len(files) + 1)]
        inputs = [
            _input(directory.input_folder(role, one), role, one, [path]) for one, path in zip(of, files, strict=True)
        ]
    directory.write_unit(
        key=key, stage=stage, label=label, parameters=parameters, inputs=inputs, provenance={"trial": instrument.name}
    )
    return Work(key=key, directory=directory, limits=instrument.limits)


def _input(folder: Path, role: str, label: str, files: Sequence[Path]) -> InputFiles:
    for path in files:
        shutil.copyfile(path, folder / path.name)
    return InputFiles(role, label, tuple(path.name for path in files))


@contextmanager
def _runner(instrument: Instrument, work: Path, *, local: bool) -> Iterator[Runner]:
    layout = Layout.from_environment()
    server = Stack.of(layout).engine
    workspace = Workspace(work)
    if local or server.version() is None:
        yield LocalRunner(instrument, workspace)
        return
    layout.make()
    with engine.client(server.address) as client:
        digest = images.ensure_one(client, layout, instrument)
        pinned = instrument.model_copy(update={"image": instrument.image.model_copy(update={"tag": digest})})
        runner = DockerRunner(client, pinned, f"try-{uuid4().hex[:12]}", workspace)
        yield runner
        # Whatever was started has ended; a container that was left is of nobody.
        runner.reap(lambda owner: False, lambda key: False)
