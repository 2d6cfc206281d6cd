"""What an operator asks the whole mesh: each question answered by who knows, and none of them changes anything.

A question may raise `MeshError`, `SetupProblem` or `OSError` where nobody answers; the others go on.
"""

import shutil
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import docker
import httpx
import redis
from cryptography import x509

from infra.alarms.receivers import Receivers, read_receivers
from infra.stack import credentials, engine, mesh_processes, stack
from infra.stack.endpoints import Endpoints
from infra.stack.layout import Layout
from infra.stack.mesh_processes import MeshState
from infra.stack.problem import SetupProblem
from infra.stack.server import State
from mesh.alarms import Alarm, alarms
from mesh.archive.index import read_index
from mesh.archive.locate import open_archive
from mesh.broker.queue_counts import QueueCount, count_queues
from mesh.contracts import Lane
from mesh.errors import WatcherUnavailable
from mesh.instruments import instrument_faults, instruments
from mesh.settings import Connections, Settings
from mesh.store.announcements import Announcements, Worker
from mesh.store.claims import Claims
from mesh.store.connect import redis_answers, redis_client
from mesh.store.jobs import Jobs
from mesh.store.lanes import LaneLoad, Lanes
from mesh.store.objects import Objects
from mesh.store.products import Products
from mesh.store.runs import Runs

_SECONDS = 10.0
_PLANNED_WITHIN_S = 120.0


class Disk(NamedTuple):
    """The file system of a directory."""

    path: Path
    free: int
    """Bytes."""
    total: int
    """Bytes."""


class Images(NamedTuple):
    """Images of the analyses."""

    wanted: Mapping[str, str]
    """Instrument -> id, as the set-up wrote it."""
    there: frozenset[str]
    """Ids that the engine has."""


@dataclass(frozen=True)
class Facts:
    """The questions; `real_facts` has those of this machine's stack."""

    servers: Callable[[], Sequence[State]]
    processes: Callable[[], Sequence[MeshState]]
    supervised: Callable[[], bool]
    """Whether what ends is started again."""
    outdated: Callable[[], Sequence[str]]
    """Processes that run other code, images or accounts than those that are here now."""
    runner: Callable[[], str]
    images: Callable[[], Images]
    instruments: Callable[[], Sequence[str]]
    faults: Callable[[], Mapping[str, str]]
    """Instruments that are left out, and why."""
    counts: Callable[[Iterable[str]], Mapping[str, QueueCount]]
    lanes: Callable[[str], Sequence[LaneLoad]]
    workers: Callable[[str], Sequence[Worker]]
    oldest: Callable[[], Mapping[Lane, float]]
    """Age of the oldest run of each lane that has not ended [s]; zero: there is none."""
    parked: Callable[[], Mapping[str, str]]
    """Runs that are parked, and why."""
    unplanned: Callable[[], Sequence[str]]
    """Jobs that no run has served for two minutes."""
    index_complete: Callable[[], bool]
    alarms: Callable[[], Sequence[Alarm]]
    receivers: Callable[[], Receivers]
    unwatched: Callable[[], Sequence[str]]
    """What Prometheus asks for figures in vain, each as ``job address``."""
    disks: Callable[[], Sequence[Disk]]
    memory_share: Callable[[], float]
    """Part of the machine's memory that is available."""
    clock_ahead_s: Callable[[], float]
    """By how much this machine's clock is ahead of that of Redis [s]."""
    archive: Callable[[], str]
    """Where the archive is; raises where it cannot be read, or has no index."""
    require_accounts: Callable[[], None]
    """Raises SetupProblem where others reach the gateway and nobody could sign in."""
    certificate_ends: Callable[[], datetime | None]
    """When the certificate of the edge ends; None: there is no edge."""


def real_facts() -> Facts:
    """Return the questions to the stack that the environment names; nothing is asked yet.

    Raises:
        SetupProblem: a variable of the environment is malformed.
    """
    layout, endpoints = Layout.from_environment(), Endpoints.from_environment()
    at = _Servers()
    return Facts(
        servers=stack.status,
        processes=mesh_processes.status,
        supervised=mesh_processes.supervised,
        outdated=mesh_processes.outdated,
        runner=stack.runner_in_use,
        images=lambda: _images(layout, stack.Stack.of(layout).engine.address),
        instruments=lambda: list(instruments()),
        faults=instrument_faults,
        counts=lambda queues: count_queues(at.connections.broker, queues),
        lanes=lambda name: Lanes(at.index).of(name),
        workers=lambda name: Announcements(at.index).workers(name),
        oldest=lambda: Runs(at.index).oldest(sorted(Runs(at.index).active())),
        parked=lambda: Claims(at.index).parked(),
        unplanned=lambda: Jobs(at.objects, at.index).new(_PLANNED_WITHIN_S),
        index_complete=lambda: Products(at.objects, at.index).index_is_complete(),
        alarms=lambda: alarms(endpoints.alertmanager_url),
        receivers=lambda: read_receivers(layout.alarms),
        unwatched=lambda: _unwatched(endpoints.prometheus_url),
        disks=lambda: _disks((layout.home, layout.work, layout.cache)),
        memory_share=_memory_share,
        clock_ahead_s=lambda: _clock_ahead_s(at.index),
        archive=_archive,
        require_accounts=mesh_processes.require_accounts,
        certificate_ends=lambda: _certificate_ends(layout),
    )


class _Servers:
    """The administrator's accounts, read when they are first needed."""

    @cached_property
    def connections(self) -> Connections:
        return Settings().connections("admin")

    @cached_property
    def index(self) -> redis.Redis:
        return redis_client(self.connections.redis)

    @cached_property
    def objects(self) -> Objects:
        return Objects(self.connections.store)


def _images(layout: Layout, address: str) -> Images:
    wanted = credentials.read(layout.images).get("images", {})
    try:
        with engine.client(address, timeout_s=int(_SECONDS)) as asked:
            there = frozenset(str(image["Id"]) for image in asked.api.images())
    except docker.errors.DockerException as error:
        raise SetupProblem(f"no container engine answers at {address}: `odamesh stack up` starts it") from error
    return Images({name: image for name, image in wanted.items() if name in instruments()}, there)


def _unwatched(address: str) -> list[str]:
    try:
        answer = httpx.get(f"{address}/api/v1/targets", params={"state": "active"}, timeout=_SECONDS, trust_env=False)
        targets = answer.raise_for_status().json()["data"]["activeTargets"]
    except (httpx.HTTPError, ValueError, KeyError) as error:
        text = f"no Prometheus answers at {address}: `odamesh stack up` starts it"
        raise WatcherUnavailable("WatcherUnavailable", text) from error
    silent = (target["labels"] for target in targets if target["health"] == "down")
    return sorted(f"{labels['job']} {labels['instance']}" for labels in silent)


def _disks(paths: Iterable[Path]) -> list[Disk]:
    """Return each file system once."""
    by_device = {path.stat().st_dev: path for path in reversed(list(paths)) if path.exists()}
    found = ((path, shutil.disk_usage(path)) for path in by_device.values())
    return [Disk(path, usage.free, usage.total) for path, usage in found]


def _memory_share() -> float:
    lines = (line.split() for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
    sizes = {words[0].rstrip(":"): int(words[1]) for words in lines}
    return sizes["MemAvailable"] / sizes["MemTotal"]


@redis_answers()
def _clock_ahead_s(index: redis.Redis) -> float:
    before = time.time()
    told: Any = index.time()
    return (before + time.time()) / 2 - float(told[0] + told[1] / 1e6)


def _archive() -> str:
    archive = open_archive(Settings().archive_location)
    read_index(archive)
    return archive.url


def _certificate_ends(layout: Layout) -> datetime | None:
    if not layout.edge_address.exists():
        return None
    name, _, port = layout.edge_address.read_text(encoding="utf-8").strip().rpartition(":")
    # Whether it is trusted is not the question here, only until when it is valid.
    unchecked = ssl.create_default_context()
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    connection = socket.create_connection((name, int(port)), timeout=_SECONDS)
    with closing(unchecked.wrap_socket(connection, server_hostname=name)) as secured:
        shown = secured.getpeercert(binary_form=True)
    if shown is None:
        raise SetupProblem(f"{name}:{port} shows no certificate")
    return x509.load_der_x509_certificate(shown).not_valid_after_utc.astimezone(UTC)
