"""A record in one sentence: of each instrument a result, a limit, or no data and why, whatever the cause."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from mesh.alerts.read import read_message
from mesh.contracts.alert import AlertEvent, AlertJob, Receipt
from mesh.contracts.transient import InstrumentRecord, TransientRecord
from mesh.states import JobState
from services.triggers.record import record_of

_AT = "2015-12-26T03:38:53.600Z"
_TITLES = {"spiacs": "INTEGRAL SPI-ACS", "isgri": "INTEGRAL IBIS/ISGRI", "jemx": "INTEGRAL JEM-X", "polar": "POLAR"}
_CASES = [{"spectrum": "hard", "scale_s": 1.0, "fluence_best": 1.9e-7, "fluence_worst": 5.6e-7}]
_QUIET = {"excesses": [], "limits": {"cases": _CASES}}
_BURST = {"excesses": [{"snr": 4.6, "t_minus_t0_s": 1.9, "scale_s": 0.1, "association": "possibly associated"}]}
_IMAGE = {"scws": ["1", "2"], "sources_total": 3, "sources": [{"new": True}, {"new": False}, {"new": False}]}
_OFF = "no data from 03:33:53 to 03:43:53 UTC: the shield was off: BELTS 02:03:00 to 05:00:00"
_ENDED = "was not operating at {utc}: its operations ended on 2025-02-28"

_Cause = tuple[str, str, str, Mapping[str, tuple[str, Any]]]
"""Status, reason and text of the data, and what became of its analyses."""
_CAUSES: dict[str, _Cause] = {
    "operations": ("no-data", "NotOperating", "no data: {title} was not operating: its operations ended on X", {}),
    "archive": ("no-data", "NotInArchive", "no data: the archive of this mesh has none of {title} (no slice 1)", {}),
    "none": ("no-data", "NoArchive", "no data: this mesh has no archive", {}),
    "off": ("no-data", "InstrumentOff", "no data: {title} was off (BELTS from A to B)", {}),
    "events": ("no-data", "NoEvents", "no data at T: no {title} events in 185100010010.001", {}),
    "time": ("not-asked", "NoTime", "the time of the event is not known, so no data can be looked for", {}),
    "away": ("unknown", "ArchiveUnavailable", "whether {title} has data is not known yet: the archive is away", {}),
    "nothing": ("data", "Available", "there are data of {title}", {}),
    "running": ("data", "Available", "there are data of {title}", {"search": ("", {})}),
    "dark": ("data", "Available", "there are data of {title}", {"search": (f"NoData: {_OFF}", {})}),
    "broken": ("data", "Available", "there are data of {title}", {"search": ("OutOfMemory: too much", {})}),
    "quiet": ("data", "Available", "there are data of {title}", {"search": ("", _QUIET), "lc": ("", {"x": 1})}),
    "burst": ("data", "Available", "there are data of {title}", {"search": ("", _BURST)}),
    "curve": ("data", "Available", "there are data of {title}", {"lc": ("", {"x": 1})}),
    "image": ("data", "Available", "there are data of {title}", {"image": ("", _IMAGE)}),
}
_WORDS = {
    "operations": "(operations ended on X)",
    "archive": "(the archive of this mesh has none (no slice 1))",
    "none": "(this mesh has no archive)",
    "off": "(was off (BELTS from A to B))",
    "events": "events in 185100010010.001)",
    "time": "(the time of the event is not known, so no data can be looked for)",
    "away": "has data is not known yet: the archive is away",
    "nothing": "data available",
    "running": "search under way",
    "dark": "(the shield was off: BELTS 02:03:00 to 05:00:00)",
    "broken": "search gave nothing (OutOfMemory: too much)",
    "quiet": "no associated excess, 3 sigma limit 1.9e-07 to 5.6e-07 erg/cm2 by its direction (hard, 1 s, 75-2000 keV)",
    "burst": "excess of S/N 4.6 on 0.1 s at T0+1.90 s, possibly associated",
    "curve": "lc made",
    "image": "image of 2 windows: 3 sources, 1 of them new",
}


def _event(*jobs: AlertJob) -> AlertEvent:
    body = json.dumps({"mission": "Mission", "id": ["1"], "trigger_time": _AT, "alert_type": "initial"}).encode()
    message = read_message(body)
    receipt = Receipt(
        receipt_id=message.content[:32],
        received=_AT,
        content=message.content,
        raw="0" * 64,
        size=len(body),
        sender="test",
        notice=message.notice,
    )
    return AlertEvent(event_key=message.notice.event_key, receipts=(receipt,), jobs=jobs)


def _job(instrument: str, product: str, text: str, results: Mapping[str, Any]) -> AlertJob:
    state = JobState.ERROR if text else JobState.COMPLETED if results else None
    signature = f"{instrument} {product}"
    shown: dict[str, Any] = {"text": text, "results": dict(results), "job_id": "1" * 32, "state": state}
    return AlertJob(instrument=instrument, product=product, signature=signature, time=_AT, wish={}, **shown)


def _record(causes: Mapping[str, str], later: int = 0, **localisation: Any) -> TransientRecord:
    """Return the record of an event whose instruments have data, or none, for these causes."""
    parts, jobs = [], []
    for name, cause in causes.items():
        status, reason, text, analyses = _CAUSES[cause]
        title = _TITLES[name]
        told = {"instrument": name, "title": title, "status": status, "reason": reason}
        parts.append(InstrumentRecord.model_validate({**told, "text": text.format(title=title), "later": later}))
        jobs += [_job(name, product, *came_of) for product, came_of in analyses.items()]
    if localisation:
        jobs.append(_job("localisation", "localisation", "", localisation))
    return record_of(_event(*jobs), parts, _AT, jobs)


@pytest.mark.parametrize("cause", _CAUSES)
@pytest.mark.parametrize("other", ["operations", "quiet"])
@pytest.mark.parametrize("name", _TITLES)
def test_each_instrument_is_told_with_its_own_cause(name: str, cause: str, other: str) -> None:
    causes = {one: cause if one == name else other for one in _TITLES}
    answer = _record(causes).answer
    for one, told in causes.items():
        title = _TITLES[one].removeprefix("INTEGRAL ")
        (clause,) = [part for part in answer.partition("Z: ")[2].split("; ") if title in part.partition("(")[0]]
        assert _WORDS[told] in clause, f"{one}, {told}: {answer}"
    assert "not asked" not in answer


def test_instruments_that_lack_data_for_one_reason_stand_together() -> None:
    answer = _record(dict.fromkeys(_TITLES, "operations")).answer
    assert answer.endswith("no data of SPI-ACS, IBIS/ISGRI, JEM-X, POLAR (operations ended on X).")
    answer = _record(dict.fromkeys(_TITLES, "archive")).answer
    assert "no data of SPI-ACS, IBIS/ISGRI, JEM-X, POLAR (the archive of this mesh has none (no slice 1))" in answer


_FOLDED = {
    "spi_acs": "SPI-ACS: no excess; 3 sigma limit 2.3e-07 erg/cm2",
    "isgri": "IBIS/ISGRI: 12 % of the map in view at T0",
    "jemx": "JEM-X: no data at T0 (the spacecraft turned), 3 % of the map in view later",
    "spi": "SPI: 40 % of the map in view at T0",
}
_SPI_ROW = {"instrument": "spi", "when": "prompt", "windows_total": 1, "windows": []}


def test_what_a_localisation_folds_with_the_map_stands_for_what_was_known_before() -> None:
    causes = {"spiacs": "quiet", "isgri": "image", "jemx": "events", "polar": "operations"}
    answer = _record(causes, later=2, answers=_FOLDED, coverage=[_SPI_ROW]).answer
    assert "SPI-ACS: no excess; 3 sigma limit 2.3e-07 erg/cm2;" in answer
    assert "5.6e-07" not in answer
    assert "IBIS/ISGRI: 12 % of the map in view at T0, image of 2 windows: 3 sources, 1 of them new" in answer
    assert _FOLDED["jemx"] in answer
    assert _FOLDED["spi"] in answer


@pytest.mark.parametrize("cause", ["dark", "broken", "running", "off", "operations"])
def test_a_localisation_without_a_search_leaves_spi_acs_its_own_cause(cause: str) -> None:
    told = {name: text for name, text in _FOLDED.items() if name != "spi_acs"}
    answer = _record({"spiacs": cause, "isgri": "nothing"}, answers=told).answer
    assert _WORDS[cause] in answer
    assert answer.count("SPI-ACS") == 1
    assert _FOLDED["isgri"] in answer


def test_an_analysis_that_found_no_counts_is_told_as_no_data() -> None:
    (part,) = _record({"spiacs": "dark"}).instruments
    assert (part.status, part.reason) == ("no-data", "NoData")
    assert part.text == _OFF
    (part,) = _record({"spiacs": "broken"}).instruments
    assert part.status == "data", "what failed otherwise says nothing of the data"


def test_a_localisation_that_failed_is_told() -> None:
    parts = [InstrumentRecord(instrument="spiacs", title="SPI-ACS", status="data", reason="Available", text="there")]
    job = _job("localisation", "localisation", "BadIndex: broken", {})
    assert "localisation gave nothing (BadIndex: broken)" in record_of(_event(job), parts, _AT, [job]).answer
