"""From a VOEvent to a notice: what all streams have in common; what is particular to one is in `systems`."""

from collections.abc import Callable
from typing import Any

from mesh.alerts.envelope import Envelope, read_envelope
from mesh.alerts.errors import NotUsable
from mesh.alerts.instants import utc
from mesh.alerts.message import Message, content_of_xml
from mesh.alerts.systems import chime, fermi, generic, icecube, integral, lvk_voevent, svom, swift
from mesh.alerts.values import circle
from mesh.contracts.notice import Notice, NoticeKind

Fields = dict[str, Any]
_SYSTEMS: tuple[tuple[Callable[[Envelope], bool], Callable[[Envelope], Fields]], ...] = (
    (lvk_voevent.sends, lvk_voevent.fields),
    (icecube.sends, icecube.fields),
    (fermi.sends, fermi.fields),
    (swift.sends, swift.fields),
    (svom.sends, svom.fields),
    (integral.sends, integral.fields),
    (chime.sends, chime.fields),
    (lambda _: True, generic.fields),
)


def read_voevent(body: bytes) -> Message:
    """Read a VOEvent.

    Raises:
        NoticeRefused: see `mesh.alerts.errors`.
    """
    envelope = read_envelope(body)
    own = next(fields(envelope) for sends, fields in _SYSTEMS if sends(envelope))
    return Message(_notice(envelope, own), content_of_xml(envelope.canonical))


def _notice(envelope: Envelope, own: Fields) -> Notice:
    issued, remarks = envelope.issued
    hows = {one.how for one in envelope.cites}
    kind = own.pop("kind", NoticeKind.INITIAL)
    if "retraction" in hows:
        kind = NoticeKind.RETRACTION
    kind, test, why_test = _by_role(envelope.role, kind, own)
    containment, systematic = own.pop("containment", 0.9), own.pop("systematic", None)
    position, odd = (
        circle(*envelope.place, containment=containment, systematic=systematic) if envelope.place else (None, ())
    )
    trigger_time = None
    if envelope.time:
        try:
            trigger_time = utc(envelope.time)
        except NotUsable as error:
            if kind is not NoticeKind.RETRACTION:
                raise
            remarks += (error.text,)
    elif kind not in {NoticeKind.RETRACTION, NoticeKind.REPORT, NoticeKind.UPDATE}:
        raise NotUsable("the VOEvent has no time (WhereWhen ... ISOTime)")
    serial = own.pop("serial", None)
    label = own.pop("label", f"{serial}-{kind.value}" if serial is not None else f"{issued or 'undated'}-{kind.value}")
    remarks += own.pop("remarks", ()) + odd
    return Notice(
        format="voevent",
        ident=envelope.ivorn,
        label=label,
        kind=kind,
        serial=serial,
        issued=issued,
        role=envelope.role,
        test=test,
        why_test=why_test,
        cites=envelope.cites,
        trigger_time=trigger_time,
        position=position,
        remarks=remarks,
        **own,
    )


def _by_role(role: str, kind: NoticeKind, own: Fields) -> tuple[NoticeKind, bool, str]:
    """Return the kind, whether it is a test, and why; the role alone is not to be trusted."""
    why = own.pop("why_test", "")
    if role == "test":
        why = why or "its role is test"
    elif role in {"utility", "prediction"}:
        kind = kind if kind is NoticeKind.RETRACTION else NoticeKind.REPORT
    elif role != "observation":
        why = why or f"its role {role!r} is no observation"
    return kind, bool(why), why
