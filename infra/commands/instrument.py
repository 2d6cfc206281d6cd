"""`odamesh instrument`: write the folder of a new instrument, check one, run one of its stages on a file."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from infra.commands.stack import fail
from infra.instrument.check import check as look_at
from infra.instrument.new import write_folder
from infra.instrument.trial import run_stage
from infra.stack.layout import CHECKOUT
from infra.stack.problem import SetupProblem
from mesh.errors import ContractViolation, InvalidRequest, MeshError
from mesh.instruments import instrument_folders, read_folder
from odamesh.command_line import operators_part

app = operators_part("Make, check and try the folder of an instrument.")

Name = Annotated[str, typer.Argument(help="Of the instrument and of its folder in services/.", show_default=False)]


@app.command()
def new(name: Name, title: Annotated[str, typer.Option(help="For people; the name if not said.")] = "") -> None:
    """Write services/NAME: an instrument that runs as it is, with an analysis of two stages and a simulator."""
    try:
        written = write_folder(name, title or name)
    except SetupProblem as problem:
        fail(problem)
    for path in written:
        print(path.relative_to(CHECKOUT))
    print(f"next: odamesh instrument check {name}; then docs/add-an-instrument.md")


@app.command()
def check(name: Name) -> None:
    """Say everything that is wrong with services/NAME; exit status 1 if anything is."""
    found = look_at(name)
    for text in found.doubtful:
        print(f"doubtful: {text}")
    for text in found.wrong:
        print(f"wrong: {text}")
    if found.wrong:
        raise typer.Exit(1)
    print(f"{name} can run")


@app.command("try")
def try_stage(
    name: Name,
    files: Annotated[list[Path], typer.Argument(help="Of the archive, or products of the stage before.")],
    *,
    stage: Annotated[str, typer.Option(help="Which to run; the first that is declared if not said.")] = "",
    into: Annotated[Path, typer.Option(help="Directory for what it writes.")] = Path("try-output"),
    label: Annotated[str, typer.Option(help="Science window or slice that it is told; made up if not said.")] = "",
    values: Annotated[list[str] | None, typer.Option("--set", help="A parameter: NAME=VALUE, VALUE as JSON.")] = None,
    t1: Annotated[str, typer.Option(help="Start of the interval (UTC), for stages that are told it.")] = "",
    t2: Annotated[str, typer.Option(help="Its end.")] = "",
    local: Annotated[bool, typer.Option("--local", help="As a process, even if an engine answers.")] = False,
) -> None:
    """Build the image and run one stage on files, without broker, stores and services; shows log and products."""
    try:
        instrument = read_folder(instrument_folders().get(name, CHECKOUT / "services" / name))
        trial = run_stage(
            instrument,
            stage or next(iter(instrument.stages)),
            files,
            into,
            given=_given(values or []),
            label=label or None,
            interval=(t1, t2) if t1 and t2 else None,
            local=local,
        )
    except (SetupProblem, ContractViolation, InvalidRequest, MeshError) as problem:
        fail(problem)
    print(trial.log, end="", file=sys.stderr)
    if trial.failure is not None:
        fail(trial.failure)
    assert trial.product is not None  # noqa: S101  # it ended in one of two ways
    for warning in trial.product.warnings:
        print(f"warning: {warning}")
    if trial.undeclared:
        print(f"warning: steps that instrument.toml does not declare: {', '.join(trial.undeclared)}")
    print(json.dumps(trial.product.summary, indent=1))
    for file in trial.product.files:
        print(f"{into / file.name}  {file.size} bytes  {file.media_type}")
    print("ran in a container" if trial.runner == "docker" else "ran as a process: no container engine, no sandbox")


def _given(values: list[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for value in values:
        name, is_set, text = value.partition("=")
        if not is_set:
            raise SetupProblem(f"--set {value}: write NAME=VALUE")
        try:
            given[name] = json.loads(text)
        except ValueError:
            given[name] = text
    return given
