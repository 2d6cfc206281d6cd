"""Runs units as processes of this machine, where no container engine is to be had.

The analysis package is the one in the source tree. Time, memory, file size and output are limited and a killed unit
takes its children along, but the process sees the machine's files and network: for trusted analyses only. No unit runs
as root: a service of root starts it as nobody. Products say how they were made, because the digest that enters their
key and provenance begins with ``local:``.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, partial
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mesh.instrument import ROOT, Instrument, package_folder
from mesh.kit.boundedlog import BoundedLog
from mesh.kit.removal import discard
from mesh.kit.rlimits import OPEN_FILES
from mesh.runner import unprivileged
from mesh.runner.conclude import Exit, conclude
from mesh.runner.directory import UnitDirectory
from mesh.runner.livelog import PART_BYTES, LiveLog, LogPart
from mesh.runner.pace import Pace
from mesh.runner.protocol import OnStep, UnitResult, Work
from mesh.runner.running import Running
from mesh.runner.unprivileged import NOBODY, CannotBecome
from mesh.runner.watch import Watch
from mesh.runner.workspace import Workspace
from mesh.settings import SettingsError

_SCIENCE = ("numpy", "scipy", "numba", "astropy", "matplotlib")
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_KEEP_S = 3600.0


class LocalRunner:
    """One process a unit.

    Args:
        instrument: whose units it runs.
        workspace: where unit directories lie, and what is compiled for later units.

    Raises:
        SettingsError: this process is root, and units cannot run as somebody else here.
    """

    name = "local"

    def __init__(self, instrument: Instrument, workspace: Workspace) -> None:
        self._instrument = instrument
        self._workspace = workspace
        self._running = Running()
        if os.geteuid() == 0:
            self._check_nobody()

    def image(self) -> str:
        """Return the digest of the package, the kit, and the versions of Python and the science stack."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        digest = sha256(sys.version.encode())
        for name in _SCIENCE:
            digest.update(f"{name} {_version(name)}\n".encode())
        image = self._instrument.image
        for folder in map(package_folder, ("mesh.kit", image.analysis, *image.libraries)):
            for path in sorted(folder.rglob("*")):
                if path.is_file() and path.suffix != ".pyc":
                    digest.update(f"{path.relative_to(folder)}\n".encode() + path.read_bytes())
        return f"local:sha256:{digest.hexdigest()}"

    def check(self) -> None:
        """Look whether the analysis can be loaded and has the stages that its instrument declares.

        Raises:
            SettingsError: it cannot; the text says why.
        """
        asked = [sys.executable, "-m", "mesh.kit.stages", *self._instrument.stages]
        # The directory takes what it writes at its first import.
        environment = self._environment(self._workspace.cache())
        done = subprocess.run(asked, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SettingsError(done.stderr.strip())

    def ping(self) -> None:
        """Find nothing that could be away."""

    def directory(self, unit_key: str) -> UnitDirectory:
        """Return the directory of a unit; see the protocol."""
        return self._workspace.unit(unit_key)

    def run(self, work: Work, on_step: OnStep) -> UnitResult:
        """Run a unit in a process of its own; see the protocol."""
        directory = work.directory
        raw = directory.path / "output"
        temporary = directory.path / "tmp"
        temporary.mkdir(exist_ok=True)
        self._give(temporary)
        with self._running.entry(work.key, Watch(directory.out, work.limits, on_step)) as watch:
            with raw.open("wb") as output:
                process = subprocess.Popen(
                    self._command(work),
                    env=self._environment(temporary),
                    cwd=temporary,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            watch.fetch_log = partial(_fetch, raw)
            try:
                status = _wait(process, watch)
            finally:
                _end(process)
                directory.write_log(_bounded(raw))
                raw.unlink()
                with suppress(OSError):
                    discard(temporary)
            seconds = watch.seconds
        ended = Exit(status=status) if status >= 0 else Exit(status=None, signal=-status)
        product = conclude(ended, directory.out, work.key, work.limits)
        return UnitResult(product=product, seconds=seconds, peak_rss_mb=None, runner=self.name)

    def prepare(self, units: int) -> None:
        """Do nothing: every process is made for its unit."""

    def adopt(self, work: Work, on_step: OnStep) -> UnitResult | None:
        """Find nothing: processes end with their owner."""

    def kill(self, unit_key: str) -> bool:
        """End a unit at its next look; see the protocol."""
        return self._running.cancel(unit_key)

    def log(self, unit_key: str, try_id: str, position: int) -> LogPart | None:
        """Return what is new in the log of a running unit; see the protocol."""
        return self._running.log(unit_key, try_id, position)

    def reap(self, alive: Callable[[str], bool], wanted: Callable[[str], bool]) -> None:
        """Remove old directories; the kernel ends processes whose owner died."""
        self._workspace.sweep("", alive, self._instrument.limits.seconds + _KEEP_S)

    def close(self) -> None:
        """Do nothing: no process outlives its unit."""

    def _command(self, work: Work) -> list[str]:
        limits = {"file_mb": work.limits.output_mb, "memory_mb": work.limits.memory_mb, "open_files": OPEN_FILES}
        directory = work.directory.path
        words = [sys.executable, "-m", "mesh.kit.run", str(directory)]
        words += ["--die-with-parent", "--limits", json.dumps(limits)]
        if os.geteuid() != 0:
            return words
        return unprivileged.command(NOBODY, words, [*self._code(), self._cache(), directory])

    def _check_nobody(self) -> None:
        """Have what nobody needs, and try whether units can run so."""
        try:
            unprivileged.check(NOBODY, [*self._code(), self._cache()])
        except CannotBecome as error:
            msg = (
                f"no unit runs as root outside a container, and none can run as nobody here: {error}; "
                "start the mesh as another user, or with a container engine"
            )
            raise SettingsError(msg) from error

    def _code(self) -> list[Path]:
        """Return the directories with the programs that a unit runs."""
        return [ROOT, Path(sys.prefix), Path(sys.base_prefix)]

    def _cache(self) -> Path:
        """Return the directory for what is compiled, which units may write to."""
        cache = self._workspace.cache()
        for directory in (cache, *(cache / name for name in ("matplotlib", "numba"))):
            directory.mkdir(exist_ok=True)
            self._give(directory)
        return cache

    @staticmethod
    def _give(directory: Path) -> None:
        """Let units write to a directory."""
        if os.geteuid() == 0:
            os.chown(directory, NOBODY.uid, NOBODY.gid)

    def _environment(self, temporary: Path) -> dict[str, str]:
        # A fresh environment: that of the service names its credentials.
        return {
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "HOME": str(temporary),
            "TMPDIR": str(temporary),
            "MPLBACKEND": "Agg",
            "MPLCONFIGDIR": str(self._cache() / "matplotlib"),
            "NUMBA_CACHE_DIR": str(self._cache() / "numba"),
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": str(ROOT),
            "ODAMESH_ANALYSIS": self._instrument.image.analysis,
            **dict.fromkeys(_ONE_THREAD, "1"),
        }


def _wait(process: "subprocess.Popen[bytes]", watch: Watch) -> int:
    pace = Pace()
    while (status := process.poll()) is None:
        watch.check()
        pace.sleep()
    return status


def _end(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _fetch(path: Path, log: LiveLog) -> None:
    """Add the newest part of the output so far."""
    with path.open("rb") as file:
        start = max(log.end, file.seek(0, os.SEEK_END) - PART_BYTES)
        file.seek(start)
        log.add(start, file.read(PART_BYTES))


def _bounded(path: Path) -> str:
    log = BoundedLog()
    with path.open("rb") as file:
        while chunk := file.read(PART_BYTES):
            log.add(chunk)
            # Let the other green threads of the service have their turn.
            time.sleep(0)
    return log.text()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
