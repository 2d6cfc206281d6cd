"""The runs that this dispatcher takes on now: it keeps the claims on them while it does, and parks the deadly ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from mesh.store.claims import CLAIM_SECONDS, Claims

_log = structlog.get_logger(__name__)

KEEP_SECONDS = CLAIM_SECONDS / 4
_DEADLY = 4
"""So many dispatchers ended one after another while they took a run on: it is to blame, and nobody tries any more."""


@dataclass
class Claimed:
    """A run that this process has the claim on.

    Args:
        token: of the claim.
        deaths: how many claimants before died one after another at it.
        lost: whether the claim lapsed or was lost with the data of Redis: others may take the run on.
    """

    token: str
    deaths: int = 0
    lost: bool = False

    @property
    def deadly(self) -> bool:
        """Whether the run must not be taken on any more."""
        return self.deaths >= _DEADLY


class ClaimedRuns:
    """Claims of one process.

    Args:
        claims: in Redis.
        claimant: name of this process.
    """

    def __init__(self, claims: Claims, claimant: str) -> None:
        self._claims = claims
        self._claimant = claimant
        self._held: dict[tuple[str, str], Claimed] = {}

    def token(self) -> str:
        """Return a token for a claim that comes with an event."""
        return self._claims.token(self._claimant)

    def adopt(self, run_id: str, token: str) -> None:
        """Keep from now on a claim that came with an event."""
        self._held[run_id, token] = Claimed(token)

    def take(self, run_id: str) -> str | None:
        """Take the claim on a run; returns its token, None while somebody else has it."""
        token = self.token()
        if not self._claims.take(run_id, token):
            return None
        self.adopt(run_id, token)
        return token

    @contextmanager
    def at_work(self, run_id: str, token: str) -> Iterator[Claimed]:
        """Work on a claimed run, and give the claim back; a process that dies in between is counted as a death."""
        claimed = self._held.get((run_id, token)) or Claimed(token)
        try:
            claimed.deaths = self._claims.begin(run_id)
            yield claimed
        finally:
            self._held.pop((run_id, token), None)
            self._claims.give_back(run_id, token)

    def keep(self) -> None:
        """Keep the claims; called by a timer, and never raises for one of them."""
        for (run_id, token), claimed in list(self._held.items()):
            if not claimed.lost and not self._claims.keep(run_id, token):
                claimed.lost = True
                _log.warning("claim on a run lost; it is left to others", run_id=run_id)

    def park(self, run_id: str, deaths: int) -> None:
        """Keep a run that costs one dispatcher after another from being taken on."""
        text = (
            f"parked: {deaths} dispatchers ended one after another while they took this run on; the operator of the "
            f"mesh finds the cause in their logs, and lets it go on with: odamesh runs resume {run_id}"
        )
        self._claims.park(run_id, text)
        _log.error("run parked: it costs one dispatcher after another", run_id=run_id, deaths=deaths)
