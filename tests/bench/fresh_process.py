"""CPU time and peak memory of a unit that a fresh process runs, libraries included."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from mesh.kit.analysis import VARIABLE

# The kernel counts what a process had before it became this program into its resource usage, but not into VmHWM.
_RUN = """
import sys
from mesh.kit.run import main
status = main()
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
sys.exit(status)
"""


def fresh_process(analysis: str, directory: Path) -> tuple[float, float]:
    """Run a unit in a process of its own and return its CPU seconds and peak memory (MB), libraries included.

    The unit runs twice and the second run counts: an image is built with all modules and loops compiled.

    Args:
        analysis: import name of the package.
        directory: the unit's.
    """
    with tempfile.TemporaryDirectory() as compiled:
        environment = os.environ | {VARIABLE: analysis, "PYTHONPATH": ".", "PYTHONPYCACHEPREFIX": compiled}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        command = [sys.executable, "-c", _RUN, str(directory)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
        shutil.rmtree(directory / "out")
        (directory / "out").mkdir()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, float(done.stdout.splitlines()[-1]) / 1024
