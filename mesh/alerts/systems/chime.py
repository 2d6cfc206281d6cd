"""CHIME/FRB as VOEvent: an event is known by the hash at the end of its ivorn; later notices cite the detection."""

import re
from typing import Any

from mesh.alerts.envelope import Envelope
from mesh.alerts.errors import NotUsable
from mesh.alerts.instants import seconds_between, utc
from mesh.alerts.values import alias, event_key, number
from mesh.contracts.notice import Messenger, NoticeKind

STREAM = "chime"
LONGEST_DELAY = 1000.0
"""Seconds that a burst may come later at 400 MHz than at infinite frequency: a dispersion measure of 38 000 pc/cm3."""
_HASH = re.compile(r"_([0-9A-Fa-f]{6,64})$")
_KINDS = (
    ("RETRACTION", NoticeKind.RETRACTION),
    ("SUBSEQUENT", NoticeKind.UPDATE),
    ("UPDATE", NoticeKind.UPDATE),
    ("DETECTION", NoticeKind.INITIAL),
)


def sends(envelope: Envelope) -> bool:
    """Say whether it is a notice of theirs."""
    return envelope.ivorn.startswith("ivo://ca.chimenet.frb")


def fields(envelope: Envelope) -> dict[str, Any]:
    """Return what is particular to the notice."""
    params = envelope.everything
    word = envelope.ivorn.rpartition("/")[2].partition("#")[0].upper()
    kind = next((kind for name, kind in _KINDS if name in word), NoticeKind.UPDATE)
    cited = [match[1] for one in envelope.cites if (match := _HASH.search(one.ident))]
    own_hash = _HASH.search(envelope.ivorn)
    ident = cited[-1] if cited and kind is not NoticeKind.INITIAL else (own_hash[1] if own_hash else "")
    search, odd = without_dispersion(envelope.time, params.get("timestamp_utc_inf_freq"))
    found: dict[str, str | float] = {
        name: read for name in ("dm", "dm_error", "event_no") if (read := number(params.get(name))) is not None
    }
    return {
        "stream": STREAM,
        "event_key": event_key(STREAM, ident.lower()),
        "messenger": Messenger.FRB,
        "kind": kind,
        "aliases": alias(f"CHIME-{params['event_no']}") if params.get("event_no") else (),
        "snr": number(params.get("snr")),
        "search_time": search,
        "containment": 0.95,
        "details": found,
        "remarks": odd,
    }


def without_dispersion(arrival: Any, infinite: Any) -> tuple[str | None, tuple[str, ...]]:
    """Return when gamma rays of a radio burst are expected: at infinite frequency; and what is odd about that time."""
    if not infinite:
        return None, ()
    try:
        later, earlier = utc(arrival), utc(infinite)
    except NotUsable as error:
        return None, (f"the time at infinite frequency is not used: {error.text}",)
    if not 0 <= seconds_between(earlier, later) <= LONGEST_DELAY:
        return None, (f"the time at infinite frequency, {earlier}, does not fit the arrival and is not used",)
    return earlier, ()
