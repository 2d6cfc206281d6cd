"""Posting an alert: who may, and what the sender is answered."""

import time
from collections.abc import Callable
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Header, Request, Response, status

from gateway.alerts import metrics
from gateway.alerts.documents import ReceiptDocument, receipt_document
from gateway.alerts.signatures import NotSigned, is_signed, sender_of
from gateway.api.documents import PREFIX, root
from gateway.auth.front import Front
from gateway.calling import Calling
from gateway.parts import Given, Parts
from gateway.problem import Problem, Refusal
from mesh import tracing
from mesh.alerts.errors import NoticeRefused
from mesh.contracts import Lane
from mesh.intake import Caller
from mesh.intake.alerts import KINDS, AlertIntake, IdReused, StreamNotAllowed, Taken, allowed_streams
from mesh.intake.caller import check_submit

_PROBLEM: dict[str, Any] = {"model": Problem, "content": {"application/problem+json": {}}}
_TYPES = frozenset(
    {"application/json", "application/xml", "text/xml", "application/x-voevent+xml", "application/avro", "avro/binary"}
    | {"application/octet-stream", "application/vnd.apache.avro", "application/x-avro", ""}
)
_LARGE_BYTES = 64 * 1024
_large, _small = CapacityLimiter(16), CapacityLimiter(16)
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="odamesh"'}

router = APIRouter(prefix=PREFIX, tags=["alerts"])


@router.post(
    "/alerts",
    status_code=status.HTTP_202_ACCEPTED,
    responses={
        200: {"model": ReceiptDocument, "description": "the same content came before: its first receipt"},
        400: {**_PROBLEM, "description": "broken XML, JSON or Avro; says where"},
        401: {**_PROBLEM, "description": "no credential or signature, or one that does not count"},
        403: {**_PROBLEM, "description": "not allowed to post alerts, or none of this stream"},
        409: {**_PROBLEM, "description": "the webhook-id or Idempotency-Key belongs to another message"},
        410: {**_PROBLEM, "description": "this sender is to stop"},
        413: {**_PROBLEM, "description": "the body, or its sky map, is too large"},
        415: {**_PROBLEM, "description": "neither VOEvent nor JSON nor Avro, or packed"},
        422: {**_PROBLEM, "description": "no usable id of an event, or no time"},
        503: {**_PROBLEM, "description": "store or broker out of reach; send it again after Retry-After"},
    },
    openapi_extra={"requestBody": {"required": True, "content": {kind: {} for kind in sorted(_TYPES - {""})}}},
)
async def post(
    *,
    request: Request,
    response: Response,
    parts: Given,
    caller: Calling,
    idempotency_key: Annotated[str | None, Header(max_length=200, description="each message has its own")] = None,
) -> ReceiptDocument:
    """Post an alert: VOEvent 1.1 or 2.0, LVK's JSON or Avro, or JSON after GCN's unified schema.

    The answer comes when the message is stored, before anything is computed. Sending the same again is harmless.
    """
    if not is_signed(request.headers):
        _check_caller(parts, caller)
    _check_type(request)
    body = await request.body()
    began = time.monotonic()
    ident = request.headers.get("webhook-id") or idempotency_key
    taken = await to_thread.run_sync(_take, request, parts, caller, body, ident, limiter=_turn(len(body)))
    document = receipt_document(
        root(request), taken.receipt, "taken-up" if taken.taken_up else "queued", duplicate=taken.duplicate
    )
    response.headers["Location"] = document.links["self"]
    if taken.duplicate:
        response.status_code = status.HTTP_200_OK
    metrics.ACK_SECONDS.observe(time.monotonic() - began, tracing.exemplar())
    return document


def _turn(size: int) -> CapacityLimiter:
    """Return whose turn a post waits for: who comes first is answered first, and nobody waits for large ones of others.

    Most of its turn a post waits for store and broker to have it on disk. With fewer turns the machine waits as well;
    with more of them, all would wait for the last.
    """
    return _large if size > _LARGE_BYTES else _small


def alerts_of(parts: Parts) -> AlertIntake:
    """Return the intake of alerts."""
    if parts.alerts is None:
        raise Refusal("not-found", "This gateway takes no alerts.")
    return parts.alerts


def _take(request: Request, parts: Parts, caller: Caller, body: bytes, ident: str | None) -> Taken:
    sender, allows = _sender(request, parts, caller, body)
    try:
        return alerts_of(parts).take(body, sender, ident=ident, allows=allows)
    except NoticeRefused as error:
        raise Refusal(KINDS[type(error)], f"{str(error)[0].upper()}{str(error)[1:]}.") from error
    except IdReused as error:
        raise Refusal("idempotency-key-reused", str(error)) from error
    except StreamNotAllowed as error:
        raise Refusal("stream-not-allowed", str(error)) from error


def _check_caller(parts: Parts, caller: Caller) -> None:
    """Refuse who may not post, before the body is read."""
    if parts.front is not None and caller.anonymous:
        detail = "Post alerts with a signature (webhook-signature), or the token of an account with the role alerts."
        raise Refusal("not-signed-in", detail, headers=_CHALLENGE)
    check_submit(caller, Lane.ALERT)


def _sender(request: Request, parts: Parts, caller: Caller, body: bytes) -> tuple[str, Callable[[str], bool]]:
    """Return who sends, and what says which streams they may send."""
    if parts.front is None or not is_signed(request.headers):
        return caller.name, lambda _: True
    front: Front = parts.front
    senders = front.access().senders
    try:
        name = sender_of(request.headers, body, {name: one.secrets for name, one in senders.items()})
    except NotSigned as error:
        front.pace.refused(caller.address)
        text = str(error)
        raise Refusal("not-signed-in", f"{text[0].upper()}{text[1:]}.", headers=_CHALLENGE) from error
    if senders[name].ended:
        raise Refusal("sender-ended", f"The sender {name} is to stop: its operator has ended it.")
    return f"sender {name}", allowed_streams(senders[name].streams)


def _check_type(request: Request) -> None:
    packed = request.headers.get("Content-Encoding", "identity").strip().lower()
    if packed not in {"identity", ""}:
        raise Refusal("alert-format", f"The body was sent with Content-Encoding {packed[:32]!r}: send it unpacked.")
    sent = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if sent not in _TYPES and not sent.endswith(("+json", "+xml")):
        allowed = ", ".join(sorted(_TYPES - {""}))
        raise Refusal("alert-format", f"The body was sent as {sent[:64]!r}; allowed: {allowed}.")
