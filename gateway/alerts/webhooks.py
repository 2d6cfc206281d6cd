"""Webhooks that the mesh sends: operators register addresses, try them out, and see what became of messages."""

import re
import time
from typing import Annotated

from fastapi import APIRouter, Path, Response, status
from pydantic import BaseModel, ConfigDict, Field

from gateway.alerts.register import WebhookRegister
from gateway.api.documents import PREFIX
from gateway.api.fronted import note
from gateway.calling import Calling, Traced
from gateway.parts import Given, Parts
from gateway.problem import Problem, Refusal
from mesh.contracts.webhook import WebhookDelivery, WebhookEndpoint
from mesh.errors import NotFound
from mesh.intake import Caller
from mesh.intake.caller import check_operator
from mesh.parameters import shown

_DELIVERY = re.compile(r"[0-9a-f]{32}")
Name = Annotated[str, Path(max_length=32)]

router = APIRouter(
    prefix=PREFIX,
    tags=["alerts"],
    responses={404: {"model": Problem, "content": {"application/problem+json": {}}, "description": "no such thing"}},
)


class EndpointWish(BaseModel):
    """An address to which messages are to be posted."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=64, examples=["treasure-map"])
    url: str = Field(max_length=4000, examples=["https://broker.example.org/hooks/odamesh"])
    topics: tuple[Annotated[str, Field(max_length=200)], ...] = Field(
        default=(), max_length=20, description="topics of real events, * stands for anything; none: all"
    )
    tests: bool = Field(default=False, description="whether it also gets what concerns tests")


class RotationWish(BaseModel):
    """How long the secrets before sign as well."""

    model_config = ConfigDict(extra="forbid")

    hours: float = Field(default=24.0, ge=0, le=24 * 30)


class EndpointDocument(BaseModel):
    """An endpoint; its secrets are told when they are made, and never again."""

    name: str
    url: str
    topics: tuple[str, ...]
    tests: bool
    added: str
    added_by: str
    disabled: str = Field(description="UTC since when nothing is posted; empty: it is")
    why_disabled: str
    waiting: int = Field(description="messages that wait to be posted")
    secret: str | None = Field(default=None, description="the new secret, once")


class DeliveryDocument(BaseModel):
    """A message for an endpoint."""

    delivery_id: str
    topic: str
    event_key: str
    state: str = Field(description="waiting, delivered or given-up")
    tries: int
    next_try: str | None
    status: int | None = Field(description="of the last answer")
    text: str


@router.get("/alerts/webhooks")
def endpoints(parts: Given, caller: Calling) -> list[EndpointDocument]:
    """List the endpoints, by name; for operators."""
    register = _register(parts, caller)
    return [_document(register, one) for one in register.webhooks.endpoints()]


@router.post("/alerts/webhooks", status_code=status.HTTP_201_CREATED)
def add(wish: EndpointWish, parts: Given, caller: Calling, trace: Traced) -> EndpointDocument:
    """Register an endpoint; the answer has its secret, which is told no second time. For operators."""
    register = _register(parts, caller)
    made = register.add(wish.name, wish.url, wish.topics, tests=wish.tests, caller=caller.name)
    note(parts, caller, "webhook-add", trace, about=made.name, detail=made.url)
    return _document(register, made, secret=made.secrets[0].secret)


@router.delete("/alerts/webhooks/{name}", status_code=status.HTTP_204_NO_CONTENT)
def remove(name: Name, parts: Given, caller: Calling, trace: Traced) -> Response:
    """Remove an endpoint with what waits for it; for operators."""
    _register(parts, caller).remove(name)
    note(parts, caller, "webhook-remove", trace, about=name)
    return Response(status_code=status.HTTP_204_NO_CONTENT)


@router.post("/alerts/webhooks/{name}/rotate")
def rotate(name: Name, wish: RotationWish, parts: Given, caller: Calling, trace: Traced) -> EndpointDocument:
    """Give an endpoint a new secret; the one before signs as well for some hours. For operators."""
    register = _register(parts, caller)
    made = register.rotate(name, wish.hours * 3600, time.time())
    note(parts, caller, "webhook-rotate", trace, about=name)
    return _document(register, made, secret=made.secrets[0].secret)


@router.post("/alerts/webhooks/{name}/enable")
def enable(name: Name, parts: Given, caller: Calling, trace: Traced) -> EndpointDocument:
    """Post to a disabled endpoint again, first what waited; for operators."""
    register = _register(parts, caller)
    made = register.enable(name)
    note(parts, caller, "webhook-enable", trace, about=name)
    return _document(register, made)


@router.post("/alerts/webhooks/{name}/test", status_code=status.HTTP_202_ACCEPTED)
def test(name: Name, parts: Given, caller: Calling, trace: Traced) -> DeliveryDocument:
    """Have a message posted that says nothing; its delivery tells what came of it. For operators."""
    delivery = _register(parts, caller).try_out(name)
    note(parts, caller, "webhook-test", trace, about=name)
    return _delivery(delivery)


@router.get("/alerts/webhooks/{name}/deliveries/{delivery_id}")
def delivery(name: Name, delivery_id: str, parts: Given, caller: Calling) -> DeliveryDocument:
    """Tell what became of a message for an endpoint; for operators."""
    register = _register(parts, caller)
    if not _DELIVERY.fullmatch(delivery_id):
        raise NotFound(f"There is no message {shown(delivery_id)}: its id has 32 hexadecimal digits.")
    return _delivery(register.delivery(name, delivery_id))


def _register(parts: Parts, caller: Caller) -> WebhookRegister:
    check_operator(caller)
    if parts.webhooks is None:
        raise Refusal("not-found", "This gateway sends no webhooks.")
    return parts.webhooks


def _document(register: WebhookRegister, endpoint: WebhookEndpoint, secret: str | None = None) -> EndpointDocument:
    told = endpoint.model_dump(include=set(EndpointDocument.model_fields))
    return EndpointDocument(**told, waiting=register.index.waiting(endpoint.name), secret=secret)


def _delivery(delivery: WebhookDelivery) -> DeliveryDocument:
    state = "delivered" if delivery.delivered else "given-up" if delivery.ended else "waiting"
    next_try = None if delivery.ended else delivery.next_try
    told = delivery.model_dump(include={"delivery_id", "topic", "event_key", "tries", "status", "text"})
    return DeliveryDocument(**told, state=state, next_try=next_try)
