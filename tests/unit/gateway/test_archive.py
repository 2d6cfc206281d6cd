"""What the archive holds, and what a request would take of it, without anything being stored."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gateway.application import create_app
from gateway.archive import GatewayArchive
from gateway.parts import Parts
from mesh.archive.index import COMPACT_PATH
from mesh.archive.slices import index_path
from mesh.contracts import JobView
from mesh.errors import StoreUnavailable
from mesh.states import JobState, UnitState
from tests.unit.archive.windows import entry
from tests.unit.gateway.doubles import (
    MemoryProducts,
    MemoryQueries,
    MemoryQuota,
    MemoryRecords,
    RecordingPublisher,
    call,
)

_ENTRIES = [
    entry("201600270010.001", "2018-10-29T03:00:00", files=("isgri_events.fits.gz",)),
    entry("201600280010.000", "2018-10-29T04:00:00", files=("isgri_events.fits.gz",)),
    entry("201600280010.001", "2018-10-29T04:00:00", files=("isgri_events.fits.gz",)),
    entry("201600290010.001", "2018-10-29T05:00:00", files=()),
]
_DAY = {"time": {"t1": "2018-10-29T00:00:00", "t2": "2018-10-30T00:00:00"}}


def _app(address: str, records: MemoryRecords | None = None) -> tuple[FastAPI, MemoryRecords]:
    records = records or MemoryRecords()
    stores = (records, MemoryProducts(), RecordingPublisher(records), MemoryQuota().quota, MemoryQueries())
    return create_app(Parts(*stores, archive=GatewayArchive(address))), records


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive of three pointings, one without ISGRI data, and of two slices of SPI-ACS."""
    index = tmp_path / COMPACT_PATH
    index.parent.mkdir(parents=True)
    index.write_text("".join(f"{one.to_json()}\n" for one in _ENTRIES))
    return tmp_path


def _select(app: FastAPI, **wish: Any) -> httpx.Response:
    body = {"instrument": "isgri", "product": "isgri_image", "selection": _DAY, **wish}
    return call(app, "POST", "/api/v1/selections", json=body)


def test_a_selection_tells_windows_exposure_and_why_some_are_left_out(archive: Path) -> None:
    app, records = _app(str(archive))
    told = _select(app).json()
    good = [one for one in _ENTRIES if str(one.scw) in {"201600270010.001", "201600280010.001"}]
    assert (told["count"], told["rejected"], told["unit"]) == (2, 1, "science windows")
    assert told["exposure_s"] == pytest.approx(sum(one.telapse for one in good), abs=0.1)
    assert (told["first"], "No" in told["reasons"][0] or "no ISGRI events" in told["reasons"][0]) == (
        "2018-10-29T03:00:00",
        True,
    )
    assert [one["label"] for one in told["pointings"]] == [str(one.scw) for one in good]
    assert not records.jobs


def test_it_tells_how_long_so_many_windows_took_lately(archive: Path) -> None:
    app, records = _app(str(archive))
    assert _select(app).json()["estimate_s"] is None
    body = {"instrument": "isgri", "product": "isgri_image", "selection": {"scws": ["201600270010", "201600280010"]}}
    for cached in (False, True):
        job_id = call(app, "POST", "/api/v1/jobs", json=body).json()["job_id"]
        view = records.views[job_id]
        counts = view.counts | {UnitState.CACHED if cached else UnitState.DONE: 3}
        instants = {"started": "2026-11-22T12:00:00.000Z", "finished": "2026-11-22T12:00:12.000Z"}
        records.views[job_id] = view.model_copy(update={"state": JobState.COMPLETED, "counts": counts, **instants})
    # What was told is kept for a while.
    app, _ = _app(str(archive), records)
    assert _select(app, product="image").json()["estimate_s"] == 8.0
    assert _select(app, product="isgri_lc").json()["estimate_s"] is None


def test_without_redis_it_tells_what_the_archive_has(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app, records = _app(str(archive))

    def refuse(*_: Any) -> list[JobView]:
        raise StoreUnavailable("Down", "redis does not answer")

    monkeypatch.setattr(records, "recent", refuse)
    told = _select(app).json()
    assert (told["count"], told["estimate_s"]) == (2, None)


def test_it_says_whether_the_same_was_asked_before(archive: Path) -> None:
    app, _ = _app(str(archive))
    assert not _select(app).json()["asked_before"]
    body = {"instrument": "isgri", "product": "isgri_image", "selection": _DAY}
    key = call(app, "POST", "/api/v1/jobs", json=body).json()["request_key"]
    told = _select(app).json()
    assert (told["asked_before"], told["request_key"]) == (True, key)


def test_slices_are_counted_without_the_archive(archive: Path) -> None:
    app, _ = _app(str(archive))
    told = _select(app, instrument="spiacs", product="spi_acs_lc").json()
    assert (told["unit"], told["exposure_s"]) == ("slices of time", 86400.0)
    assert told["count"] > 0


def test_what_takes_no_windows_counts_nothing(archive: Path) -> None:
    app, _ = _app(str(archive))
    told = _select(app, instrument="spectral_fit", product="spectral_fit_models", selection={}).json()
    assert (told["unit"], told["count"]) == ("nothing", 0)


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"parameters": {"bands": [[40, 20]]}}, "parameters.bands[0]"),
        ({"selection": {"time": {"t1": "2005-01-01T00:00:00", "t2": "2005-01-02T00:00:00"}}}, "selection.time"),
        ({"selection": {**_DAY, "cone": {"ra": 10.0, "dec": 60.0, "radius": 1.0}}}, "selection.cone"),
    ],
)
def test_what_would_be_refused_is_refused_with_its_field(archive: Path, wish: dict[str, Any], field: str) -> None:
    answer = _select(_app(str(archive))[0], **wish)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_the_archive_tells_what_it_has_of_each_instrument(archive: Path) -> None:
    slices = archive / index_path("spiacs")
    slices.parent.mkdir(parents=True, exist_ok=True)
    app, _ = _app(str(archive))
    told = call(app, "GET", "/api/v1/archive").json()
    assert told["instruments"]["isgri"]["count"] == 2
    assert told["instruments"]["isgri"]["first"] == "2018-10-29T03:00:00"
    assert told["instruments"]["jemx"] == {"count": 0, "first": None, "last": None, "exposure_s": 0.0}
    assert told["note"] == ""


def test_without_an_archive_both_say_so() -> None:
    app, _ = _app("")
    assert "no archive" in call(app, "GET", "/api/v1/archive").json()["note"]
    assert "no archive" in _select(app).json()["note"]


def test_a_form_finds_limits_groups_and_kinds_of_selection() -> None:
    app, _ = _app("")
    told = {one["name"]: one["products"] for one in call(app, "GET", "/api/v1/instruments").json()}
    curve = told["spiacs"]["spi_acs_lc"]
    assert curve["selection"] == ["time"]
    bin_s = curve["parameters"]["time_bin"]
    assert [bin_s[name] for name in ("minimum", "maximum", "step", "label")] == [0.05, 10000.0, 0.05, "Time bin"]
    image = told["isgri"]["isgri_image"]
    assert image["selection"] == ["windows", "time", "cone"]
    assert image["results"]["*_mosaic.fits"] == "image"
    assert image["parameters"]["bands"]["most"] == 64
    assert image["parameters"]["background"]["group"] == "advanced"
    assert told["spectral_fit"]["spectral_fit"]["selection"] == []
