"""What an audit finds."""

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum

from mesh.contracts.document import Part


class Kind(StrEnum):
    """What is wrong."""

    LOST = "lost"
    """A request, job, unit or product that should be there and is not."""
    DOUBLED = "doubled"
    """Something was done, or is being done, twice."""
    STUCK = "stuck"
    """Work that nothing moves any more."""
    ORPHANED = "orphaned"
    """Something that nothing refers to."""
    CONTRADICTORY = "contradictory"
    """Two places say different things."""


class Finding(Part):
    """One thing that is wrong."""

    kind: Kind
    about: str
    """What it concerns, e.g. ``job 0123...``."""
    text: str
    """What does not agree."""


class Report(Part):
    """What was looked at and what was found."""

    looked_at: Mapping[str, int]
    """How many jobs, runs, units, ... there were."""
    findings: tuple[Finding, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Findings of each kind."""
        found = Counter(finding.kind for finding in self.findings)
        return {kind.value: found[kind] for kind in Kind}
