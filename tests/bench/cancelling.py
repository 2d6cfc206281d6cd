"""How long after a cancel the job is over and nothing of it runs in any container."""

import time
from collections.abc import Callable
from typing import Any

import docker
import httpx

from mesh.runner.engine import INSTRUMENT, WORKSPACE
from mesh.runner.workspace import Workspace
from mesh.settings import Settings
from tests.bench.drill import FINAL, cancel, drill_request, scw_ids, submit

_LIMIT_S = 60.0
_QUIET_S = 2.0
_WINDOWS = 200
_UNIT_SECONDS = 25.0
# The process that a warm container keeps between units.
_IDLE_PROCESSES = 1

_View = dict[str, Any]


def cancel_s_max(client: httpx.Client, engine: docker.DockerClient, settings: Settings) -> float:
    """Return the longest time from the cancel until the job is ABORTED and no unit of it runs, over all phases.

    No unit runs when none has been seen for two seconds; the time ends with the last one seen.
    """
    mark = Workspace(settings.work / "noop").mark
    return max(_cancel_s(client, engine, mark, reached) for reached in _PHASES)


def _submitted(_: _View) -> bool:
    return True


def _queued(view: _View) -> bool:
    return bool(view["counts"].get("queued", 0))


def _running(view: _View) -> bool:
    return bool(view["counts"].get("running", 0))


_PHASES: tuple[Callable[[_View], bool], ...] = (_submitted, _queued, _running)


def _cancel_s(client: httpx.Client, engine: docker.DockerClient, mark: str, reached: Callable[[_View], bool]) -> float:
    job = submit(client, drill_request(scw_ids(_WINDOWS), product="noop_windows", seconds=_UNIT_SECONDS))
    _until(lambda: reached(_view(client, job)))
    if reached is _running:
        # What is to be gone must have been seen.
        _until(lambda: _units_in_containers(engine, mark) > 0)
    begin = time.monotonic()
    cancel(client, job)
    _until(lambda: _view(client, job)["state"] in FINAL)
    ended = time.monotonic()
    # A unit on its way into a container must not get there later either.
    while time.monotonic() - ended < _QUIET_S:
        if _units_in_containers(engine, mark):
            ended = time.monotonic()
            if ended - begin > _LIMIT_S:
                break
    return ended - begin


def _view(client: httpx.Client, job: str) -> _View:
    view: _View = client.get(f"/api/v1/jobs/{job}").raise_for_status().json()
    return view


def _units_in_containers(engine: docker.DockerClient, mark: str) -> int:
    """Return how many units run in containers of this mesh's drill instrument."""
    units = 0
    for container in engine.containers.list(
        ignore_removed=True, filters={"label": [f"{INSTRUMENT}=noop", f"{WORKSPACE}={mark}"]}
    ):
        try:
            processes = container.top()["Processes"] or ()
        except docker.errors.APIError:
            continue  # It ended meanwhile.
        is_warm = "mesh.kit.warm" in " ".join(container.attrs["Config"]["Cmd"])
        units += len(processes) > _IDLE_PROCESSES if is_warm else 1
    return units


def _until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + _LIMIT_S
    while not reached():
        if time.monotonic() > end:
            msg = f"not reached in {_LIMIT_S:g} s"
            raise TimeoutError(msg)
        time.sleep(0.02)
