"""From the parameters of TAP to its answer: a VOTable."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from gateway.parts import Parts
from gateway.vo import votable
from gateway.vo.descriptor import descriptor
from gateway.vo.parameters import Parameters
from gateway.vo.tap.adql import Query, read_query
from gateway.vo.tap.database import run
from gateway.vo.tap.tables import OBSCORE
from gateway.vo.tap.uploads import Fetch, Upload, read_uploads
from gateway.vo.votable import Column, Info, text_column
from mesh.errors import InvalidParameter
from mesh.intake import Caller

MOST_ROWS, DEFAULT_ROWS = 100_000, 10_000
FORMATS: Mapping[str, str] = {
    "votable": votable.MEDIA_TYPE,
    "votable/td": votable.MEDIA_TYPE,
    votable.MEDIA_TYPE: votable.MEDIA_TYPE,
    f"{votable.MEDIA_TYPE};serialization=tabledata": votable.MEDIA_TYPE,
    "text/xml": "text/xml",
    "application/xml": "application/xml",
}
_LANGUAGES = frozenset({"adql", "adql-2.0", "adql-2.1"})
_DID = "obs_publisher_did"


def media_type(sent: Parameters) -> str:
    """Return the media type in which an answer is wanted.

    Raises:
        InvalidParameter: it is not possible.
    """
    text = sent.text("responseformat") or sent.text("format") or "votable"
    found = FORMATS.get(text.lower().replace(" ", "").replace('"', ""))
    if found is None:
        msg = f"RESPONSEFORMAT: {text[:64]!r} is not possible"
        raise InvalidParameter(msg, field="RESPONSEFORMAT", allowed=", ".join(FORMATS))
    return found


def most_rows(sent: Parameters) -> int:
    """Return how many rows an answer may have.

    Raises:
        InvalidParameter: it is no number of rows.
    """
    wanted = sent.whole("maxrec")
    if wanted is not None and wanted < 0:
        raise InvalidParameter("MAXREC: at least 0", field="MAXREC", allowed="a whole number from 0")
    return min(DEFAULT_ROWS if wanted is None else wanted, MOST_ROWS)


def check(sent: Parameters, fetch: Fetch) -> tuple[Query, list[Upload]]:
    """Return the query of a request, and the tables that came with it.

    Raises:
        InvalidRequest: the request is none that can be answered.
    """
    request = sent.text("request", "doQuery")
    if request.lower() != "doquery":
        raise InvalidParameter(f"REQUEST: {request[:32]!r} is not possible", field="REQUEST", allowed="doQuery")
    language = sent.text("lang")
    if language.lower() not in _LANGUAGES:
        raise InvalidParameter(f"LANG: {language[:32]!r} is not possible", field="LANG", allowed="ADQL")
    media_type(sent)
    most_rows(sent)
    uploads = read_uploads(sent, fetch)
    return read_query(sent.text("query"), [upload.table for upload in uploads]), uploads


def answer(
    parts: Parts, caller: Caller, root: str, sent: Parameters, stopped: Callable[[], bool] = lambda: False
) -> Iterator[bytes]:
    """Return the table that a request asks for.

    Args:
        parts: of the gateway.
        caller: who asks; only what they may see is in the tables.
        root: address of the gateway.
        sent: the request.
        stopped: whether nobody waits any more.

    Raises:
        InvalidRequest: the request is none that can be answered.
        NotAllowed: the caller has no list of jobs.
    """
    (query, uploads), most = check(sent, parts.far_tables.fetch), most_rows(sent)
    rows = parts.observations.rows(caller, root) if OBSCORE in query.tables else ()
    columns, found = run(query, rows, most, stopped, uploads)
    return votable.votable(
        with_identifiers(columns),
        found,
        most=most,
        infos=[Info("QUERY", sent.text("query")[:2000])],
        resources=[links_descriptor(root)] if any(column.name == _DID for column in columns) else [],
    )


def links_descriptor(root: str) -> str:
    """Return how a client finds everything that belongs to a row: by its ``obs_publisher_did``."""
    column = text_column("ID", ucd="meta.id;meta.main", description="identifier of the file, or of its job")
    return descriptor(
        "links",
        f"{root}/vo/datalink/links",
        "All files of the job, with previews, logs and provenance",
        [votable.parameter(column, ref=_DID)],
        standard="ivo://ivoa.net/std/DataLink#links-1.1",
        content_type=votable.DATALINK_TYPE,
    )


def with_identifiers(columns: Iterable[Column]) -> list[Column]:
    """Return columns; that of identifiers has the ID by which the descriptor refers to it."""
    return [column._replace(identifier=_DID) if column.name == _DID else column for column in columns]
