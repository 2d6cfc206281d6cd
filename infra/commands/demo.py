"""`odamesh demo`: the whole mesh on this machine, from nothing to a mosaic and its catalogue.

Simulated windows of the Galactic Centre go through the real broker, store, engine and containers; the request is
then sent again to show the cache. One source is then seen by JEM-X too, and a burst by SPI-ACS and POLAR each. In the
end GW170817 is posted as an alert, and its record says in one line what was seen of it.
"""

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from infra.commands.demo_bursts import show_bursts
from infra.commands.demo_fit import show_fit
from infra.commands.demo_transient import show_transient, simulate_merger
from infra.stack.problem import SetupProblem
from odamesh.client import Mesh, connect
from odamesh.command_line import operators_part
from odamesh.follow_job import follow_job
from odamesh.job import Job

_WINDOWS = 6
_BANDS = [(20, 40), (40, 80)]
_MATCH_ARCMIN = 12.0  # the angular resolution: nearer is the same source
app = operators_part("Set up this machine and analyse simulated data of every instrument.")
_console = Console(width=None if sys.stdout.isatty() else 140)  # a log is not cut at 80 columns


@app.command()
def demo(
    output: Annotated[Path, typer.Option(help="Where mosaic, catalogue and previews go.")] = Path("demo-output"),
) -> None:
    """Set up this machine, analyse simulated data of every instrument, show the result."""
    try:
        archive = _set_up()
    except SetupProblem as problem:
        print(f"odamesh: {problem}", file=sys.stderr)
        raise typer.Exit(1) from problem
    with connect(_gateway()) as mesh:
        job, seconds = _ask(mesh, _windows(archive))
        if follow_job(job, _console) != 0:
            raise typer.Exit(1)
        _console.print(f"finished in {time.monotonic() - seconds:.1f} s")
        for path in job.download(output / "isgri-image", overwrite=True):
            _console.print(f"  {path}")
        complete = _show_catalogue(output / "isgri-image")
        again, begin = _ask(mesh, _windows(archive))
        again.wait()
        _console.print(
            f"the same request again: {time.monotonic() - begin:.2f} s, "
            + ", ".join(f"{count} {state.value}" for state, count in again.counts.items() if count)
        )
        complete = show_fit(mesh, archive, _windows(archive), output, _console) and complete
        complete = show_bursts(mesh, archive, output, _console) and complete
    _console.print(f"this image on the web page: {_gateway()}/jobs/{job.id}/sky")
    simulate_merger(archive)
    complete = show_transient(_gateway(), _console) and complete
    _console.print(f"the mesh is at {_gateway()} (its interface: {_gateway()}/docs); `make down` stops it")
    raise typer.Exit(0 if complete else 1)


def _set_up() -> Path:
    """Bring servers, archive and services up; return the archive."""
    from infra.stack import mesh_processes, stack  # noqa: PLC0415  # a client alone has no server libraries
    from infra.stack.layout import Layout  # noqa: PLC0415
    from services.isgri.simulator.scenarios import write_archive  # noqa: PLC0415  # numpy only where it is needed

    # To see what the mesh does, a machine that cannot run containers will do.
    os.environ.setdefault("ODAMESH_RUNNER", "auto")
    stack.up(_console)
    archive = Layout.from_environment().home / "archive"
    if not (archive / "idx").is_dir():
        _console.print(f"simulating {_WINDOWS} science windows in {archive}")
        write_archive(archive, "galactic-centre", scws=_WINDOWS, processes=os.cpu_count() or 1, done=_console.print)
    os.environ["ODAMESH_ARCHIVE"] = str(archive)
    names = mesh_processes.up(stack.runner_in_use())
    _console.print(f"mesh up ({stack.runner_in_use()} runner): {', '.join(names)}")
    return archive


def _gateway() -> str:
    from infra.stack import mesh_processes  # noqa: PLC0415

    return f"http://127.0.0.1:{mesh_processes.ports()['gateway']}"


def _windows(archive: Path) -> list[str]:
    return sorted(path.name.split(".")[0] for path in archive.glob("scw/2016/*"))[:_WINDOWS]


def _ask(mesh: Mesh, scws: Sequence[str]) -> tuple[Job, float]:
    begin = time.monotonic()
    return mesh.isgri.image(scws=scws, bands=_BANDS, wait=False), begin


def _show_catalogue(output: Path) -> bool:
    """Print the catalogue of the mosaic; say whether it holds the simulated sources and nothing else."""
    from astropy.coordinates import SkyCoord  # noqa: PLC0415
    from astropy.io import fits  # noqa: PLC0415

    from services.isgri.simulator.scenarios import GALACTIC_CENTRE_SKY  # noqa: PLC0415

    rows = fits.getdata(next(output.rglob("isgri_catalogue.fits")), 1)
    found = SkyCoord(rows["ra"], rows["dec"], unit="deg")
    truth = SkyCoord([one.ra for one in GALACTIC_CENTRE_SKY], [one.dec for one in GALACTIC_CENTRE_SKY], unit="deg")
    table = Table(
        "source", "significance", "ra", "dec", "offset", title="catalogue of the mosaic", title_justify="left"
    )
    spurious = 0
    for row, position in zip(rows, found, strict=True):
        offset = position.separation(truth).arcmin.min()
        spurious += offset > _MATCH_ARCMIN
        table.add_row(
            str(row["src_names"]),
            f"{row['significance']:.1f}",
            f"{row['ra']:.4f}",
            f"{row['dec']:.4f}",
            f"{offset:.2f}'",
        )
    _console.print(table)
    recovered = sum(bool((position.separation(found).arcmin < _MATCH_ARCMIN).any()) for position in truth)
    _console.print(f"{recovered} of {len(truth)} simulated sources found, {spurious} spurious")
    return recovered == len(truth) and not spurious
