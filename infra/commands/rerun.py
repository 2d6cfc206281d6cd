"""`odamesh cache rerun`: make a sample of the stored products again and compare them byte for byte."""

import fcntl
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer

from infra.commands.servers import Servers, servers
from mesh.archive.access import Archive
from mesh.archive.locate import open_archive
from mesh.contracts import Manifest
from mesh.errors import ArchiveUnavailable
from mesh.instrument import Instrument
from mesh.instruments import instruments
from mesh.runner.docker import DockerRunner
from mesh.runner.engine import connect
from mesh.runner.local import LocalRunner
from mesh.runner.protocol import Runner
from mesh.runner.warm import WarmRunner
from mesh.runner.workspace import Workspace
from mesh.service.rerun import Rerun, Rerunner, Verdict
from mesh.settings import Settings
from mesh.store.products import Products
from mesh.store.verification import Verification
from odamesh.command_line import AsJson

_WRONG = frozenset({Verdict.DIFFERENT, Verdict.FAILED})


def rerun(
    keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY]...", help="Products; default: a sample.")] = None,
    *,
    sample: Annotated[int, typer.Option(min=1, help="So many products, chosen anew each time.")] = 10,
    warm: Annotated[bool, typer.Option("--warm", help="In a warm container, not a fresh one for each.")] = False,
    keep: Annotated[Path | None, typer.Option(help="Directory for the files that differ.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make stored products again, from the same inputs with the same image, and compare every file.

    Exit status: 0 all that ran are identical, 1 one differs, fails or none could be run, 2 a server is out of reach.
    """
    settings = Settings()
    done: list[Rerun] = []
    with servers("cache rerun") as given, _alone(settings.work / "rerun") as work:
        products = Products(given.objects, given.index)
        rerunner = Rerunner(
            instruments=instruments(),
            open_runner=_Runners(settings, work, warm=warm),
            products=products,
            archive=_Archive(settings.archive_location),
            keep=keep,
        )
        try:
            for manifest in _chosen(given, products, keys, sample):
                done.append(rerunner.again(manifest))
                if not as_json:
                    _tell(done[-1])
        finally:
            rerunner.close()
    counts = Counter(one.verdict for one in done)
    if as_json:
        print(
            json.dumps({**{verdict.value: counts[verdict] for verdict in Verdict}, "products": _rows(done)}, indent=1)
        )
    else:
        numbers = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict])
        print(f"{len(done)} products: {numbers or 'the store has none'}")
    none_ran = bool(done) and counts[Verdict.NOT_RUN] == len(done)
    raise typer.Exit(1 if none_ran or any(counts[verdict] for verdict in _WRONG) else 0)


class _Runners:
    """Makes the runner for the image that made a product."""

    def __init__(self, settings: Settings, work: Path, *, warm: bool) -> None:
        self._settings = settings
        self._work = work
        self._warm = warm

    def __call__(self, instrument: Instrument) -> Runner:
        workspace = Workspace(self._work / instrument.name)
        if instrument.image.tag.startswith("local:"):
            return LocalRunner(instrument, workspace)
        client = connect(self._settings.engine_address())
        owner = f"rerun-{uuid4().hex[:12]}"
        cold = DockerRunner(client, instrument, owner, workspace)
        # Nobody else works here: what is there was left by a command that was killed.
        cold.reap(lambda _: False, lambda _: False)
        return WarmRunner(client, instrument, owner, workspace, cold) if self._warm else cold


class _Archive:
    """Opens the archive when the first product needs it."""

    def __init__(self, address: str) -> None:
        self._address = address

    def __call__(self) -> Archive:
        try:
            return open_archive(self._address)
        except ValueError as error:
            raise ArchiveUnavailable("ArchiveUnavailable", f"{error}; set ODAMESH_ARCHIVE") from error


@contextmanager
def _alone(work: Path) -> Iterator[Path]:
    """Hold the working directory, which only one command uses at a time."""
    work.mkdir(parents=True, exist_ok=True)
    with (work / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("odamesh cache rerun: it runs already on this machine; try again when it has ended", file=sys.stderr)
            raise typer.Exit(1) from None
        yield work


def _chosen(given: Servers, products: Products, keys: list[str] | None, sample: int) -> Iterator[Manifest]:
    verification = Verification(given.objects)
    for key in keys or verification.sample(verification.committed(), sample):
        manifest = products.read(key)
        if manifest is not None:
            yield manifest
        elif keys:
            print(f"odamesh cache rerun: there is no product {key}", file=sys.stderr)
            raise typer.Exit(1)


def _tell(one: Rerun) -> None:
    about = f"{one.manifest.instrument}/{one.manifest.stage} {one.manifest.label} {one.manifest.key[:16]}"
    print(f"{one.verdict.value}: {about}" + (f": {one.text}" if one.text else f", {one.seconds:.1f} s"), flush=True)


def _rows(done: list[Rerun]) -> list[dict[str, Any]]:
    return [
        {
            "key": one.manifest.key,
            "instrument": one.manifest.instrument,
            "stage": one.manifest.stage,
            "label": one.manifest.label,
            "verdict": one.verdict.value,
            "seconds": one.seconds,
            "text": one.text,
        }
        for one in done
    ]
