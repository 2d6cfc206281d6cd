"""INTEGRAL's own burst alerts (IBAS, until March 2025); those of SPI-ACS have a time and no position."""

from typing import Any

from mesh.alerts.envelope import Envelope
from mesh.alerts.systems.generic import details, fragment_of
from mesh.alerts.values import event_key, number, truth
from mesh.contracts.notice import Messenger, NoticeKind

_POINTING, _SPIACS, _WAKEUP, _REFINED, _OFFLINE, _WEAK = "51", "52", "53", "54", "55", "56"
_KINDS = {
    _SPIACS: NoticeKind.INITIAL,
    _WAKEUP: NoticeKind.INITIAL,
    _WEAK: NoticeKind.INITIAL,
    _REFINED: NoticeKind.UPDATE,
    _OFFLINE: NoticeKind.UPDATE,
    _POINTING: NoticeKind.REPORT,
}


def sends(envelope: Envelope) -> bool:
    """Say whether it is a notice of theirs."""
    return "/integral#" in envelope.ivorn.lower()


def fields(envelope: Envelope) -> dict[str, Any]:
    """Return what is particular to the notice."""
    params, fragment = envelope.everything, envelope.ivorn.partition("#")[2]
    packet = params.get("Packet_Type", "")
    stream = "integral-spiacs" if packet == _SPIACS or "SPIACS" in fragment.upper() else "integral"
    kind = _KINDS.get(packet, NoticeKind.UPDATE)
    own: dict[str, Any] = {
        "stream": stream,
        "event_key": event_key(stream, params.get("TrigID") or fragment_of(fragment)),
        "messenger": Messenger.OTHER if kind is NoticeKind.REPORT else Messenger.GRB,
        "kind": kind,
        "snr": number(params.get("Grb_Signif") or params.get("Trig_Signif")),
        "containment": 0.9,
        "systematic": True,
        "details": details(envelope),
    }
    if truth(params.get("Test_MPos")) or truth(params.get("Test_Notice")):
        own["why_test"] = "it says so"
    if truth(params.get("Def_NOT_a_GRB")):
        own["kind"] = NoticeKind.RETRACTION
        own["remarks"] = ("taken as a retraction: its sender says that it is definitely no burst (Def_NOT_a_GRB)",)
    return own
