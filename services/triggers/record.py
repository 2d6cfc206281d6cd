"""The record of an event, from its notices, its analyses and the data that there are; pure."""

from collections.abc import Sequence
from typing import Any, Literal

from mesh.alerts.standing import Standing, standing
from mesh.contracts.alert import AlertEvent, AlertJob, Deed
from mesh.contracts.transient import Analysis, InstrumentRecord, TransientRecord
from mesh.keys import content_key
from mesh.states import JobState
from services.triggers.answer import answer_of
from services.triggers.event_map import map_of, map_status
from services.triggers.plan import LOCALISATION

ASSOCIATIONS = ("possibly associated", "tentatively associated", "likely associated")
"""Words of the search, from weak to strong; the last one needs a person."""


_NO_DATA = frozenset({"NoData", "InstrumentOff", "NoTelemetry"})
"""Reasons for which an analysis fails where the archive has a file of the time, but no counts in it."""


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


def _with_analyses(part: InstrumentRecord, jobs: Sequence[AlertJob]) -> InstrumentRecord:
    """Return an instrument with its analyses; where each of them found that there are no data, there are none."""
    analyses = _analyses(jobs, part.instrument)
    told: dict[str, Any] = {"analyses": analyses}
    found = [one.text.partition(": ") for one in analyses if one.state == JobState.ERROR]
    if part.status == "data" and found and len(found) == len(analyses) and all(one[0] in _NO_DATA for one in found):
        reason, _, why = found[0]
        text = why if why.startswith("no data") else f"no data: {why}"
        told |= {"status": "no-data", "reason": reason, "text": text, "windows": ()}
    return part.model_copy(update=told)


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
