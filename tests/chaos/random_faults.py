"""Random faults under a steady load: what nobody thought of; the seed is printed, and ODAMESH_CHAOS_SEED repeats it."""

import os
import random
import time
from collections.abc import Callable
from contextlib import suppress

from odamesh import Job, MeshUnavailable
from tests.chaos.drill import Drill, Expected, Trial
from tests.chaos.faults import FAULTS
from tests.chaos.ground import Ground

_FEW, _MANY = 3, 20
_TWO_AT_ONCE = 0.25
"""Share of the moments in which two faults come together."""


def _faults(number: int) -> Callable[[Ground], Trial]:
    def run(ground: Ground) -> Trial:
        seed = int(os.environ.get("ODAMESH_CHAOS_SEED") or random.SystemRandom().randrange(1 << 32))
        rng = random.Random(seed)  # noqa: S311 - it must be possible to repeat it
        print(f"random faults: ODAMESH_CHAOS_SEED={seed}", flush=True)
        accepted: list[Expected] = []
        struck: list[str] = []
        try:
            for _ in range(number):
                accepted += _load(ground, rng)
                struck.append(_strike(ground, rng))
            begin = time.monotonic()
            jobs = [one.job for one in accepted]
            ground.until_ended(*jobs)
            ground.until_told(*jobs)
        except Exception as error:
            error.add_note(f"ODAMESH_CHAOS_SEED={seed}: {'; '.join(struck)}")
            raise
        return Trial(tuple(accepted), time.monotonic() - begin)

    return run


def _load(ground: Ground, rng: random.Random) -> list[Expected]:
    """Submit some jobs, two of them alike at times; those that the gateway did not accept are nobody's."""
    accepted = []
    for _ in range(rng.randint(1, 3)):
        windows, seconds, salt = rng.choice((1, 3, 8)), rng.choice((0, 0.3, 1.5)), f"{rng.random()} {time.time_ns()}"
        for _ in range(rng.choice((1, 1, 2))):
            with suppress(MeshUnavailable):
                job: Job = ground.submit(windows, seconds=seconds, salt=salt)
                accepted.append(Expected(job, windows + 1))
    return accepted


def _strike(ground: Ground, rng: random.Random) -> str:
    """Wait, let one or two faults happen, and end them after a while; returns their names."""
    time.sleep(rng.uniform(0, 2.5))
    chosen = rng.sample(FAULTS, 2 if rng.random() < _TWO_AT_ONCE else 1)
    mends = []
    try:
        for fault in chosen:
            mends.append(fault.strike(ground))
        time.sleep(rng.uniform(0, 4))
    finally:
        for mend in mends:
            mend()
    return " and ".join(fault.name for fault in chosen)


DRILLS = (
    Drill("a few random faults", _faults(_FEW), quick=True),
    Drill("random faults under load", _faults(_MANY)),
)
