"""Everything that belongs to a file or a job, by its identifier (DataLink 1.1), below `/vo/datalink`."""

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.responses import Response

from gateway.calling import Calling
from gateway.parts import Given, Parts
from gateway.uws.documents import MEDIA_TYPE
from gateway.uws.family import Family, root_of
from gateway.uws.links import COLUMNS, again_descriptor, link_rows
from gateway.vo import PREFIX, vosi, votable
from gateway.vo.parameters import Sent
from gateway.vo.tap.observations import AUTHORITY
from gateway.vo.tap.query import media_type, most_rows
from mesh.contracts import JobView
from mesh.errors import InvalidParameter, NotFound
from mesh.instruments import instruments
from mesh.intake import Caller
from mesh.states import JobState

DATALINK = f"{PREFIX}/datalink"
router = APIRouter(prefix=DATALINK, include_in_schema=False)

_STANDARD = "ivo://ivoa.net/std/DataLink#links-1.1"
_MOST_IDS = 100


@router.get("/links")
@router.post("/links")
def links(request: Request, parts: Given, caller: Calling, sent: Sent) -> Response:
    """Return the links of each ID: of a job, or of a file of one (``obs_publisher_did``)."""
    identifiers = sent.all("id")
    if len(identifiers) > _MOST_IDS:
        raise InvalidParameter(f"ID: more than {_MOST_IDS}", field="ID", allowed=f"at most {_MOST_IDS}")
    kind = media_type(sent)
    root = root_of(request)
    found = [(one, _job(parts, caller, one, root)) for one in identifiers]
    families = {family.product: (family, view) for _, (family, view) in found if family and view}
    table = votable.votable(
        COLUMNS,
        _rows(parts, found),
        most=most_rows(sent),
        resources=[again_descriptor(*both, parts.requests) for both in families.values()],
    )
    return StreamingResponse(table, media_type=votable.DATALINK_TYPE if kind == votable.MEDIA_TYPE else kind)


@router.get("/capabilities")
def capabilities(request: Request) -> Response:
    """Describe the service."""
    base = f"{root_of(request)}{DATALINK}"
    listed = [*vosi.own_capabilities(base), vosi.capability(_STANDARD, f"{base}/links", version="1.1", use="base")]
    return Response(vosi.capabilities_document(listed), media_type=MEDIA_TYPE)


@router.get("/availability")
def availability(parts: Given) -> Response:
    """Say whether links could be told now."""
    return Response(vosi.availability_document(parts), media_type=MEDIA_TYPE)


def job_of(identifier: str) -> str:
    """Return the id of the job in an identifier."""
    return identifier.removeprefix(f"{AUTHORITY}/").partition("?")[0]


_Found = tuple[Family | None, JobView | None]


def _job(parts: Parts, caller: Caller, identifier: str, root: str) -> _Found:
    try:
        view = parts.intake.look(job_of(identifier), caller)
    except NotFound:
        return None, None
    known = instruments().get(view.instrument)
    if known is None or view.product not in known.products or view.state is not JobState.COMPLETED:
        return None, None
    return Family(known, view.product, root), view


def _rows(parts: Parts, found: list[tuple[str, _Found]]) -> Iterator[tuple[Any, ...]]:
    for identifier, (family, view) in found:
        if family is None or view is None:
            text = f"NotFoundFault: there is no finished job {job_of(identifier)[:64]!r} that you may see"
            yield identifier, None, None, text, "#this", None, None, None
            continue
        file = identifier.partition("?")[2]
        for row in link_rows(family, view, parts.intake, identifier):
            # Of a file asked for by its own identifier that one is "this", the others belong to it.
            if file and row[4] == "#this" and not str(row[1]).endswith(f"/{file}"):
                yield (*row[:4], "#coderived", *row[5:])
            else:
                yield row
