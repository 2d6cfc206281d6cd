"""Where a job stands, as whoever follows it sees it."""

from dataclasses import dataclass, field

from mesh.contracts import JobView, UnitRow
from mesh.states import UnitState, job_is_final

_FINAL = (UnitState.DONE, UnitState.CACHED, UnitState.FAILED, UnitState.CANCELLED)


@dataclass
class Progress:
    """Where a job stands, kept up to date by `Job.watch`."""

    view: JobView
    rows: dict[tuple[str, str], UnitRow] = field(default_factory=dict)
    """Rows of the table by stage and science window."""

    @property
    def ended(self) -> bool:
        """Whether the job has ended."""
        return job_is_final(self.view.state)

    @property
    def settled(self) -> int:
        """Number of units that have ended."""
        return sum(self.view.counts.get(state, 0) for state in _FINAL)

    @property
    def running(self) -> int:
        """Number of units that run."""
        return self.view.counts.get(UnitState.RUNNING, 0)

    def apply(self, rows: list[UnitRow]) -> None:
        """Take changed rows."""
        for row in rows:
            self.rows[row.stage, row.label] = row
