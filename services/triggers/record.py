"""The record of an event, from its notices, its analyses and the data that there are; pure."""

from collections.abc import Sequence
from typing import Any, Literal

from mesh.alerts.standing import Standing, standing
from mesh.contracts.alert import AlertEvent, AlertJob, Deed
from mesh.contracts.transient import Analysis, InstrumentRecord, TransientRecord
from mesh.keys import content_key
from services.triggers.event_map import map_of, map_status
from services.triggers.plan import LOCALISATION

ASSOCIATIONS = ("possibly associated", "tentatively associated", "likely associated")
"""Words of the search, from weak to strong; the last one needs a person."""
_LOCALISED = frozenset({"spiacs", "isgri", "jemx"})
"""Of which the answer of a localisation tells."""


def record_of(
    event: AlertEvent, data: Sequence[InstrumentRecord], made: str, planned: Sequence[AlertJob] = ()
) -> TransientRecord:
    """Return the next version of the record.

    Args:
        event: with at least one receipt.
        data: of each instrument, without analyses.
        made: UTC.
        planned: analyses that are wanted; those of the event that are not among them are left out.
    """
    stands = standing(event.receipts)
    wanted = {one.signature for one in planned}
    shown = [one for one in event.jobs if one.signature in wanted]
    known = {one.signature for one in shown}
    shown += [one for one in planned if one.signature not in known]
    parts = tuple(_with_analyses(one, shown) for one in data)
    state, why = state_of(event, stands)
    detail, current = stands.detail, stands.current
    record = TransientRecord(
        event_key=event.event_key,
        version=event.version + 1,
        made=made,
        state=state,
        why=why,
        answer="",
        test=stands.test,
        why_test=stands.why_test,
        simulated=_simulated(shown, parts),
        messenger=stands.messenger,
        names=stands.names,
        related=stands.related,
        current=current.label if current else "",
        versions=stands.versions,
        trigger_time=stands.trigger_time,
        search_time=stands.search_time,
        position=stands.position,
        map=map_of(event, stands),
        map_status=map_status(event, stands),
        combined_map=stands.combined_map,
        significant=detail.significant if detail else None,
        far=detail.far if detail else None,
        classification=detail.classification if detail else {},
        properties=detail.properties if detail else {},
        coincidences=stands.coincidences,
        instruments=parts,
        localisation=_analyses(shown, LOCALISATION),
        association=_association(parts),
    )
    return record.model_copy(update={"answer": answer_of(record)})


def content_of(record: TransientRecord) -> str:
    """Return the hash of what a record says, whatever its version and date."""
    content = record.model_dump(mode="json")
    return content_key({name: value for name, value in content.items() if name not in {"version", "made"}})


def state_of(event: AlertEvent, stands: Standing) -> tuple[Literal["ACTIVE", "RETRACTED", "WITHDRAWN"], str]:
    """Return the state of an event for the world, and why."""
    if stands.retracted:
        current = stands.current
        said = f"{current.ident} of {current.issued or 'an unknown time'}" if current else ""
        early = " before it was announced here" if len(stands.versions) == 1 else ""
        return "RETRACTED", f"its sender has retracted it{early}: {said}"
    for one in sorted(event.commands, key=lambda command: command.at, reverse=True):
        if one.deed is Deed.REPLAY:
            break
        if one.deed is Deed.RETRACT:
            return "WITHDRAWN", f"an operator of this mesh has withdrawn it{f': {one.reason}' if one.reason else ''}"
    return "ACTIVE", ""


def answer_of(record: TransientRecord) -> str:
    """Return a record in one sentence."""
    name = record.names[0] if record.names else record.event_key.partition(":")[2]
    kind = f"{record.messenger.value} " if record.messenger.value != "other" else ""
    what = f"{'Test of ' if record.test else ''}{kind}{name}{' (simulated data)' if record.simulated else ''}"
    if record.state != "ACTIVE":
        return f"{what} is {record.state.lower()}: {record.why}."
    if not record.current:
        return f"{what}: a report, which asks for no analysis."
    when = f" at {record.trigger_time}" if record.trigger_time else ""
    told = [one.results["answer"] for one in record.localisation if one.results.get("answer")]
    parts = [one for one in record.instruments if not told or one.instrument not in _LOCALISED]
    with_data = [_sentence(one) for one in parts if one.status in {"data", "unknown"}]
    sentences = "; ".join([*told[-1:], *_images(record.instruments), *with_data, *_lacking(parts)])
    return f"{what}{when}: {sentences or 'no instrument is set up here'}."


def _images(parts: Sequence[InstrumentRecord]) -> list[str]:
    """Return what images of the windows that cover the map show, an instrument each."""
    return [
        f"{_short(part)} image of {len(one.results['scws'])} windows: {one.results['sources_total']} sources, "
        f"{sum(bool(source['new']) for source in one.results['sources'])} of them new"
        for part in parts
        for one in part.analyses
        if one.state == "COMPLETED" and "sources_total" in one.results
    ]


def _lacking(parts: Sequence[InstrumentRecord]) -> list[str]:
    """Return why there are no data: instruments without any for the same reason together."""
    why: dict[str, list[str]] = {}
    for part in parts:
        if part.status in {"no-data", "not-asked"}:
            short = part.text.rpartition(": ")[2].removeprefix("its ")
            why.setdefault(short, []).append(_short(part))
    return [f"no data of {', '.join(titles)} ({short})" for short, titles in why.items()]


def _short(part: InstrumentRecord) -> str:
    return part.title.removeprefix("INTEGRAL ")


def _sentence(part: InstrumentRecord) -> str:
    title = _short(part)
    if part.status == "unknown":
        return f"{title}: {part.text}"
    ended = [one for one in part.analyses if one.state == "COMPLETED"]
    running = [one.product for one in part.analyses if one.state == "waiting"]
    failed = [f"{one.product} gave nothing ({one.text})" for one in part.analyses if one.state in {"ERROR", "ABORTED"}]
    found = [text for one in ended if (text := _finding(one.results))]
    told = found + failed + ([f"{', '.join(running)} under way"] if running else [])
    return f"{title}: {', '.join(told) or 'data available'}"


def _finding(results: dict[str, Any]) -> str:
    excesses = results.get("excesses")
    if excesses is None:
        return ""
    best = excesses[0] if excesses else None
    if best is None or not best.get("association") or best["association"] == "likely background":
        return "no associated excess"
    return (
        f"excess of S/N {best['snr']:.1f} on {best['scale_s']:g} s at T0{best['t_minus_t0_s']:+.2f} s, "
        f"{best['association']}"
    )


def _with_analyses(part: InstrumentRecord, jobs: Sequence[AlertJob]) -> InstrumentRecord:
    return part.model_copy(update={"analyses": _analyses(jobs, part.instrument)})


def _analyses(jobs: Sequence[AlertJob], instrument: str) -> tuple[Analysis, ...]:
    return tuple(
        Analysis(
            product=job.product,
            # What goes on between its beginning and its end makes no version of the record.
            state=job.state.value if job.state and job.ended else "waiting",
            job_id=job.job_id if job.ended else "",
            text=job.text,
            results=job.results,
            products=job.products,
        )
        for job in jobs
        if job.instrument == instrument
    )


def _simulated(shown: Sequence[AlertJob], parts: Sequence[InstrumentRecord]) -> bool:
    return any(one.simulated for one in parts) or any(job.results.get("simulated") for job in shown)


def _association(parts: Sequence[InstrumentRecord]) -> str:
    said = {
        str(excess.get("association"))
        for part in parts
        for one in part.analyses
        for excess in one.results.get("excesses") or ()
    }
    return next((word for word in reversed(ASSOCIATIONS) if word in said), "")
