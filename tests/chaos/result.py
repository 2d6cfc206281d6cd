"""What came of all runs of one drill."""

import traceback
from dataclasses import dataclass, field

from tests.chaos.drill import Drill
from tests.chaos.ground import Ground
from tests.chaos.tally import tally


@dataclass
class Result:
    """One row of the table.

    Args:
        drill: what was done.
        runs: how often.
        lost: units, documents or products that should be there and are not, over all runs.
        doubled: what is there, or was told, more than once.
        recoveries_s: of each run.
        complaints: a sentence for everything that was not as it must be.
        skipped: why it could not be run on this machine, or empty.
    """

    drill: Drill
    runs: int = 0
    lost: int = 0
    doubled: int = 0
    recoveries_s: list[float] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    skipped: str = ""

    @property
    def good(self) -> bool:
        """Whether every run went as it must."""
        return not self.complaints

    @property
    def recovery_s(self) -> float | None:
        """The longest recovery of all runs."""
        return round(max(self.recoveries_s), 2) if self.recoveries_s else None

    def run(self, ground: Ground) -> None:
        """Do the drill once more."""
        self.runs += 1
        try:
            ground.until_ready()
            trial = self.drill.run(ground)
            found = tally(ground, *trial.expected)
        except Exception as error:
            # A drill that fails is a result; the others are still run.
            place = traceback.extract_tb(error.__traceback__)[-1]
            self.complaints.append(
                f"{type(error).__name__} at {place.filename.rpartition('/')[2]}:{place.lineno}: {error}"
            )
            return
        self.lost += found.lost + trial.lost
        self.doubled += found.doubled + trial.doubled
        self.complaints += [*found.complaints, *([trial.wrong] if trial.wrong else [])]
        self.recoveries_s.append(trial.recovery_s)
        limit = self.drill.within_s
        if limit and trial.recovery_s > limit:
            self.complaints.append(f"took {trial.recovery_s:.1f} s; {limit:g} s are promised")
