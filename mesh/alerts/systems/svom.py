"""SVOM as VOEvent: ECLAIRs and GRM; a retraction repeats time and position and keeps the role of an observation."""

from typing import Any

from mesh.alerts.envelope import Envelope
from mesh.alerts.systems.generic import details
from mesh.alerts.values import event_key, number
from mesh.contracts.notice import Messenger, NoticeKind

STREAM = "svom"
_RETRACTION = "219"
_FIRST = frozenset({"201", "202"})


def sends(envelope: Envelope) -> bool:
    """Say whether it is a notice of theirs."""
    return envelope.ivorn.startswith("ivo://org.svom")


def fields(envelope: Envelope) -> dict[str, Any]:
    """Return what is particular to the notice."""
    params, packet = envelope.everything, envelope.params.get("Packet_Type", "")
    kind = NoticeKind.INITIAL if packet in _FIRST else NoticeKind.UPDATE
    if packet == _RETRACTION or envelope.ivorn.endswith("_retraction"):
        kind = NoticeKind.RETRACTION
    return {
        "stream": STREAM,
        "event_key": event_key(STREAM, params.get("Burst_Id")),
        "messenger": Messenger.GRB,
        "kind": kind,
        "snr": number(params.get("SNR")),
        "containment": 0.9,
        "details": details(envelope) | {"instrument": params.get("Instrument", "")},
    }
