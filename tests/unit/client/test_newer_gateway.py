"""A client goes on when the gateway becomes newer than it: what it does not know is left out."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mesh.states import JobState, UnitState
from tests.unit.client.conftest import Service
from tests.unit.gateway.doubles import key_of, stage_product, unit_row

_LABEL = "201600270010.001"
_OPEN = {"counts", "stages", "steps", "links", "products_by_stage"}


def _with_news(content: Any) -> Any:
    """Return JSON in which every object has a field more, but for those whose names are content."""
    if isinstance(content, dict):
        inner = {name: value if name in _OPEN else _with_news(value) for name, value in content.items()}
        return {**inner, "added_in_3026": {"x": 1}}
    return [_with_news(entry) for entry in content] if isinstance(content, list) else content


class _Newer:
    """The application as a later version might answer: more fields, and an event of a new kind."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start: Message = {}
        instruments = "/instruments" in scope.get("path", "")

        async def change(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            kind = dict(start["headers"]).get(b"content-type", b"") if start else b"stream"
            body = message.get("body", b"")
            if kind == b"application/json" and not instruments:
                body = json.dumps(_with_news(json.loads(body))).encode()
            elif b"data: " in body:
                body = re.sub(rb"data: (\{.*\})", lambda found: b"data: " + _news_of(found[1]), body)
                body = b'event: forecast\r\ndata: {"of": "the future"}\r\n\r\n' + body
            if start:
                left_out = [entry for entry in start["headers"] if entry[0] != b"content-length"]
                await send({**start, "headers": left_out})
                start = {}
            await send({**message, "body": body})

        await self._app(scope, receive, change if scope["type"] == "http" else send)


def _news_of(text: bytes) -> bytes:
    return json.dumps(_with_news(json.loads(text))).encode()


def test_a_job_is_submitted_watched_and_saved(service: Service, tmp_path: Path) -> None:
    content = b"mosaic"
    service.products.files[key_of("mosaic", "job"), "mosaic.fits"] = content
    service.app = _Newer(service.app)  # type: ignore[assignment]
    job = service.mesh().isgri.image(scws=[_LABEL], wait=False)
    service.records.plan(job.id, [_LABEL])
    service.records.move(job.id, unit_row("image", _LABEL, UnitState.DONE))
    product = stage_product("mosaic", "job", {"mosaic.fits": hashlib.sha256(content).hexdigest()})
    service.records.finish(job.id, products=(product,), products_total=1)

    progress = list(job.watch())
    assert progress[-1].view.state is JobState.COMPLETED
    assert {row.label for row in progress[-1].rows.values()} == {_LABEL, "job"}
    job.download(tmp_path)
    assert [path.read_bytes() for path in tmp_path.rglob("mosaic.fits")] == [content]
