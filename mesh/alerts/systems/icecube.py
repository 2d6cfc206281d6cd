"""IceCube as VOEvent: one event is a run and an event in it; revisions are numbered from 0."""

from typing import Any

from mesh.alerts.envelope import Envelope
from mesh.alerts.systems.generic import details
from mesh.alerts.values import event_key, number, text, truth, whole
from mesh.contracts.notice import Messenger, NoticeKind

STREAM = "icecube"
_SECONDS_A_YEAR = 365.25 * 86400


def sends(envelope: Envelope) -> bool:
    """Say whether it is a notice of theirs."""
    return "icecube" in envelope.ivorn.lower() and "run_id" in envelope.params


def ident_of(run: Any, event: Any) -> str:
    """Return run and event as one id; zeros that some senders write before them are left out."""
    return f"{text(run).lstrip('0')}_{text(event).lstrip('0')}"


def fields(envelope: Envelope) -> dict[str, Any]:
    """Return what is particular to the notice."""
    params = envelope.everything
    revision = whole(params.get("Rev"))
    if revision is None:
        revision = whole(envelope.ivorn.rpartition("_")[2])
    kind = NoticeKind.UPDATE if revision else NoticeKind.INITIAL
    if truth(params.get("Retraction")):
        kind = NoticeKind.RETRACTION
    test = truth(params.get("Test")) or truth(params.get("InternalTest"))
    rate = number(params.get("FAR"))
    probability = number(params.get("signalness"))
    return {
        "stream": STREAM,
        "event_key": event_key(STREAM, ident_of(params.get("run_id"), params.get("event_id"))),
        "messenger": Messenger.NEUTRINO,
        "kind": kind,
        "serial": revision,
        "far": None if rate is None else rate / _SECONDS_A_YEAR,
        "classification": {} if probability is None else {"astrophysical": probability},
        "why_test": "it says so (Test)" if test else "",
        "containment": 0.9,
        "systematic": False,
        "details": details(envelope),
    }
