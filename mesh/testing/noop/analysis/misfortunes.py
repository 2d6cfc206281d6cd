"""Each way in which a unit can go wrong, done for real, so that what guards against it is tested for real."""

import os
import signal
import time
from collections.abc import Callable, Mapping
from itertools import count

from mesh.kit import BadInput, ScienceFailure, Transient, Unit
from mesh.testing.noop.analysis.escape import escape

_MIB = 1 << 20
# Where nothing stops them, these do: a drill must not take its machine down.
_MOST_PROCESSES = 200
_MOST_MEMORY_MB = 4096
_MOST_OUTPUT_MB = 2048
_NOISE_MB = 8


def _usage(unit: Unit) -> None:
    raise BadInput("NoScWData", f"{unit.label} has no data, as asked for")


def _science(unit: Unit) -> None:
    raise ScienceFailure("EmptyImageList", f"{unit.label} gives nothing usable, as asked for")


def _transient(unit: Unit) -> None:
    raise Transient(f"{unit.label} fails this time, as asked for")


def _hang(_: Unit) -> None:
    while True:
        time.sleep(1)


def _memory(_: Unit) -> None:
    blocks = [bytearray(os.urandom(_MIB)) for _ in range(_MOST_MEMORY_MB)]
    raise ScienceFailure("NoMemoryLimit", f"nothing stopped the unit at {len(blocks)} MiB")


def _forks(_: Unit) -> None:
    for number in range(_MOST_PROCESSES):
        try:
            pid = os.fork()
        except BlockingIOError as error:
            raise ScienceFailure("ProcessLimit", f"no process after {number} more: {error.strerror}") from error
        if pid == 0:
            # They outlive the unit on purpose: whoever runs it has to end them.
            time.sleep(60)
            os._exit(0)
    raise ScienceFailure("NoProcessLimit", f"nothing stopped the unit at {_MOST_PROCESSES} processes")


def _garbage(unit: Unit) -> None:
    (unit.out / "noop.json").write_bytes(b"\xff\x00")
    (unit.out / "manifest.json").write_bytes(b'{"files": [{"name": "../noop.json"}')
    os._exit(0)


def _noise(_: Unit) -> None:
    """Not a misfortune of the unit, which ends well: of whoever reads its output."""
    for _number in range(_NOISE_MB):
        os.write(1, os.urandom(_MIB))
        os.write(2, b"\x00\xff\x1b[2J{\n" * 100)


def _disk(unit: Unit) -> None:
    block = bytes(_MIB)
    for number in count():
        if number >= _MOST_OUTPUT_MB:
            raise ScienceFailure("NoOutputLimit", f"nothing stopped the unit at {number} MiB of output")
        (unit.out / f"block-{number:05d}.bin").write_bytes(block)
        time.sleep(0.002)


def _crash(_: Unit) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _kill(_: Unit) -> None:
    """Kill the process that runs the unit: a service, where nothing stands between them."""
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(5)
    raise ScienceFailure("WorkerOutOfReach", "whoever runs the unit has survived it")


MISFORTUNES: Mapping[str, Callable[[Unit], None]] = {
    "usage": _usage,
    "science": _science,
    "transient": _transient,
    "hang": _hang,
    "memory": _memory,
    "forks": _forks,
    "garbage": _garbage,
    "noise": _noise,
    "disk": _disk,
    "crash": _crash,
    "kill": _kill,
    "escape": escape,
}
