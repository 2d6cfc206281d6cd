"""A gateway on doubles that listens: jobs that have ended, with an archive whose index tells of their windows."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from gateway.application import create_app
from gateway.archive import GatewayArchive
from gateway.parts import Parts
from mesh.archive.index import COMPACT_PATH, Entry
from mesh.archive.scw import ScwId
from mesh.contracts import Selection, TimeRange
from mesh.intake import Caller, Wish
from tests.unit.gateway.doubles import (
    MemoryProducts,
    MemoryQueries,
    MemoryQuota,
    MemoryRecords,
    RecordingPublisher,
    key_of,
    log_nothing,
    manifest,
    stage_product,
)

WINDOWS = ("201600270010.001", "201600280010.001")
FILE = b"SIMPLE  =                    T"
_START_IJD = 6876.1366
_WINDOW_D = 0.0235
_PATIENCE_S = 30.0


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, str]]:
    """Serve a gateway; gives its address and the id of a job with a mosaic of two windows of the Galactic centre.

    Args:
        folder: for the archive.
    """
    log_nothing()
    _write_index(folder)
    records, products = MemoryRecords(), MemoryProducts()
    parts = Parts(
        records=records,
        products=products,
        publisher=RecordingPublisher(records),
        quota=MemoryQuota().quota,
        query_records=MemoryQueries(),
        archive=GatewayArchive(str(folder)),
        files="stream",
    )
    image = Wish(
        instrument="isgri",
        product="isgri_image",
        selection=Selection(scws=WINDOWS),
        parameters={"bands": [[20, 40]]},
        labels=("GX 1+4",),
    )
    curve = Wish(
        instrument="spiacs",
        product="spi_acs_lc",
        selection=Selection(time=TimeRange(t1="2017-08-17T12:00:00", t2="2017-08-17T13:00:00")),
    )
    made = (
        (image, stage_product("mosaic", "job", {"mosaic.fits": "00", "mosaic.png": "01"})),
        (curve, stage_product("light_curve", "job", {"spiacs_lc.fits": "02"})),
    )
    ids = []
    for wish, product in made:
        job_id = parts.intake.submit(wish, Caller.anybody()).job_id
        records.finish(job_id, products=(product,), products_total=1, finished="2026-01-02T03:04:05.000Z")
        products.files |= {(product.key, file.name): FILE for file in product.files}
        products.manifests[key_of(product.stage, product.label)] = manifest(product.key, {})
        ids.append(job_id)
    with _listening(parts) as address:
        yield address, ids[0]


@contextmanager
def _listening(parts: Parts) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(parts), log_config=None, lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    end = time.monotonic() + _PATIENCE_S
    while not server.started and time.monotonic() < end:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def _write_index(folder: Path) -> None:
    lines = [
        Entry(
            scw=ScwId.parse(scw),
            t_start=_START_IJD + number * _WINDOW_D,
            t_stop=_START_IJD + (number + 1) * _WINDOW_D - 0.0005,
            ra_x=264.0 + 2.0 * number,
            dec_x=-30.0 + number,
            ra_z=30.0,
            dec_z=60.0,
            sw_type="POINTING",
            telapse=1980.0,
            files=("isgri_events.fits.gz",),
        ).to_json()
        for number, scw in enumerate(WINDOWS)
    ]
    path = folder / COMPACT_PATH
    path.parent.mkdir(parents=True)
    path.write_text("\n".join(lines) + "\n")
