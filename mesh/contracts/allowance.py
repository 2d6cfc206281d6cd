"""What each user may have waiting, and how users share the mesh, as its operator sets it."""

from typing import ClassVar

from pydantic import Field

from mesh.contracts.document import Document, Part

DAY_BUDGET_S = 86_400.0
"""Container seconds a day of each user without an entry: one container that runs all day."""


class Allowance(Part):
    """Of one user."""

    weight: float = Field(default=1.0, gt=0)
    """Share of the slots beside users who wait at the same time."""
    budget_s: float | None = Field(default=None, ge=0)
    """Container seconds a day; whoever has used them up goes on behind all others. None: without end."""
    jobs: int = Field(default=500, ge=1)
    """Jobs that have not ended at which no further one is taken."""
    units: int = Field(default=100_000, ge=1)
    """Units that have not ended at which no further job is taken; a single request may be larger."""


class Allowances(Document):
    """``users/allowances.json``: of everybody."""

    SCHEMA: ClassVar[str] = "odamesh.allowances/1"

    everybody: Allowance = Allowance(budget_s=DAY_BUDGET_S)
    """Of each user without an entry."""
    users: dict[str, Allowance] = Field(default_factory=dict)

    def of(self, user: str) -> Allowance:
        """Return the allowance of one user."""
        return self.users.get(user, self.everybody)
