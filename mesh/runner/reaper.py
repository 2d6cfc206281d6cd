"""Removes containers whose owner died, except those that may still be taken over."""

import time
from collections.abc import Callable
from typing import Any

import docker

from mesh.runner.engine import INSTRUMENT, WORKSPACE, Labels


def reap_containers(
    client: Any,
    *,
    instrument: str,
    workspace: str,
    owner: str,
    alive: Callable[[str], bool],
    wanted: Callable[[str], bool],
) -> None:
    """Go through the containers of *instrument* that this engine runs for one workspace.

    Args:
        client: of the engine.
        instrument: name.
        workspace: its mark; containers of another mesh on the same engine stay.
        owner: the asking service process; its own containers stay.
        alive: says whether an owner lives.
        wanted: says whether a unit is still waited for.
    """
    labels = [f"{INSTRUMENT}={instrument}", f"{WORKSPACE}={workspace}"]
    found = client.containers.list(all=True, filters={"label": labels}, ignore_removed=True)
    for container in found:
        told = Labels.read(container.labels)
        if told.owner == owner or alive(told.owner) or may_be_adopted(told, wanted):
            continue
        try:
            container.remove(force=True)
        except docker.errors.APIError:
            # Somebody else was quicker, or it is being removed: the next round looks again.
            continue


def may_be_adopted(labels: Labels, wanted: Callable[[str], bool]) -> bool:
    """Say whether the container of a dead owner is worth keeping: one unit, within its time, still wanted."""
    return bool(labels.unit) and time.time() < labels.deadline and wanted(labels.unit)
