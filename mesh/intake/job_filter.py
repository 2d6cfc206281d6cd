"""Which jobs of a list somebody wants to see."""

from dataclasses import dataclass

from mesh.contracts import JobView
from mesh.states import JobState


@dataclass(frozen=True)
class JobFilter:
    """What a job must be; what is None or empty lets every job pass.

    Args:
        instrument: its instrument.
        product: its product.
        states: its state is one of them.
        since: submitted then or later, UTC in ISO form with ``Z``.
        until: submitted before then.
        partial: whether some of its windows gave nothing.
    """

    instrument: str | None = None
    product: str | None = None
    states: frozenset[JobState] = frozenset()
    since: str | None = None
    until: str | None = None
    partial: bool | None = None

    @property
    def passes_all(self) -> bool:
        """Whether every job passes."""
        return self == JobFilter()

    def passes(self, view: JobView) -> bool:
        """Tell whether a job passes."""
        return (
            self.instrument in {None, view.instrument}
            and self.product in {None, view.product}
            and (not self.states or view.state in self.states)
            and (self.since is None or _digits(view.submitted) >= _digits(self.since))
            and self.partial in {None, view.partial}
            and (self.until is None or _digits(view.submitted) < _digits(self.until))
        )

    def ends_before(self, view: JobView) -> bool:
        """Tell whether no job that is older than this one passes."""
        return self.since is not None and _digits(view.submitted) < _digits(self.since)


def _digits(instant: str) -> str:
    """Return an instant so that texts of different precision sort in time."""
    return instant.rstrip("Z")
