"""What a drill is: it breaks something while jobs run, and says what must have come of them."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from mesh.states import JobState
from odamesh import Job
from tests.chaos.ground import Ground


class Setting(StrEnum):
    """What the mesh runs with during a drill; changing it takes some seconds, so drills of one setting run together."""

    PLAIN = "as installed"
    COLD = "a fresh container for each unit"
    LOCAL = "units as processes of the service's machine"
    OWN_ENGINE = "a container engine that no other stack uses"
    SMALL_DISK = "a small file system for the work of the drill instrument"
    SHORT_TIMEOUT = "acknowledgements due after seconds"
    OWN_CLOCK = "processes whose clock can be moved"


@dataclass(frozen=True)
class Expected:
    """What must have become of one job.

    Args:
        job: the job.
        good: units with a product, made for it or found.
        failed: units that end without one, because the drill makes them fail.
        state: how the job ends.
    """

    job: Job
    good: int
    failed: int = 0
    state: JobState = JobState.COMPLETED


@dataclass(frozen=True)
class Trial:
    """One run of a drill.

    Args:
        expected: every job that was under way.
        recovery_s: seconds from the fault (from its end, where something was away for a while) until all had ended.
        lost: what the drill itself missed, beside what the jobs miss.
        doubled: what it found twice.
        wrong: a sentence about what it found, or empty.
    """

    expected: tuple[Expected, ...]
    recovery_s: float
    lost: int = 0
    doubled: int = 0
    wrong: str = ""


@dataclass(frozen=True)
class Drill:
    """One way to break the mesh.

    Args:
        name: in a few words, for the table.
        run: does it once; raises AssertionError where the mesh did not do as it must.
        setting: what it needs.
        quick: whether `make test` runs it once.
        within_s: recovery that is promised; 0: none.
    """

    name: str
    run: Callable[[Ground], Trial]
    setting: Setting = Setting.PLAIN
    quick: bool = False
    within_s: float = 0.0
