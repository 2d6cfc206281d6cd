"""What a family says of itself: its capabilities, and whether it is available."""

from fastapi import APIRouter
from starlette.responses import Response

from gateway.parts import Given
from gateway.uws.documents import MEDIA_TYPE
from gateway.uws.family import Chosen
from gateway.vo import PREFIX, vosi

router = APIRouter(prefix=f"{PREFIX}/{{instrument}}/{{product}}", include_in_schema=False)

_UWS = "ivo://ivoa.net/std/UWS#async-1.1"
_DALI_SYNC = "ivo://ivoa.net/std/DALI#sync-1.1"


@router.get("/capabilities")
def capabilities(family: Chosen) -> Response:
    """Describe the services of a family."""
    listed = [
        *vosi.own_capabilities(family.address),
        vosi.capability(_UWS, family.list_address, version="1.1"),
        vosi.capability(_DALI_SYNC, f"{family.address}/sync", version="1.1"),
    ]
    return Response(vosi.capabilities_document(listed), media_type=MEDIA_TYPE)


@router.get("/availability")
def availability(_: Chosen, parts: Given) -> Response:
    """Say whether a job of a family could be taken now."""
    return Response(vosi.availability_document(parts), media_type=MEDIA_TYPE)
