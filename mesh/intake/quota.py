"""Back-pressure towards callers: whoever has too much waiting, or comes while planning lags, is asked to come later.

What was taken before is never dropped; what is refused was never taken. Every refusal says the numbers and when to
come again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as dataclass_field

from pydantic import BaseModel, Field

from mesh.contracts import Allowance, Allowances
from mesh.intake.errors import PlanningBehind, TooManyUsers, TooMuchWaiting
from mesh.store.loads import Load

MOST_UNPLANNED = 1000
"""Jobs of all users that wait for the dispatcher at which no further one is taken."""
_KNOWN_SECONDS = 10.0
_BUSY_SECONDS = 60
_BEHIND_SECONDS = 15
_CROWD_SECONDS = 3600


class Usage(BaseModel):
    """What a user has on the mesh, and how much is allowed."""

    user: str
    jobs: int = Field(description="jobs that have not ended")
    jobs_limit: int
    units: int = Field(description="units of these jobs that have not ended")
    units_limit: int
    weight: float = Field(description="share of the slots beside users who wait at the same time")
    spent_s: float = Field(description="container seconds since midnight, UTC")
    budget_s: float | None = Field(description="container seconds a day; whoever has spent them goes on behind others")
    unplanned: int = Field(description="jobs of all users that wait to be planned")


@dataclass
class Quota:
    """What users have waiting against what they may.

    Args:
        load: of a user, now.
        read: reads the allowances; asked every few seconds at most.
        users: enters a name among at most so many of the last day; false when there is no room for it.
        most_users: names at which no further one is taken.
        pace: counts one submission of a caller; raises `TooFast`.
        clock: monotonic seconds.
    """

    load: Callable[[str], Load]
    read: Callable[[], Allowances]
    users: Callable[[str, int], bool] = lambda _user, _most: True
    most_users: int = 1000
    pace: Callable[[str], None] = lambda _caller: None
    clock: Callable[[], float] = time.monotonic
    _known: tuple[float, Allowances] | None = dataclass_field(default=None, init=False)

    def check(self, user: str, caller: str = "") -> None:
        """Return if one more job of a user may be taken.

        Args:
            user: whose share of the mesh it takes.
            caller: who submits, where several have one share; empty: the user.

        Raises:
            TooFast: the caller submits more often than may be.
            TooMuchWaiting, TooManyUsers, PlanningBehind: the user, or the mesh as a whole, has too much waiting.
            StoreUnavailable: a server does not answer.
        """
        self.pace(caller or user)
        usage = self.usage(user)
        if usage.unplanned >= MOST_UNPLANNED:
            text = f"{usage.unplanned} jobs wait to be planned, more than {MOST_UNPLANNED}. Nothing of them is lost."
            raise PlanningBehind(text, seconds=_BEHIND_SECONDS, usage=usage)
        if usage.jobs < usage.jobs_limit and usage.units < usage.units_limit:
            if not self.users(user, self.most_users):
                text = (
                    f"{self.most_users} users have asked for something today, which is as many as share this mesh. "
                    "Ask under a name that has; its operator sets ODAMESH_LIMIT_USERS."
                )
                raise TooManyUsers(text, seconds=_CROWD_SECONDS)
            return
        text = (
            f"{user} has {usage.jobs} jobs (limit {usage.jobs_limit}) with {usage.units} units "
            f"(limit {usage.units_limit}) that have not ended. They go on; send this request again later."
        )
        raise TooMuchWaiting(text, seconds=_BUSY_SECONDS, usage=usage)

    def usage(self, user: str) -> Usage:
        """Return what a user has waiting and may have."""
        own, load = self._allowance(user), self.load(user)
        return Usage(
            user=user,
            jobs=load.jobs,
            jobs_limit=own.jobs,
            units=load.units,
            units_limit=own.units,
            weight=own.weight,
            spent_s=round(load.spent_s, 1),
            budget_s=own.budget_s,
            unplanned=load.unplanned,
        )

    def _allowance(self, user: str) -> Allowance:
        now = self.clock()
        if self._known is None or now - self._known[0] > _KNOWN_SECONDS:
            self._known = now, self.read()
        return self._known[1].of(user)
