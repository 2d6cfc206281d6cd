"""`odamesh archive`: index an archive, list its science windows, simulate one."""

import importlib
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from mesh.archive.build import build_index
from mesh.archive.bursts import read_bursts
from mesh.archive.index import COMPACT_PATH, Entry, Index, read_index
from mesh.archive.locate import open_archive
from mesh.archive.slices import build_slice_indices, index_path
from mesh.archive.times import utc_from_ijd
from mesh.errors import MeshError
from mesh.instrument import package_folder
from mesh.instruments import instruments
from odamesh.command_line import AsJson, operators_part, print_json

app = operators_part("Archives of science windows: index, list, simulate.")

_STANDARD = {"scws": 6, "exposure_s": 2000.0, "processes": 1}
Address = Annotated[
    str,
    typer.Argument(
        envvar="ODAMESH_ARCHIVE", help="Directory, or http://, https:// or s3:// address.", show_default=False
    ),
]
Directory = Annotated[Path, typer.Argument(help="Directory with scw/ and idx/.", show_default=False)]


@app.command()
def index(directory: Directory) -> None:
    """Write the lists that the services read: of science windows, and of slices of time (idx/slices)."""
    try:
        slices = build_slice_indices(directory)
        for instrument, count in slices.items():
            typer.echo(f"{count} slices of {instrument} in {directory / index_path(instrument)}")
        if slices and not (directory / "scw").is_dir():
            return
        entries, problems = build_index(directory)
    except (ValueError, OSError) as error:
        raise _end(str(error)) from error
    for problem in problems:
        typer.echo(f"left out {problem}", err=True)
    empty = sum(not entry.files for entry in entries)
    typer.echo(f"{len(entries)} science windows ({empty} without files) in {directory / COMPACT_PATH}")


@app.command("list")
def list_windows(address: Address, as_json: AsJson = False) -> None:
    """List the science windows of an archive in time order; files: how many, ? where the index does not tell."""
    try:
        windows = read_index(open_archive(address))
    except (ValueError, OSError, MeshError) as error:
        raise _end(str(error)) from error
    if as_json:
        print_json([_record(entry) for entry in windows])
    else:
        Console().print(_table(windows))


@app.command()
def bursts(
    address: Address,
    instrument: Annotated[str, typer.Argument(help="Instrument whose bursts are listed.")] = "polar",
    *,
    as_json: AsJson = False,
    name: Annotated[str, typer.Option(help="Only bursts with this in their name.")] = "",
    shortest: Annotated[float, typer.Option(help="Only bursts of at least this duration in seconds.")] = 0.0,
) -> None:
    """List the bursts that the archive comes with, each with the interval to ask for (aux/<instrument>/bursts.csv)."""
    try:
        found = read_bursts(open_archive(address), instrument)
    except (ValueError, OSError, MeshError) as error:
        raise _end(str(error)) from error
    chosen = [one for one in found if name.lower() in one.name.lower() and one.duration_s >= shortest]
    if as_json:
        rows = [
            {"burst": one.name, "utc": one.utc, "t90_s": one.duration_s, "interval": one.interval} for one in chosen
        ]
        print_json(rows)
        return
    table = Table(title=f"{len(chosen)} of {len(found)} bursts of {instrument}", box=None)
    for title in ("burst", "start (UTC)", "T90 (s)", "--t1", "--t2"):
        table.add_column(title, justify="right" if title.startswith("T90") else "left", no_wrap=True)
    for one in chosen:
        table.add_row(one.name, one.utc, f"{one.duration_s:g}", *one.interval)
    Console().print(table)


@app.command()
def scenarios() -> None:
    """List what can be simulated."""
    table = Table(box=None)
    for title in ("instrument", "scenario", "what"):
        table.add_column(title)
    for instrument, simulator in simulators().items():
        for name, scenario in simulator.SCENARIOS.items():
            table.add_row(instrument, name, scenario.help)
    Console().print(table)


@app.command()
def simulate(
    scenario: Annotated[
        str, typer.Argument(help="A name of `odamesh archive scenarios`, e.g. galactic-centre.", show_default=False)
    ],
    directory: Annotated[Path, typer.Argument(help="Directory to write the archive to.", show_default=False)],
    *,
    seed: Annotated[int, typer.Option(help="Of all random draws; the same seed gives the same files.")] = 1,
    scws: Annotated[
        int | None, typer.Option(help="Number of science windows, from 201600270010 on; 6 if not said.")
    ] = None,
    exposure: Annotated[
        float | None, typer.Option(help="Good time of each science window in seconds; 2000 if not said.")
    ] = None,
    processes: Annotated[int | None, typer.Option(help="Science windows simulated at the same time.")] = None,
) -> None:
    """Simulate an archive with known sources or bursts, and index it."""

    def done(label: str) -> None:
        typer.echo(f"simulated {label}")

    try:
        known = {name: simulator for simulator in simulators().values() for name in simulator.SCENARIOS}
        if scenario not in known:
            raise ValueError(f"no scenario '{scenario}'; there are {', '.join(known)}")
        write = known[scenario].write_archive
        options = {"scws": scws, "exposure_s": exposure, "processes": processes}
        write(directory, scenario, seed=seed, done=done, **_taken(write, scenario, options))
    except (ValueError, OSError) as error:
        raise _end(str(error)) from error
    index(directory)


def simulators() -> dict[str, Any]:
    """Return the module of scenarios of every instrument whose folder has a simulator; loads the science stack."""
    modules = {name: f"{instrument.package}.simulator.scenarios" for name, instrument in instruments().items()}
    return {
        name: importlib.import_module(module)
        for name, module in modules.items()
        if (package_folder(module).with_suffix(".py")).is_file()
    }


def _taken(write: Callable[..., Any], scenario: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that were given and those that the simulator must be told.

    Raises:
        ValueError: one was given that this simulator does not take.
    """
    takes = inspect.signature(write).parameters
    given = {name: value for name, value in options.items() if value is not None}
    if strange := given.keys() - takes.keys():
        raise ValueError(f"{scenario} is not made of science windows: leave out {', '.join(sorted(strange))}")
    return {name: value for name, value in {**_STANDARD, **given}.items() if name in takes}


def _record(entry: Entry) -> dict[str, Any]:
    return {
        "scw": str(entry.scw),
        "start": utc_from_ijd(entry.t_start),
        "length_s": entry.telapse,
        "ra_deg": entry.ra_x,
        "dec_deg": entry.dec_x,
        "type": entry.sw_type,
        "files": entry.files,
    }


def _table(windows: Index) -> Table:
    """Lay out an index as a table."""
    table = Table(title=f"{len(windows)} science windows of {windows.source}", box=None)
    for name in ("ScW", "start (UTC)", "length", "RA X", "Dec X", "type", "files"):
        table.add_column(
            name, justify="right" if name in ("length", "RA X", "Dec X", "files") else "left", no_wrap=True
        )
    for entry in windows:
        files = "?" if entry.files is None else str(len(entry.files))
        pointing = (f"{entry.telapse:.0f} s", f"{entry.ra_x:.2f}", f"{entry.dec_x:+.2f}")
        table.add_row(str(entry.scw), utc_from_ijd(entry.t_start, 0), *pointing, entry.sw_type, files)
    return table


def _end(text: str) -> typer.Exit:
    """Print an error and build the exit that follows."""
    typer.echo(f"error: {text}", err=True)
    return typer.Exit(1)
