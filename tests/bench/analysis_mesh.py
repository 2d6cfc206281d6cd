"""How well the mesh keeps the cores busy with a real analysis: fifty simulated science windows, images and mosaic."""

import os
import random
import time
from pathlib import Path
from threading import Event, Thread
from typing import Any

import docker
import httpx

from mesh.runner.engine import Labels
from services.isgri.simulator.scenarios import write_archive
from tests.bench.drill import submit, wait

_WINDOWS = 50
_LIMIT_S = 1800.0
_LOOK_S = 1.0


def simulated_windows(root: Path) -> list[str]:
    """Simulate the windows into an archive, unless they are there; returns their identifiers.

    Args:
        root: of the archive; not that of the tests, which holds spoilt windows of the same names.
    """
    found = sorted(path.name.split(".")[0] for path in root.glob("scw/2016/*"))
    if len(found) < _WINDOWS:
        write_archive(root, "galactic-centre", scws=_WINDOWS, processes=os.cpu_count() or 1)
        found = sorted(path.name.split(".")[0] for path in root.glob("scw/2016/*"))
    return found[:_WINDOWS]


def mesh_efficiency_50(client: httpx.Client, engine: docker.DockerClient, scws: list[str]) -> dict[str, float]:
    """Return CPU of the analysis over cores and wall time, and windows per second, from submission to the mosaic.

    Args:
        client: of the gateway.
        engine: client of the container engine, which accounts for the CPU of the containers.
        scws: the windows.
    """
    spent = _ContainerCpu(engine)
    # A threshold that nobody has asked for: every product is new.
    threshold = 6.0 + random.randrange(1, 10**6) * 1e-7  # noqa: S311 - any will do
    body = {
        "user": "bench",
        "lane": "user",
        "instrument": "isgri",
        "product": "isgri_image",
        "selection": {"scws": scws},
        "parameters": {"detection_threshold": threshold, "background": "none"},
    }
    with spent:
        begin = time.monotonic()
        view = wait(client, submit(client, body), limit_s=_LIMIT_S, pause_s=0.2)
        wall = time.monotonic() - begin
    if view["counts"]["done"] != len(scws) + 1:
        msg = f"of {len(scws)} images and their mosaic not all were made: {view['state']}, {view['counts']}"
        raise RuntimeError(msg)
    return {
        "mesh_efficiency_50": round(spent.seconds / ((os.cpu_count() or 1) * wall), 3),
        "isgri_scw_per_s": round(len(scws) / wall, 3),
    }


class _ContainerCpu:
    """CPU seconds that the containers of ISGRI take while it is entered; they may come and go."""

    def __init__(self, engine: docker.DockerClient) -> None:
        self._engine = engine
        self._first: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._stop = Event()
        self._thread = Thread(target=self._follow, daemon=True)

    @property
    def seconds(self) -> float:
        """CPU seconds since the entry; a container that ended counts up to the last look, a second before."""
        return sum(last - self._first.get(name, 0.0) for name, last in self._last.items())

    def __enter__(self) -> "_ContainerCpu":
        self._look()
        self._first = dict(self._last)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._look()

    def _follow(self) -> None:
        while not self._stop.wait(_LOOK_S):
            self._look()

    def _look(self) -> None:
        for container in self._engine.containers.list(ignore_removed=True):
            try:
                if Labels.read(container.labels).instrument != "isgri":
                    continue
                stats: Any = container.stats(stream=False, one_shot=True)
                self._last[str(container.id)] = stats["cpu_stats"]["cpu_usage"]["total_usage"] * 1e-9
            except (docker.errors.NotFound, KeyError):
                continue
