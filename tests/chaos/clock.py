"""Drills on the clock: the processes of the mesh are told another time than their servers have."""

import time
from collections.abc import Callable

from tests.chaos.drill import Drill, Expected, Setting, Trial
from tests.chaos.ground import Ground
from tests.chaos.own_clock import move_clock

_WINDOWS = 6
_HOUR_S = 3600
_WRONG_S = 8.0


def _jumps(seconds: float) -> Callable[[Ground], Trial]:
    """Jump in the middle of a job, and be set right again after a while, as by a time service."""

    def run(ground: Ground) -> Trial:
        job = ground.submit(_WINDOWS, seconds=1)
        ground.until_running(job)
        move_clock(ground, seconds)
        try:
            time.sleep(_WRONG_S)
        finally:
            move_clock(ground, 0)
        begin = time.monotonic()
        ground.until_ended(job)
        return Trial((Expected(job, _WINDOWS + 1),), time.monotonic() - begin)

    return run


DRILLS = (
    Drill("clock jumps 1 h ahead and back", _jumps(_HOUR_S), Setting.OWN_CLOCK),
    Drill("clock jumps 1 h back and again", _jumps(-_HOUR_S), Setting.OWN_CLOCK),
    Drill("clock 10 min ahead", _jumps(600), Setting.OWN_CLOCK),
)
