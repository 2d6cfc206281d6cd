"""The synchronous form of a family (DALI 1.1, section 2.2): one request that brings the result."""

import asyncio

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from gateway.problem import KINDS, Refusal, answer
from gateway.uws.family import MAIN_RESULT, error_of
from gateway.uws.phases import ACTIVE, phase_of
from gateway.uws.visit import Visiting
from gateway.uws.waiting import LONGEST_SECONDS, changed
from gateway.uws.wishes import asked_of, read_wish
from gateway.vo import PREFIX
from mesh.states import JobState

router = APIRouter(prefix=f"{PREFIX}/{{instrument}}/{{product}}/sync", include_in_schema=False)

FACE = "uws-sync"
_COME_BACK_SECONDS = 10


def _own_page(request: Request) -> None:
    """Refuse a page of another site that has a browser ask: a GET makes a job here."""
    if request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        raise Refusal("cross-site", "A page of another site has sent this; only pages of this gateway may.")


@router.get("", dependencies=[Depends(_own_page)])
@router.post("")
async def sync(request: Request, visit: Visiting) -> Response:
    """Have an analysis done and lead to its table of links; for one that takes longer, to its job.

    The same request sent again later finds what was made meanwhile.
    """
    family = visit.family

    def submit() -> str:
        wish = read_wish(family.instrument, family.product, visit.sent, draft=False)
        asked = asked_of(visit.sent)
        return visit.intake.submit(wish, visit.caller, trace=visit.trace, face=FACE, asked=asked).job_id

    job_id = await asyncio.to_thread(submit)
    loop = asyncio.get_running_loop()
    end = loop.time() + LONGEST_SECONDS
    while True:
        left = int(end - loop.time())
        view = await changed(visit.parts.bell, lambda: visit.look(job_id), max(left, 0))
        if phase_of(view) not in ACTIVE or left <= 0:
            break
    if view.state is JobState.COMPLETED:
        return RedirectResponse(f"{family.job_address(job_id)}/results/{MAIN_RESULT}", 303)
    if text := error_of(view):
        raise Refusal("analysis-failed", text)
    where = family.job_address(job_id)
    detail = f"This takes longer than {LONGEST_SECONDS} s. It goes on: follow {where}, or send the same again later."
    return answer(
        request, KINDS["takes-longer"], detail, headers={"Retry-After": str(_COME_BACK_SECONDS), "Link": f"<{where}>"}
    )
