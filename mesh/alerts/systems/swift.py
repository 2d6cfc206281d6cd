"""Swift as VOEvent: BAT triggers, and what XRT and UVOT saw of them later, whose times are those of their exposures."""

from typing import Any

from mesh.alerts.envelope import Envelope
from mesh.alerts.systems.generic import details, fragment_of
from mesh.alerts.values import alias, event_key, number, truth
from mesh.contracts.notice import Messenger, NoticeKind

STREAM = "swift"
_ALERT, _BAT_POSITION = "60", "61"
_POINTING, _SLEW = "83", "84"


def sends(envelope: Envelope) -> bool:
    """Say whether it is a notice of theirs."""
    return "/swift#" in envelope.ivorn.lower()


def fields(envelope: Envelope) -> dict[str, Any]:
    """Return what is particular to the notice."""
    params, fragment = envelope.everything, envelope.ivorn.partition("#")[2]
    packet, bat = params.get("Packet_Type", ""), fragment.upper().startswith("BAT")
    kinds = {_ALERT: NoticeKind.PRELIMINARY, _BAT_POSITION: NoticeKind.INITIAL}
    own: dict[str, Any] = {
        "stream": STREAM,
        "event_key": event_key(STREAM, params.get("TrigID") or fragment_of(fragment)),
        "messenger": Messenger.GRB,
        "kind": kinds.get(packet, NoticeKind.UPDATE),
        "trigger": bat,
        "snr": number(params.get("Image_Signif")),
        "containment": 0.9,
        "systematic": True,
        "details": details(envelope),
        "aliases": alias(params.get("Name", "").replace(" ", "")),
    }
    if packet in {_POINTING, _SLEW} or not params.get("TrigID"):
        own |= {"kind": NoticeKind.REPORT, "trigger": False, "messenger": Messenger.OTHER}
    if truth(params.get("Test_Submission")):
        own["why_test"] = "it says so (Test_Submission)"
    for flag, why in (
        ("Def_NOT_a_GRB", "its sender says that it is definitely no burst"),
        ("StarTrack_Lost_Lock", "the star tracker had lost its lock"),
    ):
        if truth(params.get(flag)):
            own["kind"] = NoticeKind.RETRACTION
            own["remarks"] = (f"taken as a retraction: {why} ({flag})",)
    return own
