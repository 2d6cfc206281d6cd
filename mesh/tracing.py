"""Traces: the way of one request through gateway, broker, dispatcher, service, container and store (OpenTelemetry).

Who a message, a call or a log line belongs to is always carried along, as W3C Trace Context says. Spans are made only
where `start` was given a collector: without one, a span costs a look at a variable.
"""

import random
import time
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, cast

from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    NoOpTracer,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    format_span_id,
    format_trace_id,
    get_current_span,
    set_span_in_context,
    use_span,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

HEADER = "traceparent"
"""Name of the header that carries a place in a trace, over HTTP and in messages."""

_FORMAT = TraceContextTextMapPropagator()
_EXPORT_PATH = "/v1/traces"

Attribute = str | int | float | bool


class _Tracing:
    """What this process does with spans."""

    tracer: Tracer = NoOpTracer()
    provider: Any = None
    """Of the SDK, which is loaded only where spans are sent."""


def start(collector: str, share: float, service: str, instance: str = "", *, processor: Any = None) -> None:
    """Make spans from now on, if there is somebody to send them to.

    Args:
        collector: address of what takes OTLP over HTTP, e.g. ``http://127.0.0.1:4318``; empty: nobody.
        share: part of the traces that is sent; by the id of the trace, so that all processes send the same ones.
        service: name of this service.
        instance: name of this process.
        processor: takes the spans instead of the collector, in tests.
    """
    if not collector and processor is None:
        return
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - not loaded where nothing is traced
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.sampling import TraceIdRatioBased  # noqa: PLC0415

    resource = Resource.create({"service.name": f"odamesh-{service}", "service.instance.id": instance})
    provider = TracerProvider(resource=resource, sampler=TraceIdRatioBased(share), shutdown_on_exit=False)
    provider.add_span_processor(processor or _exporter(collector))
    _Tracing.tracer, _Tracing.provider = provider.get_tracer("odamesh"), provider


def stop() -> None:
    """Send what was not sent yet, and make no more spans."""
    provider, _Tracing.provider, _Tracing.tracer = _Tracing.provider, None, NoOpTracer()
    if provider is not None:
        provider.shutdown()


def on() -> bool:
    """Say whether spans are made here."""
    return _Tracing.provider is not None


def _exporter(collector: str) -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    return BatchSpanProcessor(OTLPSpanExporter(endpoint=collector.rstrip("/") + _EXPORT_PATH))


@contextmanager
def request(carrier: Mapping[str, str], name: str) -> Iterator[Span]:
    """Begin a step in the caller's trace, or in a new one where the caller has none."""
    parent = _parent(carrier)
    if on():
        with _Tracing.tracer.start_as_current_span(name, parent, SpanKind.SERVER, record_exception=False) as span:
            yield span
        return
    given = get_current_span(parent).get_span_context()
    # They tell requests apart and hide nothing.
    trace, own = given.trace_id or random.getrandbits(128), random.getrandbits(64)
    with use_span(NonRecordingSpan(SpanContext(trace, own, is_remote=False, trace_flags=TraceFlags()))) as span:
        yield span


@contextmanager
def message(headers: Mapping[str, Any], name: str, **attributes: Attribute) -> Iterator[Span]:
    """Go on in the trace of a message for the duration of its handler."""
    parent = _parent(headers)
    if on():
        kind = SpanKind.CONSUMER
        with _Tracing.tracer.start_as_current_span(name, parent, kind, attributes, record_exception=False) as span:
            yield span
        return
    with use_span(get_current_span(parent)) as span:
        yield span


@contextmanager
def step(name: str, **attributes: Attribute) -> Iterator[Span]:
    """Make a span of a block; what the block does belongs below it."""
    if not on():
        yield get_current_span()
        return
    with _Tracing.tracer.start_as_current_span(name, attributes=attributes) as span:
        yield span


@contextmanager
def call(name: str, **attributes: Attribute) -> Iterator[None]:
    """Make a span of the use of a server. It is never the current one, so that the block may be left half way."""
    if not on():
        yield
        return
    span = _Tracing.tracer.start_span(name, kind=SpanKind.CLIENT, attributes=attributes)
    try:
        yield
    except Exception as error:
        span.set_status(Status(StatusCode.ERROR, type(error).__name__))
        raise
    finally:
        span.end()


def record(name: str, began_ns: int, ended_ns: int, *, within: str = "", **attributes: Attribute) -> None:
    """Make a span of what is over.

    Args:
        name: of the span.
        began_ns: when it began [ns since 1970].
        ended_ns: when it ended [ns since 1970].
        within: place in a trace to which it belongs, as a header has it; empty: the current one.
        attributes: of the span.
    """
    if not on():
        return
    parent = _parent({HEADER: within}) if within else None
    span = _Tracing.tracer.start_span(name, parent, attributes=attributes, start_time=began_ns)
    span.end(max(began_ns, ended_ns))


def publishing(headers: MutableMapping[str, Any], name: str, **attributes: Attribute) -> Span | None:
    """Put a place in the trace into the headers of a message: that of a new span, which the caller ends.

    Headers that have one keep their trace. Returns None where no spans are made.
    """
    if not on():
        if HEADER not in headers and (place := here()):
            headers[HEADER] = place
        return None
    parent = _parent(headers) if HEADER in headers else None
    span = _Tracing.tracer.start_span(name, parent, SpanKind.PRODUCER, attributes)
    _FORMAT.inject(cast("MutableMapping[str, str]", headers), set_span_in_context(span, Context()))
    return span


def here() -> str:
    """Return the current place in a trace, as a header has it; empty: there is none."""
    carrier: dict[str, str] = {}
    _FORMAT.inject(carrier)
    return carrier.get(HEADER, "")


def ids() -> dict[str, str]:
    """Return the ids of the current place for a line of a log; empty where there is none."""
    place = get_current_span().get_span_context()
    if not place.is_valid:
        return {}
    return {"trace_id": format_trace_id(place.trace_id), "span_id": format_span_id(place.span_id)}


def trace_id(place: str) -> str:
    """Return the id of the trace of a place; empty: there is none."""
    found = get_current_span(_parent({HEADER: place})).get_span_context()
    return format_trace_id(found.trace_id) if found.is_valid else ""


def exemplar(place: str = "") -> dict[str, str] | None:
    """Return what a figure names as an example: the trace of a place, or of the current one, if it is sent.

    Args:
        place: as a header has it; empty: the current one.
    """
    if not on():
        return None
    found = get_current_span(_parent({HEADER: place}) if place else None).get_span_context()
    if not (found.is_valid and found.trace_flags.sampled):
        return None
    return {"trace_id": format_trace_id(found.trace_id)}


def happened(what: str, **attributes: Attribute) -> None:
    """Note an event in the current span."""
    if on():
        get_current_span().add_event(what, attributes)


def describe(**attributes: Attribute) -> None:
    """Add attributes to the current span."""
    if on():
        get_current_span().set_attributes(attributes)


def failed(error: BaseException) -> None:
    """Note in the current span how it failed."""
    if on():
        get_current_span().set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {error}"[:200]))


def now_ns() -> int:
    """Return the time as spans have it [ns since 1970]."""
    return time.time_ns()


def _parent(carrier: Mapping[str, Any]) -> Context:
    """Return a context with the place that a carrier names, and with nothing else."""
    place = carrier.get(HEADER, "")
    return _FORMAT.extract({HEADER: place} if isinstance(place, str) else {}, Context())
