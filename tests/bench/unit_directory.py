"""Unit directories for measurements without a mesh: what a container is given, run in this process or a fresh one."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mesh.kit.analysis import VARIABLE

# The kernel counts what a process had before it became this program into its resource usage, but not into VmHWM.
_RUN = """
import sys
from mesh.kit.run import main
status = main()
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
sys.exit(status)
"""


def unit_directory(
    directory: Path, stage: str, label: str, parameters: Mapping[str, Any], inputs: Sequence[tuple[str, str, Path]]
) -> Path:
    """Lay out a unit and return its directory.

    Args:
        directory: to be made.
        stage: of the instrument.
        label: science window, or ``job``.
        parameters: all that the stage reads.
        inputs: role, label and file of each.
    """
    (directory / "out").mkdir(parents=True)
    listed: dict[tuple[str, str], list[str]] = {}
    for role, of, path in inputs:
        folder = directory / "in" / role / of
        folder.mkdir(parents=True, exist_ok=True)
        (folder / path.name).symlink_to(path.resolve())
        listed.setdefault((role, of), []).append(path.name)
    content = {
        "schema": "odamesh.unitdir/1",
        "key": "0" * 64,
        "stage": stage,
        "label": label,
        "parameters": dict(parameters),
        "inputs": [{"role": role, "label": of, "files": files} for (role, of), files in listed.items()],
        "provenance": {"code": "bench"},
    }
    (directory / "unit.json").write_text(json.dumps(content), encoding="utf-8")
    return directory


def fresh_process(analysis: str, sources: Sequence[str], directory: Path) -> tuple[float, float]:
    """Run a unit in a process of its own and return its CPU seconds and peak memory (MB), libraries included.

    Args:
        analysis: import name of the package.
        sources: folders that hold it and what it shares, relative to the project.
        directory: the unit's.
    """
    path = os.pathsep.join([".", *sources])
    environment = os.environ | {VARIABLE: analysis, "PYTHONPATH": path}
    command = [sys.executable, "-c", _RUN, str(directory)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, float(done.stdout.splitlines()[-1]) / 1024
