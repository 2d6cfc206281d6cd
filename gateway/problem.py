"""Errors as RFC 9457 problem documents that name the field and what it may hold."""

import http
import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from gateway import metrics
from gateway.auth.errors import IssuerUnavailable
from gateway.auth.pace import fast_fields, quota_fields
from mesh.errors import (
    BrokerUnavailable,
    ContractViolation,
    Deleted,
    InstrumentUnavailable,
    InvalidParameter,
    InvalidRequest,
    InvalidSelection,
    NotFound,
    StoreUnavailable,
    TransientFailure,
    UnknownInstrument,
    UnknownParameter,
    UnknownProduct,
    WatcherUnavailable,
)
from mesh.intake.errors import (
    JobFinal,
    JobStarted,
    KeyReused,
    NotAllowed,
    PlanningBehind,
    Refused,
    RoleMissing,
    TooFast,
    TooManyUsers,
    TooMuchWaiting,
    WishRefused,
)
from mesh.intake.quota import Usage

_log = structlog.get_logger("gateway")

_Error = TypeVar("_Error", bound=Exception)

MEDIA_TYPE = "application/problem+json"


class Kind(NamedTuple):
    """One kind of problem: its address ends with *name*, under which ``/api/v1/problems`` explains it."""

    name: str
    status: int
    title: str
    advice: str


_UNAVAILABLE_ADVICE = "Nothing is lost: send the same request again after the time in Retry-After."

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind("malformed", 400, "The body cannot be read", "Send one JSON object, UTF-8, with its own media type."),
            Kind("not-json", 415, "The body is not declared as JSON", "Send it with Content-Type: application/json."),
            Kind(
                "too-large",
                413,
                "The body is too long",
                "Ask in several requests (ODAMESH_LIMIT_BODY_BYTES).",
            ),
            Kind("unknown-host", 421, "Unknown host", "Use one of its names (ODAMESH_GATEWAY_HOSTS)."),
            Kind("too-many-streams", 429, "Too many streams", "Close one, or look at the job now and then instead."),
            Kind("invalid-request", 422, "The request is not valid", "Each entry of errors names a field to change."),
            Kind("unknown-instrument", 422, "Unknown instrument", "/api/v1/instruments lists those of this mesh."),
            Kind("unknown-product", 422, "Unknown product", "/api/v1/instruments/{name} lists its products."),
            Kind("unknown-parameter", 422, "Unknown parameter", "/api/v1/instruments/{name} lists its parameters."),
            Kind("invalid-parameter", 422, "Invalid parameter", "Bring the value into the allowed range."),
            Kind("invalid-selection", 422, "Invalid selection", "Select by a list of windows, or by a time range."),
            Kind("ambiguous-name", 422, "The name is ambiguous", "Write one of the names that errors lists."),
            Kind("not-found", 404, "Not found", "Check the address; a job is known by the id in its Location."),
            Kind("method-not-allowed", 405, "Method not allowed", "See /docs for what this address takes."),
            Kind("job-deleted", 410, "The job was deleted", "What it asked for can be asked for again."),
            Kind("product-removed", 410, "The product was removed", "Ask for it again: the same key, the same bytes."),
            Kind("job-final", 409, "The job has ended", "An ended job cannot be cancelled; its record stays."),
            Kind("job-started", 409, "The job has started", "What it asks for stays; ask again with a new job."),
            Kind("idempotency-key-reused", 409, "Idempotency key reused", "Use a new key for another request."),
            Kind(
                "too-much-waiting", 429, "Too much is waiting", "Come again after Retry-After; usage has the numbers."
            ),
            Kind(
                "too-many-users", 429, "Too many users", "Come again tomorrow, or ask under a name that was used today."
            ),
            Kind(
                "too-many-requests",
                429,
                "Too many requests",
                "Come again after Retry-After; RateLimit has the numbers.",
            ),
            Kind(
                "not-signed-in", 401, "Not signed in", "Send a token that counts: odamesh login, or docs/accounts.md."
            ),
            Kind("not-allowed", 403, "Not allowed", "Ask the owner of the job, or an operator."),
            Kind("role-missing", 403, "A role is missing", "Ask the operators of this mesh for the role."),
            Kind("cross-site", 403, "Sent by another site", "Use the page of this gateway, or a program."),
            Kind("no-accounts", 409, "No accounts", "This mesh asks nobody who they are (ODAMESH_GATEWAY_ACCOUNTS)."),
            Kind("issuer-unavailable", 503, "An issuer of tokens does not answer", "Send the same again in a moment."),
            Kind("takes-longer", 503, "This takes longer", "Follow its job, or send the same again later."),
            Kind("analysis-failed", 400, "The analysis failed", "The detail says why."),
            Kind("behind", 503, "Planning lags behind", _UNAVAILABLE_ADVICE),
            Kind("store-unavailable", 503, "The store does not answer", _UNAVAILABLE_ADVICE),
            Kind("broker-unavailable", 503, "The message broker does not answer", _UNAVAILABLE_ADVICE),
            Kind("watcher-unavailable", 503, "Alertmanager does not answer", "`odamesh stack up` starts it."),
            Kind("letter-stays", 409, "This letter cannot be sent again here", "Use odamesh dead retry, or drop it."),
            Kind("instrument-unavailable", 503, "The instrument is set up wrongly", "Tell its operator."),
            Kind(
                "alert-malformed", 400, "The alert cannot be read", "Send one VOEvent, JSON object or Avro container."
            ),
            Kind("alert-not-usable", 422, "The alert names no event or no time", "docs/alerts.md says what it needs."),
            Kind("alert-too-large", 413, "The sky map is too large", "Send a multi-order map, or larger pixels."),
            Kind("alert-format", 415, "The alert has another format", "VOEvent, JSON or Avro, not packed."),
            Kind("stream-not-allowed", 403, "Not a stream of this sender", "Ask the operators of this mesh."),
            Kind("sender-ended", 410, "This sender is to stop", "Ask the operators of this mesh."),
            Kind("internal", 500, "Unexpected error", "Tell the operators the request id; the log has the details."),
        )
    }
)

_ERRORS_LIMIT = 20
_FIELD_LENGTH = 200
_DETAIL_LENGTH, _INSTANCE_LENGTH = 4000, 1000
"""What a caller sent is repeated up to here: an answer is never much longer than its sentence."""
_BODY_PROBLEMS = {400: "malformed", 413: "too-large"}

_REFUSALS: Mapping[type[Refused], str] = {
    TooMuchWaiting: "too-much-waiting",
    TooManyUsers: "too-many-users",
    PlanningBehind: "behind",
    KeyReused: "idempotency-key-reused",
    JobFinal: "job-final",
    JobStarted: "job-started",
    NotAllowed: "not-allowed",
    RoleMissing: "role-missing",
    TooFast: "too-many-requests",
}

_BY_ERROR: tuple[tuple[type[Exception], str], ...] = (
    (UnknownInstrument, "unknown-instrument"),
    (UnknownProduct, "unknown-product"),
    (UnknownParameter, "unknown-parameter"),
    (InvalidParameter, "invalid-parameter"),
    (InvalidSelection, "invalid-selection"),
    (InvalidRequest, "invalid-request"),
)


class _ProblemResponse(JSONResponse):
    """A problem document; texts that are not Unicode, which a caller may have sent, are escaped."""

    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str = Field(examples=["parameters.bands[0]"])
    detail: str
    allowed: str | None = None
    type: str = Field(description="name of the kind of problem", examples=["invalid-parameter"])


class Problem(BaseModel):
    """Problem document of RFC 9457, with one entry in *errors* for every field to change."""

    type: str = Field(examples=["/api/v1/problems/invalid-parameter"])
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: tuple[FieldError, ...] = ()
    usage: Usage | None = None
    """Where a limit was reached."""
    request_key: str | None = None
    """Where a job was deleted: what it asked for."""
    role: str | None = None
    """Where a role is missing: its name."""


class Refusal(Exception):
    """An endpoint's way to answer with a problem.

    Args:
        name: one of `KINDS`.
        detail: what is wrong and what to do, for a person.
        retry_after: seconds after which the same request may succeed; None: never.
        headers: further ones of the answer.
        errors: an entry for each field to change.
    """

    def __init__(
        self,
        name: str,
        detail: str,
        *,
        retry_after: int | None = None,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[FieldError] = (),
    ) -> None:
        super().__init__(detail)
        self.kind = KINDS[name]
        self.errors = tuple(errors)
        self.detail = detail
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(retry_after)


def field_error(error: InvalidRequest) -> FieldError:
    """Return the entry of one refused field."""
    name = next(name for kind, name in _BY_ERROR if isinstance(error, kind))
    return FieldError(field=error.field, detail=error.text, allowed=error.allowed, type=name)


def answer(
    request: Request,
    kind: Kind,
    detail: str,
    errors: Sequence[FieldError] = (),
    *,
    headers: Mapping[str, str] | None = None,
    usage: Usage | None = None,
    request_key: str | None = None,
    role: str | None = None,
) -> JSONResponse:
    """Return the response of one problem."""
    metrics.REFUSALS.labels(kind.name or str(kind.status)).inc()
    address = f"{request.scope.get('root_path', '')}/api/v1/problems/{kind.name}"
    problem = Problem(
        type=address if kind.name else "about:blank",
        title=kind.title,
        status=kind.status,
        detail=detail[:_DETAIL_LENGTH],
        instance=request.url.path[:_INSTANCE_LENGTH],
        request_id=request.scope.get("state", {}).get("request_id", ""),
        errors=tuple(errors),
        usage=usage,
        request_key=request_key,
        role=role,
    )
    return _ProblemResponse(problem.model_dump(), status_code=kind.status, headers=headers)


def install(app: FastAPI) -> None:
    """Make *app* answer every error with a problem document."""
    _on(app, Refusal, _refusal)
    _on(app, WishRefused, _wish)
    _on(app, Refused, refused)
    _on(app, InvalidRequest, _invalid)
    _on(app, RequestValidationError, _validation)
    _on(app, Deleted, _deleted)
    _on(app, NotFound, _not_found)
    _on(app, InstrumentUnavailable, _instrument)
    _on(app, TransientFailure, unavailable)
    _on(app, ContractViolation, unexpected)
    _on(app, HTTPException, _http)


def _on(app: FastAPI, kind: type[_Error], handler: Callable[[Request, _Error], JSONResponse]) -> None:
    # The framework's own type promises less than it does: a handler is called with its kind of exception only.
    app.add_exception_handler(kind, cast("Callable[[Request, Exception], JSONResponse]", handler))


def _refusal(request: Request, error: Refusal) -> JSONResponse:
    return answer(request, error.kind, error.detail, error.errors, headers=error.headers)


def refused(request: Request, error: Refused) -> JSONResponse:
    """Return the problem of what is not taken or not done."""
    kind = KINDS[_REFUSALS[type(error)]]
    seconds, usage = getattr(error, "seconds", None), getattr(error, "usage", None)
    headers = {"Retry-After": str(seconds)} if seconds is not None else {}
    if isinstance(error, TooMuchWaiting) and usage is not None:
        headers |= quota_fields(usage, error.seconds)
    if isinstance(error, TooFast):
        headers |= fast_fields(error)
    return answer(request, kind, str(error), headers=headers, usage=usage, role=getattr(error, "role", None))


def _wish(request: Request, error: WishRefused) -> JSONResponse:
    errors = [field_error(entry) for entry in error.errors]
    kinds = {entry.type for entry in errors}
    kind = KINDS[kinds.pop() if len(kinds) == 1 else "invalid-request"]
    return answer(request, kind, _summary(errors), errors)


def _invalid(request: Request, error: InvalidRequest) -> JSONResponse:
    entry = field_error(error)
    return answer(request, KINDS[entry.type], entry.detail, [entry])


def _validation(request: Request, error: RequestValidationError) -> JSONResponse:
    details = error.errors()
    if any(detail["type"] == "json_invalid" for detail in details):
        return answer(request, KINDS["malformed"], "The body is not valid JSON.")
    sent = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if any(tuple(detail["loc"]) == ("body",) for detail in details) and not _is_json(sent):
        said = f"The body was sent as {sent[:64]!r}" if sent else "The body was sent without a Content-Type"
        detail = f"{said}; send JSON, with Content-Type: application/json (curl: -H 'Content-Type: application/json')."
        return answer(request, KINDS["not-json"], detail)
    errors = [
        FieldError(
            field=_field(detail["loc"]),
            detail=f"{_field(detail['loc'])}: {_plain(detail['msg'])}",
            type="invalid-request",
        )
        for detail in details[:_ERRORS_LIMIT]
    ]
    return answer(request, KINDS["invalid-request"], _summary(errors), errors)


def _not_found(request: Request, error: NotFound) -> JSONResponse:
    return answer(request, KINDS["not-found"], str(error))


def _deleted(request: Request, error: Deleted) -> JSONResponse:
    again = f"{request.scope.get('root_path', '')}/api/v1/requests/{error.request_key}/jobs"
    detail = f"{str(error)[0].upper()}{str(error)[1:]}; POST {again} has the same made again."
    return answer(request, KINDS["job-deleted"], detail, request_key=error.request_key)


def _instrument(request: Request, error: InstrumentUnavailable) -> JSONResponse:
    return answer(request, KINDS["instrument-unavailable"], error.text)


def unavailable(request: Request, error: TransientFailure | IssuerUnavailable) -> JSONResponse:
    """Return the problem of a part that is out of reach."""
    # The text of the error may name hosts and accounts: it goes to the log only.
    _log.warning("unavailable", error=str(error), kind=type(error).__name__)
    name = "broker-unavailable" if isinstance(error, BrokerUnavailable) else "store-unavailable"
    if isinstance(error, IssuerUnavailable):
        name = "issuer-unavailable"
    elif isinstance(error, WatcherUnavailable):
        name = "watcher-unavailable"
    elif not isinstance(error, (BrokerUnavailable, StoreUnavailable)):
        _log.error("unexpected transient failure", kind=type(error).__name__)
    kind = KINDS[name]
    return answer(request, kind, f"{kind.title}. {kind.advice}", headers={"Retry-After": "2"})


def _http(request: Request, error: HTTPException) -> JSONResponse:
    if error.status_code in _BODY_PROBLEMS:
        kind = KINDS[_BODY_PROBLEMS[error.status_code]]
        return answer(request, kind, f"{kind.title}. {kind.advice}", headers=error.headers)
    known = {404: "not-found", 405: "method-not-allowed"}
    if error.status_code in known:
        kind = KINDS[known[error.status_code]]
        return answer(
            request, kind, f"{request.method} {request.url.path}: {kind.title.lower()}.", headers=error.headers
        )
    title = http.HTTPStatus(error.status_code).phrase
    return answer(request, Kind("", error.status_code, title, ""), str(error.detail), headers=error.headers)


def unexpected(request: Request, error: Exception) -> JSONResponse:
    """Log what nobody expected, and return a problem that tells nothing of it but the request id."""
    _log.error("unexpected error", exc_info=error)
    kind = KINDS["internal"]
    return answer(request, kind, kind.advice)


def _is_json(media_type: str) -> bool:
    return media_type == "application/json" or (media_type.startswith("application/") and media_type.endswith("+json"))


def _field(location: Sequence[str | int]) -> str:
    text = ""
    for part in location[1:] if location and location[0] in {"body", "query", "path", "header"} else location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text[:_FIELD_LENGTH] or "body"


def _plain(text: str) -> str:
    """Return a message of the validator in the words of JSON."""
    return text.replace("valid tuple", "list").replace("valid dictionary", "JSON object")


def _summary(errors: Sequence[FieldError]) -> str:
    if len(errors) == 1:
        return errors[0].detail
    fields = ", ".join(dict.fromkeys(entry.field for entry in errors))
    return f"{len(errors)} errors, each explained in errors: {fields}"
