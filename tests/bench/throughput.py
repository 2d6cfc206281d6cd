"""How many no-op units a second go through the whole mesh, and how many bare containers the engine starts."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import docker
import httpx

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


def bare_docker_run_per_s(engine: docker.DockerClient, image: str) -> float:
    """Return `docker run` of the same image per second, two at a time: create, start, wait, remove."""

    def run(_: int) -> Any:
        return engine.containers.run(image, ["python3", "-c", "pass"], network_mode="none", remove=True)

    run(0)
    begin = time.monotonic()
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(run, range(_CONTAINERS)))
    return _CONTAINERS / (time.monotonic() - begin)
