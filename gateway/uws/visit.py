"""One call at a family of jobs: who calls, for which family, and what is needed to answer."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from gateway.calling import Calling, Traced
from gateway.parts import Given, Parts
from gateway.uws.documents import UwsJob
from gateway.uws.family import Chosen, Family
from gateway.vo.parameters import Sent
from mesh.contracts import JobView
from mesh.intake import Caller, Intake, Trace


@dataclass(frozen=True)
class Visit:
    """One call.

    Args:
        family: that its address names.
        parts: of the gateway.
        caller: who calls.
        trace: goes along with what is set off.
        sent: the parameters that came with it.
    """

    family: Family
    parts: Parts
    caller: Caller
    trace: Trace
    sent: Sent

    @property
    def intake(self) -> Intake:
        """The way into the mesh."""
        return self.parts.intake

    def look(self, job_id: str) -> JobView:
        """Return a job of the family; raises as `Family.look`."""
        return self.family.look(self.intake, job_id, self.caller)

    def shown(self, job_id: str) -> UwsJob:
        """Return a job of the family as UWS shows it."""
        return self.show(self.look(job_id))

    def show(self, view: JobView) -> UwsJob:
        """Return a job that was looked at as UWS shows it."""
        return self.family.shown(view, self.parts.requests)


async def _visit(family: Chosen, parts: Given, caller: Calling, trace: Traced, sent: Sent) -> Visit:
    return Visit(family, parts, caller, trace, sent)


Visiting = Annotated[Visit, Depends(_visit)]
"""An endpoint's parameter of this type holds the call."""
