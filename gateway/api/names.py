"""Names of sources to positions, and times in every form."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from gateway.api.documents import PREFIX
from gateway.archive import NoArchive
from gateway.instants import InstantDocument, WrongTime, read_time
from gateway.names.catalogue import Ambiguous
from gateway.names.names import NotResolved
from gateway.parts import Given
from gateway.problem import FieldError, Problem, Refusal
from mesh.archive.time_formats import FORMATS, SCALES

router = APIRouter(prefix=PREFIX, tags=["names and times"])

_LONGEST = 128
_LISTED = 20
_PROBLEM: dict[str, Any] = {"model": Problem, "content": {"application/problem+json": {}}}


class NameDocument(BaseModel):
    """The source of a name, and where it is."""

    name: str
    ra: float = Field(description="right ascension, degrees, ICRS")
    dec: float = Field(description="declination, degrees, ICRS")
    origin: str = Field(description="who knows it: the reference catalogue, or Sesame of the CDS")
    other_names: tuple[str, ...]
    detected_by: tuple[str, ...] = Field(description="instruments of which the reference catalogue says so")
    kind: str = Field(description="type of the object in the short form of SIMBAD; empty: not told")


@router.get(
    "/names",
    responses={
        404: {**_PROBLEM, "description": "nobody knows the name; says who was asked"},
        422: {**_PROBLEM, "description": "the name stands for several sources, which errors lists"},
    },
)
def resolve(
    parts: Given,
    name: Annotated[str, Query(min_length=1, max_length=_LONGEST, description="of a source, e.g. GX 1+4")],
) -> NameDocument:
    """Find the position of a source: by the reference catalogue and its aliases, else by Sesame of the CDS.

    Capitals, blanks and dashes do not matter, nor whether a constellation is written out.
    """
    try:
        found = parts.names.find(name.strip())
    except NotResolved as error:
        raise Refusal("not-found", str(error)) from None
    except Ambiguous as error:
        listed = error.names[:_LISTED]
        more = f" and {len(error.names) - _LISTED} more" if len(error.names) > _LISTED else ""
        detail = f"{name.strip()!r} may be any of {', '.join(listed)}{more}: write the name exactly."
        errors = [FieldError(field="name", detail=one, allowed=one, type="ambiguous-name") for one in listed]
        raise Refusal("ambiguous-name", detail, errors=errors) from None
    return NameDocument(**vars(found))


class TimeDocument(InstantDocument):
    """A time in every form; of a revolution or a science window the start, with its end in *stop*."""

    stop: InstantDocument | None = Field(description="end of what is no instant; null: it is one")
    note: str = Field(description="why revolution or science window are not told; empty: they are")


@router.get("/time", responses={422: {**_PROBLEM, "description": "it is no time; says what is one"}})
def time(
    parts: Given,
    value: Annotated[
        str,
        Query(
            min_length=1,
            max_length=_LONGEST,
            description="a time; or `REV 1853`, or a science window, e.g. 185300270010",
        ),
    ],
    format: Annotated[  # noqa: A002 - the word that astropy has for it
        str, Query(max_length=32, description=f"{', '.join(FORMATS)}, revolution or scw; without it the text tells")
    ] = "",
    scale: Annotated[str, Query(max_length=8, description=f"of dates and days: {', '.join(SCALES)}")] = "utc",
) -> TimeDocument:
    """Convert a time, a revolution or a science window to UTC, TT, MJD, IJD, GPS, revolution and science window."""
    try:
        found = read_time(value.strip(), format, scale, parts.archive)
    except WrongTime as error:
        entry = FieldError(field=error.field, detail=str(error), allowed=error.allowed, type="invalid-request")
        raise Refusal("invalid-request", str(error), errors=[entry]) from None
    except NoArchive as error:
        detail = f"Revolutions and science windows are looked up in the archive, and {error}."
        raise Refusal("not-found", detail) from None
    stop = InstantDocument.of(*found.stop) if found.stop is not None else None
    return TimeDocument(**InstantDocument.of(*found.start).model_dump(), stop=stop, note=found.note)
