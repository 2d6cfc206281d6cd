"""What a mesh costs that has nothing to do."""

import os
import time
from pathlib import Path

from infra.stack.layout import Layout
from infra.stack.process import PidFile

_SETTLED_S = 20.0
_WATCHED_S = 30.0


def idle_cpu_percent() -> dict[str, float]:
    """Return the processor time of each process of mesh and stack, in per cent of one core, over half a minute."""
    time.sleep(_SETTLED_S)
    layout = Layout.from_environment()
    found = [*layout.run.glob("*.pid"), *layout.engine.run.glob("*.pid")]
    files = {path.stem.removeprefix("mesh-"): PidFile(path) for path in found}
    pids = {name: record.pid for name, file in sorted(files.items()) if (record := file.read())}
    before = {name: _seconds(pid) for name, pid in pids.items()}
    time.sleep(_WATCHED_S)
    used = {name: 100 * (_seconds(pid) - before[name]) / _WATCHED_S for name, pid in pids.items()}
    return {name: round(percent, 2) for name, percent in used.items()} | {"all": round(sum(used.values()), 1)}


def _seconds(pid: int) -> float:
    """Return the processor time of a process since its start, its threads' and its own calls of the system."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
