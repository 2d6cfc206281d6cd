"""Descriptions of services (VOSI 1.1): what they can do, and whether they do it now."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

from pydantic import AnyUrl
from pydantic_xml import BaseXmlModel
from vo_models.vodataservice.models import ParamHTTP
from vo_models.voresource.models import AccessURL, Capability
from vo_models.vosi.availability import Availability
from vo_models.vosi.capabilities import VOSICapabilities

from gateway.parts import Parts
from mesh.errors import NotFound, TransientFailure

Use = Literal["full", "base"]

_NO_JOB = "0" * 32
_SINCE = datetime.now(UTC)


def capability(standard: str, address: str, *, version: str | None = None, use: Use = "full") -> Capability:
    """Return a capability.

    Args:
        standard: identifier of its standard.
        address: where it is.
        version: of the standard that the interface follows.
        use: ``full`` for an address as it is, ``base`` for one to which something is added.
    """
    return Capability(standard_id=AnyUrl(standard), interface=[interface(address, version=version, use=use)])


def interface(address: str, *, version: str | None = None, use: Use = "full") -> ParamHTTP:
    """Return an interface of a capability."""
    return ParamHTTP(role="std", version=version, access_url=[AccessURL(use=use, value=AnyUrl(address))])


def own_capabilities(base: str) -> list[Capability]:
    """Return the capabilities that every service has: those that describe it."""
    return [
        capability("ivo://ivoa.net/std/VOSI#capabilities", f"{base}/capabilities"),
        capability("ivo://ivoa.net/std/VOSI#availability", f"{base}/availability"),
    ]


def capabilities_document(listed: Iterable[Capability]) -> bytes:
    """Return the document of capabilities."""
    return written(VOSICapabilities(capability=list(listed)))


def availability_document(parts: Parts) -> bytes:
    """Return whether a job could be taken now."""
    notes = [] if parts.publisher.ready else ["The message broker does not answer: jobs are kept and begin later."]
    available = True
    try:
        # Looks in Redis, then in MinIO: both have answered when it is not found.
        parts.records.view(_NO_JOB)
    except NotFound:
        pass
    except TransientFailure:
        available, notes = False, ["The store does not answer."]
    return written(Availability(available=available, up_since=_SINCE, note=notes))


def written(document: BaseXmlModel) -> bytes:
    """Return a document as bytes."""
    text = document.to_xml(encoding="UTF-8", xml_declaration=True, skip_empty=True)
    return text if isinstance(text, bytes) else text.encode()
