"""What the mesh says of events, as feeds: Atom (RFC 4287) and JSON Feed 1.1; the one that was made last is first."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from lxml import etree

from gateway.alerts.posting import alerts_of
from gateway.api.documents import PREFIX, root
from gateway.parts import Given
from mesh.clock import instant_at
from mesh.contracts.transient import TransientRecord
from mesh.errors import NotFound
from mesh.intake.alerts import AlertIntake

_ATOM = "http://www.w3.org/2005/Atom"
_TYPES = {"atom": "application/atom+xml", "json": "application/feed+json"}
_TITLES = {False: "Transients, as odamesh sees them", True: "Tests and transients, as odamesh sees them"}
_LISTED = 50

router = APIRouter(prefix=PREFIX, tags=["alerts"])


@dataclass(frozen=True)
class _Entry:
    """One event in a feed.

    Args:
        link: where it is told of.
        record: what was published of it last.
        withdrawn: whether that took back what was published before.
    """

    link: str
    record: TransientRecord
    withdrawn: bool

    @property
    def title(self) -> str:
        record = self.record
        names = " ".join(dict.fromkeys((record.event_key, *record.names)))
        state = "retracted" if record.state == "RETRACTED" else "withdrawn" if self.withdrawn else ""
        return ": ".join(part for part in (f"{names} ({record.messenger.value})", state) if part)

    @property
    def text(self) -> str:
        return (self.record.why or self.record.why_test) if self.withdrawn else self.record.answer


@router.get(
    "/alerts/feed.{form}",
    responses={200: {"content": {kind: {} for kind in _TYPES.values()}}, 304: {"description": "nothing has changed"}},
    response_class=Response,
)
def feed(
    *,
    form: Literal["atom", "json"],
    request: Request,
    parts: Given,
    tests: bool = Query(default=False, description="also what concerns mocks, tests and injections"),
) -> Response:
    """Return what was published of events, as a feed."""
    alerts = alerts_of(parts)
    lines = alerts.index.newest_public(_LISTED, tests=tests)
    here = f"{request.url.scheme}://{request.url.netloc}{root(request)}/alerts"
    told = f"{here} {form} {tests} {[(one['event_key'], one['public']) for one in lines]}"
    headers = {"ETag": f'"{sha256(told.encode()).hexdigest()[:32]}"', "Cache-Control": "private, no-cache"}
    known = [one.strip().removeprefix("W/") for one in request.headers.get("If-None-Match", "").split(",")]
    if headers["ETag"] in known or "*" in known:
        return Response(status_code=304, headers=headers)
    entries = [entry for line in lines if (entry := _entry(alerts, here, line)) is not None]
    own = f"{here}/feed.{form}{'?tests=true' if tests else ''}"
    if form == "json":
        return JSONResponse(_json(own, here, entries, tests=tests), headers=headers, media_type=_TYPES[form])
    return Response(_atom(own, here, entries, tests=tests), headers=headers, media_type=_TYPES[form])


def _entry(alerts: AlertIntake, here: str, line: dict[str, Any]) -> _Entry | None:
    key, public = str(line["event_key"]), int(line["public"])
    try:
        record = alerts.alerts.record(key, abs(public))
    except NotFound:
        return None
    return _Entry(f"{here}/events/{quote(key, safe=':')}", record, withdrawn=public < 0)


def _json(own: str, here: str, entries: list[_Entry], *, tests: bool) -> dict[str, Any]:
    """Return a feed as JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": _TITLES[tests],
        "home_page_url": f"{here}/events",
        "feed_url": own,
        "items": [
            {
                "id": one.link,
                "url": f"{one.link}/record",
                "title": one.title,
                "content_text": one.text,
                "date_modified": one.record.made,
                "tags": _tags(one),
                "_odamesh": {
                    "event_key": one.record.event_key,
                    "version": one.record.version,
                    "state": "WITHDRAWN" if one.withdrawn and one.record.state == "ACTIVE" else one.record.state,
                    "test": one.record.test,
                    "trigger_time": one.record.trigger_time,
                },
            }
            for one in entries
        ],
    }


def _atom(own: str, here: str, entries: list[_Entry], *, tests: bool) -> bytes:
    feed = etree.Element(f"{{{_ATOM}}}feed", nsmap={None: _ATOM})  # type: ignore[dict-item]
    _add(feed, "id", own)
    _add(feed, "title", _TITLES[tests])
    _add(feed, "updated", max((one.record.made for one in entries), default=instant_at(0)))
    _add(feed, "link", href=own, rel="self", type=_TYPES["atom"])
    _add(feed, "link", href=f"{here}/events", rel="alternate", type="application/json")
    _add(_add(feed, "author"), "name", "odamesh")
    for one in entries:
        entry = _add(feed, "entry")
        _add(entry, "id", one.link)
        _add(entry, "title", one.title)
        _add(entry, "updated", one.record.made)
        _add(entry, "link", href=f"{one.link}/record", rel="alternate", type="application/json")
        for tag in _tags(one):
            _add(entry, "category", term=tag)
        _add(entry, "content", one.text, type="text")
    return etree.tostring(feed, xml_declaration=True, encoding="utf-8")


def _add(parent: Any, name: str, text: str | None = None, **attributes: str) -> Any:
    made = etree.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
    if text is not None:
        made.text = "".join(sign for sign in text if sign.isprintable() or sign in "\t\n")
    return made


def _tags(entry: _Entry) -> list[str]:
    seen = [one.instrument for one in entry.record.instruments if one.status == "data"]
    return [
        entry.record.messenger.value,
        *seen,
        *(["test"] if entry.record.test else []),
        *(["simulated"] if entry.record.simulated else []),
    ]
