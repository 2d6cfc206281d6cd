"""Drills on a real analysis: the service of ISGRI is killed while it makes images of simulated windows."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from mesh.states import UnitState
from odamesh import Job
from services.isgri.simulator.scenarios import write_archive
from tests.chaos.drill import Drill, Expected, Trial
from tests.chaos.ground import Ground
from tests.integration.mesh.windows import GALACTIC_CENTRE
from tests.simulated_once import mark_of, simulated_once

_WINDOWS = 2


def _mid_unit(name: str, number: signal.Signals) -> Callable[[Ground], Trial]:
    def run(ground: Ground) -> Trial:
        _have_archive()
        # Another band each time: products that nobody has made yet.
        bands = [(20, 40 + random.randrange(1, 100_000) / 1000)]  # noqa: S311 - any will do
        job: Job = ground.mesh.isgri.image(scws=GALACTIC_CENTRE[:_WINDOWS], bands=bands, wait=False)
        ground.until(lambda: any(row.step for row in job.refresh().table([UnitState.RUNNING])), "a unit in its steps")
        begin = time.monotonic()
        ground.signal(name, number)
        ground.until_ended(job)
        return Trial((Expected(job, _WINDOWS + 1),), time.monotonic() - begin)

    return run


def _have_archive() -> None:
    """Simulate the windows unless the tests, or a drill before, have done so."""
    root = Path(os.environ["ODAMESH_ARCHIVE"])
    if mark_of(root, "isgri").exists():
        return

    def write() -> None:
        write_archive(root, "galactic-centre", scws=_WINDOWS, processes=1)
        subprocess.run([sys.executable, "-m", "odamesh", "archive", "index", str(root)], check=True)

    simulated_once(root, "drills", ["services/isgri/simulator", "mesh/testing/archive"], write)


DRILLS = (
    Drill("isgri killed, real analysis", _mid_unit("isgri", signal.SIGKILL)),
    Drill("isgri asked to end, real analysis", _mid_unit("isgri", signal.SIGTERM)),
)
