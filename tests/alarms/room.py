"""Causes that are a want of room: memory, the disks of the machine and of the store, a cache in which all must stay."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from infra.stack import process, supervisor
from infra.stack.problem import SetupProblem
from infra.stack.process import PidFile
from tests.alarms.cause import Cause, Part, Raised
from tests.alarms.surroundings import figure
from tests.chaos.ground import Ground

_MIB = 1 << 20
_DISK_MIB = 64
_STORE_FREE = 0.07
"""Less than the tenth of StoreAlmostFull, more than the twentieth of DiskAlmostFull."""
_STORE_MIB = 256
"""Of the small disk of the store, beside what it holds already."""
_SHORT = {"MemFree": 0.01, "MemAvailable": 0.02}
_LIMIT_GIB = "0.000000001"


@contextmanager
def full_disk(ground: Ground) -> Iterator[None]:
    """Mount a small file system, and fill it."""
    with _small_disk(ground, _DISK_MIB, ground.layout.work / "drill-disk") as place:
        _fill(place / "filler", keep_free=0.0)
        yield


@contextmanager
def store_full(ground: Ground) -> Iterator[None]:
    """Have the store go on, with all that it holds, on a disk that is almost full."""
    server = ground.stack.store
    if server.stands_in:
        msg = "rclone stands in for MinIO, and tells no figures"
        raise LookupError(msg)
    data = server.directory / "data"
    held = sum(path.stat().st_size for path in data.rglob("*") if path.is_file()) // _MIB
    with ExitStack() as after:
        server.stop()
        after.callback(ground.until_ready)
        after.callback(server.ensure)
        place = after.enter_context(_small_disk(ground, 2 * held + _STORE_MIB, server.directory / "small"))
        shutil.copytree(data, place / "data", copy_function=shutil.copy2)
        for path in (place, *place.rglob("*")):
            if owner := server.owner():
                os.chown(path, *owner)
        process.run(["mount", "--bind", place / "data", data])
        after.callback(process.run, ["umount", data])
        after.callback(server.stop)
        _fill(place / "filler", keep_free=_STORE_FREE)
        server.ensure()
        yield


@contextmanager
def memory_short(ground: Ground) -> Iterator[None]:
    """Have the machine's figures tell of next to no memory: all the rest of this machine needs its own.

    The exporter reads a copy of what the kernel tells, in which two lines are changed.
    """
    told = ground.layout.work / "drill-proc"
    for name in ("stat", "meminfo", "loadavg", "diskstats", "1/mounts", "1/mountinfo", "net/dev", "self/mounts"):
        (told / name).parent.mkdir(parents=True, exist_ok=True)
        (told / name).write_text((Path("/proc") / name).read_text(encoding="utf-8"), encoding="utf-8")
    (told / "meminfo").write_text(_short((told / "meminfo").read_text(encoding="utf-8")), encoding="utf-8")
    for path in (told, *told.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    server = ground.stack.machine
    usual = server.arguments
    server.stop()
    server.arguments = lambda: [*usual(), f"--path.procfs={told}"]  # type: ignore[method-assign]
    try:
        server.ensure()
        yield
    finally:
        server.arguments = usual  # type: ignore[method-assign]
        server.stop()
        server.ensure()
        shutil.rmtree(told)


@contextmanager
def all_must_stay(ground: Ground) -> Iterator[None]:
    """Give the cache a limit that one product exceeds, and pin that product."""
    job = ground.submit(1)
    ground.until_ended(job)
    _cache("pin", job.id, "--reason", "a drill", "--all")
    plan = supervisor.read_plan(ground.layout)
    limit = {"ODAMESH_CACHE_MAX_GIB": _LIMIT_GIB}
    limited = [replace(one, environment=one.environment | limit) if one.name == "cache" else one for one in plan]
    _have_run(ground, limited)
    try:
        ground.until(
            lambda: (figure("cache", "odamesh_cache_over_limit_bytes") or 0) > 0, "a cache over its limit", 120
        )
        yield
    finally:
        _have_run(ground, plan)
        _cache("unpin", job.id)


def _have_run(ground: Ground, plan: list[supervisor.Program]) -> None:
    """Give the supervisor another plan; only what differs is started again."""
    held = PidFile(ground.layout.run / "supervisor.pid").read()
    assert held is not None, "the supervisor does not run"
    supervisor.write_plan(ground.layout, plan)
    os.kill(held.pid, supervisor.RECONCILE)


def _short(meminfo: str) -> str:
    lines = [line.split() for line in meminfo.splitlines()]
    total = next(int(words[1]) for words in lines if words[0] == "MemTotal:")
    shares = {f"{name}:": share for name, share in _SHORT.items()}
    return "".join(
        f"{words[0]} {round(total * shares[words[0]]) if words[0] in shares else words[1]} {' '.join(words[2:])}\n"
        for words in lines
    )


@contextmanager
def _small_disk(ground: Ground, mib: int, place: Path) -> Iterator[Path]:
    """Mount a file system of so many MiB.

    Raises:
        LookupError: this machine lets us mount nothing.
    """
    image = ground.layout.work / f"{place.name}.ext4"
    image.write_bytes(b"")
    os.truncate(image, mib * _MIB)
    place.mkdir(exist_ok=True)
    try:
        process.run(["mkfs.ext4", "-q", "-F", "-m", "0", image])
        process.run(["mount", "-o", "loop", image, place])
    except (SetupProblem, FileNotFoundError) as error:
        image.unlink()
        msg = f"a small disk must be mounted: {error}"
        raise LookupError(msg) from error
    try:
        yield place
    finally:
        process.run(["umount", place])
        image.unlink()
        place.rmdir()


def _fill(path: Path, *, keep_free: float) -> None:
    """Fill the disk of a file up to a share that stays free."""
    block = bytes(_MIB)
    usage = shutil.disk_usage(path.parent)
    with path.open("wb", buffering=0) as file:
        try:
            for _ in range(max(0, int((usage.free - keep_free * usage.total) / _MIB)) + (keep_free == 0.0)):
                file.write(block)
        except OSError:
            pass
        os.fsync(file.fileno())


def _cache(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "odamesh", "cache", *words], check=True, capture_output=True)


LIMIT = Cause("a pinned product larger than the limit", all_must_stay, (Raised("CacheOverLimit", 1_050, clear_s=400),))
CAUSES = (
    Cause(
        "a store on a disk of which 7 % are free",
        store_full,
        (Raised("StoreAlmostFull", 450),),
        takes=frozenset({Part.STORE, Part.CACHE, Part.TRIGGERS, Part.DISKS}),
    ),
    Cause(
        "figures of a machine with 2 % of its memory left",
        memory_short,
        (Raised("MemoryShort", 240),),
        takes=frozenset({Part.MACHINE}),
    ),
    Cause(
        "a disk that is full",
        full_disk,
        (Raised("DiskAlmostFull", 240),),
        takes=frozenset({Part.DISKS}),
        needs=frozenset({Part.MACHINE}),
    ),
)
