"""Fermi as VOEvent: triggers of GBM, whose first notice has no position, and of LAT."""

from typing import Any

from mesh.alerts.envelope import Envelope
from mesh.alerts.systems.generic import details, fragment_of
from mesh.alerts.values import event_key, number, text, truth
from mesh.contracts.notice import Messenger, NoticeKind

_KINDS = {
    "110": NoticeKind.PRELIMINARY,
    "111": NoticeKind.INITIAL,
    "112": NoticeKind.UPDATE,
    "115": NoticeKind.UPDATE,
    "131": NoticeKind.INITIAL,
}
_BELOW_THRESHOLD = "131"
_ONE_SIGMA = 0.68


def sends(envelope: Envelope) -> bool:
    """Say whether it is a notice of theirs."""
    return "/fermi#" in envelope.ivorn.lower()


def fields(envelope: Envelope) -> dict[str, Any]:
    """Return what is particular to the notice."""
    params, fragment = envelope.everything, envelope.ivorn.partition("#")[2]
    instrument = "lat" if fragment.upper().startswith("LAT") else "gbm"
    packet = params.get("Packet_Type", "")
    stream = f"fermi-{instrument}" + ("-subthreshold" if packet == _BELOW_THRESHOLD else "")
    own: dict[str, Any] = {
        "stream": stream,
        "event_key": event_key(stream, params.get("TrigID") or fragment_of(fragment)),
        "messenger": Messenger.GRB,
        "kind": _KINDS.get(packet, NoticeKind.UPDATE),
        "snr": number(params.get("Burst_Signif") or params.get("Trig_Signif")),
        # GBM gives one sigma of the statistical error; LAT 90 %.
        "containment": _ONE_SIGMA if instrument == "gbm" else 0.9,
        "systematic": False,
        "details": details(envelope),
    }
    if not params.get("TrigID"):
        own["kind"] = NoticeKind.REPORT
    if text(params.get("Test_Submission")) and truth(params.get("Test_Submission")):
        own["why_test"] = "it says so (Test_Submission)"
    if truth(params.get("Def_NOT_a_GRB")):
        own["kind"] = NoticeKind.RETRACTION
        own["remarks"] = ("taken as a retraction: its sender says that it is definitely no burst (Def_NOT_a_GRB)",)
    return own
