"""What is published of one instrument, from a record of its event; and the topics on which it is published; pure."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from mesh.contracts.transient import Analysis, FollowUpNotice, InstrumentRecord, TransientRecord

RECORD_TOPIC = "transient.record"


class _Known(NamedTuple):
    """What notices call an instrument.

    Args:
        topic: of its notices.
        mission: that it flew on.
        name: of it.
        band: keV.
        localised: what a localisation tells of it is under these names.
    """

    topic: str
    mission: str
    name: str
    band: tuple[float, float]
    localised: frozenset[str] = frozenset()


_KNOWN = {
    "spiacs": _Known(
        "integral.spi_acs.followup", "INTEGRAL", "SPI-ACS", (75.0, 2000.0), frozenset({"spi_acs", "ibis_veto"})
    ),
    "isgri": _Known("integral.isgri.followup", "INTEGRAL", "IBIS/ISGRI", (15.0, 1000.0), frozenset({"isgri"})),
    "jemx": _Known("integral.jemx.followup", "INTEGRAL", "JEM-X", (3.0, 35.0), frozenset({"jemx"})),
    "polar": _Known("polar.followup", "Tiangong-2", "POLAR", (50.0, 500.0)),
}
_FIELD = "response at least 1/20 of that on axis (covered), half of it (half_coded), all of it (fully_coded)"
TEST = ".test"
_SHOWN = 10
_MOST_FILES = 60


def topics(record: TransientRecord) -> list[str]:
    """Return the topics of a record; those of a test, or of simulated data, end with ``.test``, whoever asks."""
    named = [RECORD_TOPIC, *(_KNOWN[one.instrument].topic for one in record.instruments if one.instrument in _KNOWN)]
    return [f"{name}{TEST}" if for_tests(record) else name for name in named]


def for_tests(record: TransientRecord) -> bool:
    """Say whether nothing of a record may go to a topic of real events."""
    return record.test or record.simulated


def is_test(topic: str) -> bool:
    """Say whether a topic is for tests."""
    return topic.endswith(TEST)


def part_of(record: TransientRecord, topic: str) -> InstrumentRecord | None:
    """Return the instrument of a topic; None for that of the whole record."""
    name = topic.removesuffix(TEST)
    return next(
        (one for one in record.instruments if one.instrument in _KNOWN and _KNOWN[one.instrument].topic == name), None
    )


def notice_of(record: TransientRecord, part: InstrumentRecord, *, first: bool, retraction: bool) -> FollowUpNotice:
    """Return the notice of an instrument.

    Args:
        record: of the event.
        part: of the instrument.
        first: whether it is the first one on its topic.
        retraction: whether it takes back what was said before.
    """
    known = _KNOWN[part.instrument]
    system, _, ident = record.event_key.partition(":")
    current = record.versions[-1].ident if record.versions else record.current
    said: dict[str, Any] = {} if retraction else _said(record, part, known)
    return FollowUpNotice(
        mission=known.mission,
        instrument=known.name,
        spectral_band=known.band,
        alert_datetime=record.made,
        alert_tense="test" if record.test else "injection" if record.simulated else "archival",
        alert_type="retraction" if retraction else "initial" if first else "update",
        record_number=record.version,
        event_name=record.names or (ident,),
        id=(record.event_key,),
        trigger_time=record.trigger_time,
        ref_type=record.messenger.value,
        ref_instrument=system,
        ref_ID=ident,
        reference={system: current},
        data_status=part.status,
        data_status_reason=part.reason,
        simulated=part.simulated,
        additional_info=record.why if retraction else part.text,
        **said,
    )


def _said(record: TransientRecord, part: InstrumentRecord, known: _Known) -> dict[str, Any]:
    """Return what a notice says that is no retraction."""
    results = [one.results for one in part.analyses if one.state == "COMPLETED"]
    localised = [one for one in record.localisation if one.state == "COMPLETED"] if known.localised else []
    summary = localised[-1].results if localised else {}
    excesses = [row for one in results for row in one.get("excesses") or ()][:_SHOWN]
    analyses = [*part.analyses, *localised]
    return {
        "excesses": tuple(excesses),
        "limiting_fluences": tuple(_limits(results, summary) if part.instrument == "spiacs" else ()),
        "coverage": tuple(_coverage(summary, part.instrument)),
        "orientation": tuple(
            {"instrument": name, **row}
            for name, row in (summary.get("orientation") or {}).items()
            if name in known.localised
        ),
        "provenance": {
            "record": f"{record.event_key}/{record.version}",
            "notice": record.current,
            "map_sha256": record.map.sha256 if record.map else "",
            "jobs": {one.product: one.job_id for one in analyses if one.job_id},
        },
        "products": tuple(_files(analyses)),
    }


def _limits(results: Sequence[dict[str, Any]], summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Return limits folded with the map; until there is a localisation those of the search, for any direction."""
    if summary.get("limits"):
        return list(summary["limits"])
    found: dict[str, Any] = next((one["limits"] for one in results if one.get("limits")), {})
    common: dict[str, Any] = {name: found[name] for name in ("sigma", "band", "unit") if name in found}
    return [{**common, **case} for case in found.get("cases") or ()]


def _coverage(summary: dict[str, Any], instrument: str) -> list[dict[str, Any]]:
    rows = [row for row in summary.get("coverage") or () if row["instrument"] == instrument]
    return [{"fov_definition": _FIELD, **{name: row[name] for name in row if name != "windows"}} for row in rows]


def _files(analyses: Sequence[Analysis]) -> list[dict[str, Any]]:
    return [
        {
            "kind": one.product,
            "url": f"/api/v1/products/{product.key}/{quote(file.name)}",
            **file.model_dump(include={"name", "sha256", "media_type"}),
        }
        for one in analyses
        for product in one.products
        for file in product.files
    ][:_MOST_FILES]
