"""VOEvents of systems that nobody here knows: time, position and an id are taken, the rest passes through."""

from typing import Any

from mesh.alerts.envelope import Envelope
from mesh.alerts.values import event_key, number, stream_name, text
from mesh.contracts.notice import Messenger, NoticeKind

_IDS = ("TrigID", "Trigger_ID", "TrigNum", "event_id", "EventID", "Event_ID")
_MOST_DETAILS = 40
_SUPERNOVA = "149"


def fields(envelope: Envelope) -> dict[str, Any]:
    """Return what is particular to the notice."""
    place, _, fragment = envelope.ivorn.partition("#")
    stream = "snews" if envelope.params.get("Packet_Type") == _SUPERNOVA else stream_name(place.rpartition("/")[2])
    params = envelope.params
    ident = next((params[name] for name in _IDS if params.get(name)), "") or fragment_of(fragment or place)
    own: dict[str, Any] = {"stream": stream, "event_key": event_key(stream, ident), "details": details(envelope)}
    own["messenger"] = Messenger.NEUTRINO if stream == "snews" else messenger_of(envelope)
    if any(one.how in {"supersedes", "followup"} for one in envelope.cites):
        own["kind"] = NoticeKind.UPDATE
    return own


def fragment_of(text_of_id: str) -> str:
    """Return the end of an ivorn as an id: signs that an id may not have become a dash."""
    kept = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "._+-") else "-" for sign in text_of_id)
    return kept.strip("-._+")[:96]


def messenger_of(envelope: Envelope) -> Messenger:
    """Return what kind of transient the concept or the name of a stream speaks of."""
    words = envelope.ivorn.lower()
    for word, messenger in (("grb", Messenger.GRB), ("frb", Messenger.FRB), ("neutrino", Messenger.NEUTRINO)):
        if word in words:
            return messenger
    return Messenger.OTHER


def details(envelope: Envelope) -> dict[str, str | float]:
    """Return the params of the top level as they are, numbers as numbers."""
    found: dict[str, str | float] = {}
    for name, value in list(envelope.params.items())[:_MOST_DETAILS]:
        read = number(value)
        found[name] = read if read is not None else text(value)
    return found
