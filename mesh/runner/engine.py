"""The container engine: finding it, its errors in our words, and the labels that say whose a container is."""

import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import docker
import requests

from mesh.errors import EngineUnavailable
from mesh.instrument import Image, Limits

UNIT = "mesh.unit"
OWNER = "mesh.owner"
DEADLINE = "mesh.deadline"
INSTRUMENT = "mesh.instrument"
WORKSPACE = "mesh.workspace"

_DEFAULT_SOCKET = "unix:///var/run/docker.sock"


@contextmanager
def engine_answers() -> Iterator[None]:
    """Turn errors of the engine and of the way to it into EngineUnavailable."""
    try:
        yield
    except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
        raise EngineUnavailable("EngineUnavailable", f"the container engine: {error}; it is tried again") from error


def connect(address: str) -> Any:
    """Return a client of the engine at *address* (empty: ``DOCKER_HOST`` or the default socket).

    Raises:
        EngineUnavailable: nothing answers there.
    """
    _look_for_listener(address or os.environ.get("DOCKER_HOST", "") or _DEFAULT_SOCKET)
    with engine_answers():
        client = docker.DockerClient(base_url=address) if address else docker.from_env()
        client.ping()
    return client


def _look_for_listener(address: str) -> None:
    """Say what is wrong with a socket before the client's own, longer words do."""
    kind, _, path = address.partition("://")
    if kind != "unix":
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(path)
        except OSError as error:
            text = f"no container engine listens at {path} ({error.strerror})"
            raise EngineUnavailable("EngineUnavailable", text) from error


def image_id(client: Any, image: Image) -> str:
    """Return the digest (``sha256:...``) of the image that the tag names now.

    Local builds have no repository digest; the id covers the same content.

    Raises:
        EngineUnavailable: the engine does not answer, or the image is not built.
    """
    try:
        with engine_answers():
            return str(client.images.get(image.tag).id)
    except EngineUnavailable as error:
        if isinstance(error.__cause__, docker.errors.ImageNotFound):
            text = f"there is no image {image.tag}: run `odamesh stack up`, which builds it"
            raise EngineUnavailable("NoImage", text) from error
        raise


@dataclass(frozen=True)
class Labels:
    """What a container says of itself.

    Args:
        instrument: name.
        owner: the service process that started it.
        workspace: mark of its workspace: engines are shared, meshes are not.
        unit: key of its unit; empty for one that serves many.
        deadline: end of its time, seconds since 1970; 0 for one without.
    """

    instrument: str
    owner: str
    workspace: str
    unit: str = ""
    deadline: float = 0.0

    @classmethod
    def of_unit(cls, instrument: str, owner: str, workspace: str, unit: str, limits: Limits) -> "Labels":
        """Labels of a container for one unit that starts now."""
        return cls(instrument, owner, workspace, unit, time.time() + limits.seconds)

    @classmethod
    def read(cls, labels: Mapping[str, str]) -> "Labels":
        """Read them back from a container."""
        try:
            deadline = float(labels.get(DEADLINE, "0"))
        except ValueError:
            deadline = 0.0
        return cls(
            instrument=labels.get(INSTRUMENT, ""),
            owner=labels.get(OWNER, ""),
            workspace=labels.get(WORKSPACE, ""),
            unit=labels.get(UNIT, ""),
            deadline=deadline,
        )

    def write(self) -> dict[str, str]:
        """Return them as the engine wants them."""
        return {
            INSTRUMENT: self.instrument,
            OWNER: self.owner,
            WORKSPACE: self.workspace,
            UNIT: self.unit,
            DEADLINE: f"{self.deadline:.3f}",
        }
