"""LIGO, Virgo and KAGRA as VOEvent (until July 2026): numbered for each event, the map as an address."""

from typing import Any

from mesh.alerts.envelope import Envelope
from mesh.alerts.systems.lvk import STREAM, kind_of, why_test
from mesh.alerts.values import event_key, number, numbers, text, truth, whole
from mesh.contracts.notice import Coincidence, MapReference, Messenger, NoticeKind

_BY_PACKET = {
    "150": NoticeKind.PRELIMINARY,
    "151": NoticeKind.INITIAL,
    "152": NoticeKind.UPDATE,
    "163": NoticeKind.EARLY_WARNING,
    "164": NoticeKind.RETRACTION,
}
_DETAILS = ("Group", "Pipeline", "Search", "Instruments", "EventPage", "CentralFreq", "Duration")


def sends(envelope: Envelope) -> bool:
    """Say whether it is a notice of theirs."""
    return envelope.ivorn.startswith("ivo://gwnet/") or "GraceID" in envelope.params


def fields(envelope: Envelope) -> dict[str, Any]:
    """Return what is particular to the notice."""
    params, ident = envelope.params, text(envelope.params.get("GraceID"))
    kind = kind_of(params.get("AlertType")) or _BY_PACKET.get(params.get("Packet_Type", ""), NoticeKind.UPDATE)
    if truth(params.get("Retraction")) or params.get("Packet_Type") == "164":
        kind = NoticeKind.RETRACTION
    search = "injection" if truth(params.get("HardwareInj")) else params.get("Search", "")
    joint = envelope.groups.get("External Coincidence", {})
    own: dict[str, Any] = {
        "stream": STREAM,
        "event_key": event_key(STREAM, ident),
        "messenger": Messenger.GW,
        "kind": kind,
        "serial": whole(params.get("Pkt_Ser_Num")),
        "why_test": why_test(ident, search),
        "far": number(params.get("FAR")),
        "significant": truth(params.get("Significant")),
        "classification": numbers(envelope.groups.get("Classification")),
        "properties": numbers(envelope.groups.get("Properties"))
        or numbers({name: params.get(f"Prob{name}") for name in ("HasNS", "HasRemnant") if f"Prob{name}" in params}),
        "map": _map(envelope),
        "details": {name.lower(): text(params[name]) for name in _DETAILS if params.get(name)},
    }
    if joint:
        own["coincidence"] = Coincidence(
            observatory=text(joint.get("External_Observatory")),
            notice_id=text(joint.get("External_GCN_Notice_Id")),
            search=text(joint.get("External_Search")),
            time_difference=number(joint.get("Time_Difference")),
            far=number(joint.get("Time_Coincidence_FAR")),
        )
        if joint.get("joint_skymap_fits"):
            own["combined_map"] = MapReference(url=joint["joint_skymap_fits"])
    return own


def _map(envelope: Envelope) -> MapReference | None:
    named = {
        name: value
        for group in envelope.groups.values()
        for name, value in group.items()
        if name.startswith("skymap_fits")
    }
    for name in ("skymap_fits", "skymap_fits_basic", *named):
        if named.get(name):
            return MapReference(url=named[name])
    return None
