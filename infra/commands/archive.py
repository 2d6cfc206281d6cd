"""`odamesh archive`: index an archive, list its science windows, simulate one."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from mesh.archive.build import build_index
from mesh.archive.bursts import read_bursts
from mesh.archive.index import COMPACT_PATH, Index, read_index
from mesh.archive.locate import open_archive
from mesh.archive.slices import build_slice_indices, index_path
from mesh.archive.times import utc_from_ijd
from mesh.errors import UnitFailure

app = typer.Typer(no_args_is_help=True, help="Archives of science windows: index, list, simulate.")

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
def list_windows(
    address: Annotated[
        str, typer.Argument(help="Directory, or http://, https:// or s3:// address.", show_default=False)
    ],
) -> None:
    """List the science windows of an archive in time order; files: how many, ? where the index does not tell."""
    try:
        windows = read_index(open_archive(address))
    except (ValueError, UnitFailure) as error:
        raise _end(error.text if isinstance(error, UnitFailure) else str(error)) from error
    Console().print(_table(windows))


@app.command()
def bursts(
    address: Annotated[
        str, typer.Argument(help="Directory, or http://, https:// or s3:// address.", show_default=False)
    ],
    instrument: Annotated[str, typer.Argument(help="Instrument whose bursts are listed.")] = "polar",
    *,
    name: Annotated[str, typer.Option(help="Only bursts with this in their name.")] = "",
    shortest: Annotated[float, typer.Option(help="Only bursts of at least this duration in seconds.")] = 0.0,
) -> None:
    """List the bursts that the archive comes with, each with the interval to ask for (aux/<instrument>/bursts.csv)."""
    try:
        found = read_bursts(open_archive(address), instrument)
    except (ValueError, UnitFailure) as error:
        raise _end(error.text if isinstance(error, UnitFailure) else str(error)) from error
    chosen = [one for one in found if name.lower() in one.name.lower() and one.duration_s >= shortest]
    table = Table(title=f"{len(chosen)} of {len(found)} bursts of {instrument}", box=None)
    for title in ("burst", "start (UTC)", "T90 (s)", "--t1", "--t2"):
        table.add_column(title, justify="right" if title.startswith("T90") else "left", no_wrap=True)
    for one in chosen:
        table.add_row(one.name, one.utc, f"{one.duration_s:g}", *one.interval)
    Console().print(table)


@app.command()
def simulate(
    scenario: Annotated[
        str,
        typer.Argument(
            help="ISGRI: galactic-centre, empty; JEM-X: jemx-crab, jemx-galactic-centre, jemx-empty; "
            "SPI-ACS: acs-burst, acs-grb170817a, acs-quiet, acs-belts; POLAR: polar-burst, polar-quiet",
            show_default=False,
        ),
    ],
    directory: Annotated[Path, typer.Argument(help="Directory to write the archive to.", show_default=False)],
    *,
    seed: Annotated[int, typer.Option(help="Of all random draws; the same seed gives the same files.")] = 1,
    scws: Annotated[int, typer.Option(help="ISGRI, JEM-X: number of windows, from 201600270010 on.")] = 6,
    exposure: Annotated[float, typer.Option(help="ISGRI, JEM-X: good time of each window in seconds.")] = 2000.0,
    processes: Annotated[int, typer.Option(help="ISGRI, JEM-X: windows simulated at the same time.")] = 1,
) -> None:
    """Simulate an archive with known sources or bursts, and index it."""
    # These load the science stack.
    from services.isgri.simulator import scenarios as isgri  # noqa: PLC0415
    from services.jemx.simulator import scenarios as jemx  # noqa: PLC0415
    from services.polar.simulator import scenarios as polar  # noqa: PLC0415
    from services.spiacs.simulator import scenarios as spiacs  # noqa: PLC0415

    of_windows = {**dict.fromkeys(isgri.SCENARIOS, isgri), **dict.fromkeys(jemx.SCENARIOS, jemx)}
    of_slices = {**dict.fromkeys(spiacs.SCENARIOS, spiacs), **dict.fromkeys(polar.SCENARIOS, polar)}

    def done(label: str) -> None:
        typer.echo(f"simulated {label}")

    try:
        if scenario in of_windows:
            write = of_windows[scenario].write_archive
            write(directory, scenario, scws=scws, seed=seed, exposure_s=exposure, processes=processes, done=done)
        elif scenario in of_slices:
            of_slices[scenario].write_archive(directory, scenario, seed=seed, done=done)
        else:
            raise ValueError(f"no scenario '{scenario}'; there are {', '.join((*of_windows, *of_slices))}")
    except (ValueError, OSError) as error:
        raise _end(str(error)) from error
    index(directory)


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
