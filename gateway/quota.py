"""Back-pressure towards callers: whoever has too much waiting, or comes while planning lags, is asked to come later.

What was taken before is never dropped; what is refused was never taken. Every refusal says the numbers and when to
come again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.problem import Refusal, Usage
from mesh.contracts import Allowance, Allowances
from mesh.store.loads import Load

MOST_UNPLANNED = 1000
"""Jobs of all users that wait for the dispatcher at which no further one is taken."""
_KNOWN_SECONDS = 10.0
_BUSY_SECONDS = 60
_BEHIND_SECONDS = 15


@dataclass
class Quota:
    """What users have waiting against what they may.

    Args:
        load: of a user, now.
        read: reads the allowances; asked every few seconds at most.
        clock: monotonic seconds.
    """

    load: Callable[[str], Load]
    read: Callable[[], Allowances]
    clock: Callable[[], float] = time.monotonic
    _known: tuple[float, Allowances] | None = field(default=None, init=False)

    def check(self, user: str) -> None:
        """Return if one more job of a user may be taken.

        Raises:
            Refusal: the user, or the mesh as a whole, has too much waiting.
            StoreUnavailable: a server does not answer.
        """
        usage = self.usage(user)
        if usage.unplanned >= MOST_UNPLANNED:
            text = f"{usage.unplanned} jobs wait to be planned, more than {MOST_UNPLANNED}. Nothing of them is lost."
            raise Refusal("behind", text, retry_after=_BEHIND_SECONDS, usage=usage)
        if usage.jobs < usage.jobs_limit and usage.units < usage.units_limit:
            return
        text = (
            f"{user} has {usage.jobs} jobs (limit {usage.jobs_limit}) with {usage.units} units "
            f"(limit {usage.units_limit}) that have not ended. They go on; send this request again later."
        )
        raise Refusal("too-much-waiting", text, retry_after=_BUSY_SECONDS, usage=usage)

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
