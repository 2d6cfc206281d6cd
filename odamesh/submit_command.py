"""`odamesh submit`: from options to a job that is followed to its end."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from odamesh import completion
from odamesh.catalogues import read_catalogue
from odamesh.client import connect
from odamesh.command_line import AsJson, Url, User, console, errors, print_json, say
from odamesh.configuration import configured
from odamesh.errors import WrongValue
from odamesh.follow_job import follow_job, follow_json
from odamesh.instrument_client import ProductClient
from odamesh.job import Job
from odamesh.request_options import read_bands, read_scws, read_settings
from odamesh.wishes import selection


def submit(
    *,
    instrument: Annotated[
        str | None,
        typer.Argument(help="Instrument, e.g. isgri.", autocompletion=completion.instruments, show_default=False),
    ] = None,
    product: Annotated[
        str | None,
        typer.Argument(help="Product, e.g. image.", autocompletion=completion.products, show_default=False),
    ] = None,
    again: Annotated[
        str | None,
        typer.Option(
            metavar="JOB|KEY",
            help="An earlier job, or a request, instead of all the rest.",
            autocompletion=completion.jobs,
        ),
    ] = None,
    scw: Annotated[list[str] | None, typer.Option(help="Science window; repeatable.")] = None,
    scw_file: Annotated[Path | None, typer.Option(help="File with science windows; - reads stdin.")] = None,
    t1: Annotated[str | None, typer.Option(help="Start: 2018-10-29T00:00:00 (UTC), MJD 58420, IJD 6876.")] = None,
    t2: Annotated[str | None, typer.Option(help="End, in the same forms.")] = None,
    ra: Annotated[str | None, typer.Option(help="Centre of a cone: degrees, or 17:45:40.")] = None,
    dec: Annotated[str | None, typer.Option(help="Centre of a cone: degrees, or -29:00:28.")] = None,
    radius: Annotated[str | None, typer.Option(help="Radius of the cone: degrees, or 30arcmin.")] = None,
    max_pointings: Annotated[int | None, typer.Option(help="At most so many windows of a selection by time.")] = None,
    band: Annotated[list[str] | None, typer.Option(help="Energy band LOW-HIGH [keV]; repeatable.")] = None,
    catalogue: Annotated[
        Path | None, typer.Option(help="File of sources: FITS, VOTable, ECSV, CSV, JSON or DS9 regions.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Parameter as name=value; repeatable.", autocompletion=completion.parameters),
    ] = None,
    lane: Annotated[str, typer.Option(help="Priority: alert, user or batch.")] = "user",
    user: User = None,
    watch: Annotated[bool, typer.Option(help="Follow the job up to its end.")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check the request; submit nothing.")] = False,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Submit an analysis, and follow it."""
    with errors(), connect(url) as mesh:
        user = user or configured("user")
        if again is not None:
            others = (instrument, scw, scw_file, t1, t2, ra, dec, radius, max_pointings, band, catalogue, settings)
            if any(other is not None for other in others) or dry_run:
                raise WrongValue("--again repeats the whole request: leave instrument, windows and parameters out")
            _follow(mesh.again(again, lane=lane, user=user), watch=watch, as_json=as_json)
            return
        if instrument is None or product is None:
            raise WrongValue("name an instrument and a product, e.g. isgri image, or an earlier job with --again")
        region = selection(
            scws=read_scws(scw or (), scw_file),
            t1=t1,
            t2=t2,
            ra=ra,
            dec=dec,
            radius=radius,
            max_pointings=max_pointings,
        )
        wishes = _parameters(mesh.product(instrument, product), settings, band, catalogue)
        if dry_run:
            _tell_check(mesh.check(instrument, product, region, wishes), as_json=as_json)
            return
        _follow(mesh.submit(instrument, product, region, wishes, lane=lane, user=user), watch=watch, as_json=as_json)


def _parameters(
    chosen: ProductClient | None, settings: list[str] | None, band: list[str] | None, sources: Path | None
) -> dict[str, Any]:
    parameters = read_settings(settings or (), chosen.types if chosen else {})
    for name, option, given in (("bands", "--band", band), ("catalogue", "--catalogue", sources)):
        if given and name in parameters:
            raise WrongValue(f"give the {name} either with {option} or with --set {name}=..., not with both")
    if band:
        parameters["bands"] = read_bands(band)
    if sources:
        parameters["catalogue"] = read_catalogue(f"--catalogue {sources}", sources)
    return parameters


def _follow(job: Job, *, watch: bool, as_json: bool) -> None:
    if watch:
        raise typer.Exit(follow_json(job) if as_json else follow_job(job, console()))
    if as_json:
        print_json(job.to_dict())
        return
    # The id alone on standard output, where a script reads it.
    print(job.id) if not sys.stdout.isatty() else say(console(), f"Job {job.id}")
    print(f"Follow it with: odamesh watch {job.id}", file=sys.stderr)


def _tell_check(request: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(request)
        return
    out = console()
    say(out, f"{request['product']} of {request['instrument']} would be submitted:")
    for group in ("selection", "parameters"):
        for name, value in request[group].items():
            if value is not None:
                say(out, f"  {group}.{name} = {value}")
