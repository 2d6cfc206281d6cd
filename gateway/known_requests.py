"""Requests by their key, kept: they never change, so that a look at a job need not read one each time."""

from collections import OrderedDict

from mesh.contracts import Analysis
from mesh.intake import Intake

_KEPT_REQUESTS = 1000


class KnownRequests:
    """The requests that were looked at last.

    Args:
        intake: knows them all.
    """

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._known: OrderedDict[str, Analysis] = OrderedDict()

    def __call__(self, request_key: str) -> Analysis:
        """Return what was asked for under a key."""
        found = self._known.get(request_key)
        if found is None:
            found = self._known[request_key] = self._intake.request(request_key)
            while len(self._known) > _KEPT_REQUESTS:
                self._known.popitem(last=False)
        return found
