"""How many no-op units a second go through the whole mesh, and how many bare containers the engine starts."""

import shutil
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker
import httpx

from mesh.runner.directory import UnitDirectory
from tests.bench.drill import drill_request, scw_ids, submit, wait

_UNITS = 400
_CONTAINERS = 12


def noop_units_per_s(client: httpx.Client) -> float:
    """Return units per second from submission to completion of a job of 400 new units, warm runner."""
    warm_up = submit(client, drill_request(scw_ids(8), product="noop_windows"))
    wait(client, warm_up, limit_s=60)
    begin = time.monotonic()
    job = submit(client, drill_request(scw_ids(_UNITS), product="noop_windows"))
    view = wait(client, job, limit_s=300, pause_s=0.1)
    elapsed = time.monotonic() - begin
    if view["counts"].get("done") != _UNITS:
        msg = f"the drill job ended as {view['counts']}"
        raise RuntimeError(msg)
    return _UNITS / elapsed


def bare_docker_run_per_s(engine: docker.DockerClient, image: str, work: Path) -> float:
    """Return `docker run --rm` of the same no-op unit per second, two at a time, without mesh and sandbox.

    Args:
        engine: client of the container engine.
        image: id of the drill image.
        work: directory that the engine can mount from.
    """
    root = Path(tempfile.mkdtemp(dir=work))

    def run(number: int) -> bytes:
        unit = UnitDirectory(root / str(number))
        unit.create()
        parameters = {"behaviour": "done", "seconds": 0, "fails": [], "salt": str(number)}
        unit.write_unit(
            key="0" * 64, stage="window", label="001600010010", parameters=parameters, inputs=(), provenance={}
        )
        volumes = {
            str(unit.path): {"bind": "/unit", "mode": "ro"},
            str(unit.out): {"bind": "/unit/out", "mode": "rw"},
        }
        command = ["python", "-m", "mesh.kit.run", "/unit"]
        output: bytes = engine.containers.run(image, command, network_mode="none", volumes=volumes, remove=True)
        if not (unit.out / "manifest.json").exists():
            msg = f"the bare container made no product: {output!r}"
            raise RuntimeError(msg)
        return output

    try:
        run(0)
        begin = time.monotonic()
        with ThreadPoolExecutor(max_workers=2) as pool:
            list(pool.map(run, range(1, _CONTAINERS + 1)))
        return _CONTAINERS / (time.monotonic() - begin)
    finally:
        shutil.rmtree(root, ignore_errors=True)
