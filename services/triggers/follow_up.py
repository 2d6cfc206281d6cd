"""What is published of one instrument, from a record of its event; and the topics on which it is published; pure."""

from typing import Any

from mesh.contracts.transient import FollowUpNotice, InstrumentRecord, TransientRecord

RECORD_TOPIC = "transient.record"
_TOPICS = {
    "spiacs": ("integral.spi_acs.followup", "INTEGRAL", "SPI-ACS"),
    "isgri": ("integral.isgri.followup", "INTEGRAL", "IBIS/ISGRI"),
    "jemx": ("integral.jemx.followup", "INTEGRAL", "JEM-X"),
    "polar": ("polar.followup", "Tiangong-2", "POLAR"),
}
_TEST = ".test"
_SHOWN = 10


def topics(record: TransientRecord) -> list[str]:
    """Return the topics of a record; those of a test end with ``.test``, whoever asks."""
    named = [RECORD_TOPIC, *(_TOPICS[one.instrument][0] for one in record.instruments if one.instrument in _TOPICS)]
    return [f"{name}{_TEST}" if record.test else name for name in named]


def is_test(topic: str) -> bool:
    """Say whether a topic is for tests."""
    return topic.endswith(_TEST)


def part_of(record: TransientRecord, topic: str) -> InstrumentRecord | None:
    """Return the instrument of a topic; None for that of the whole record."""
    name = topic.removesuffix(_TEST)
    return next((one for one in record.instruments if _TOPICS.get(one.instrument, ("",))[0] == name), None)


def notice_of(record: TransientRecord, part: InstrumentRecord, *, first: bool, retraction: bool) -> FollowUpNotice:
    """Return the notice of an instrument.

    Args:
        record: of the event.
        part: of the instrument.
        first: whether it is the first one on its topic.
        retraction: whether it takes back what was said before.
    """
    _, mission, name = _TOPICS[part.instrument]
    system, _, ident = record.event_key.partition(":")
    current = record.versions[-1].ident if record.versions else record.current
    results = [one.results for one in part.analyses if one.state == "COMPLETED" and not retraction]
    excesses = [row for one in results for row in one.get("excesses") or ()][:_SHOWN]
    limits: dict[str, Any] = next((one["limits"] for one in results if one.get("limits")), {})
    return FollowUpNotice(
        mission=mission,
        instrument=name,
        alert_datetime=record.made,
        alert_tense="test" if record.test else "archival",
        alert_type="retraction" if retraction else "initial" if first else "update",
        record_number=record.version,
        event_name=record.names or (ident,),
        id=(record.event_key,),
        trigger_time=record.trigger_time,
        ref_ID=ident,
        reference={system: current},
        data_status=part.status,
        data_status_reason=part.reason,
        additional_info=record.why if retraction else part.text,
        excesses=tuple(excesses),
        limits=limits,
        products=() if retraction else tuple(_files(part)),
    )


def _files(part: InstrumentRecord) -> list[dict[str, Any]]:
    return [
        {"kind": one.product, "key": product.key, **file.model_dump(include={"name", "sha256", "media_type"})}
        for one in part.analyses
        for product in one.products
        for file in product.files
    ]
