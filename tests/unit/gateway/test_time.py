"""Times in every form, with revolution and science window from the index of the archive."""

from pathlib import Path

import pytest
from astropy.time import Time
from fastapi import FastAPI

from gateway.application import create_app
from gateway.archive import GatewayArchive
from gateway.parts import Parts
from mesh.archive.index import COMPACT_PATH
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
    entry("201600270010.001", "2018-10-29T03:00:00"),
    entry("201600280010.000", "2018-10-29T03:32:00"),
    entry("201600280010.001", "2018-10-29T03:32:00"),
    entry("201700010010.001", "2018-10-31T20:00:00"),
    entry("202000010010.001", "2018-11-08T20:00:00"),
]


def _parts(archive: Path | None = None) -> Parts:
    records = MemoryRecords()
    known = GatewayArchive(str(archive) if archive else "")
    stores = (records, MemoryProducts(), RecordingPublisher(records), MemoryQuota().quota, MemoryQueries())
    return Parts(*stores, archive=known)


@pytest.fixture(scope="module")
def without_archive() -> FastAPI:
    return create_app(_parts())


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    root = tmp_path_factory.mktemp("archive")
    index = root / COMPACT_PATH
    index.parent.mkdir(parents=True)
    index.write_text("\n".join(one.to_json() for one in _ENTRIES))
    return create_app(_parts(root))


@pytest.mark.parametrize("utc", ["2017-08-17T12:41:04.430", "2016-12-31T23:59:60.250", "2003-11-12T00:00:00"])
def test_every_form_is_that_of_astropy(without_archive: FastAPI, utc: str) -> None:
    told = call(without_archive, "GET", "/api/v1/time", params={"value": utc}).json()
    there = Time(utc, scale="utc", format="isot", precision=6)
    assert (told["utc"], told["tt"]) == (there.isot, there.tt.isot)
    assert told["mjd_utc"] == pytest.approx(there.mjd, abs=2e-11)
    assert told["mjd_tt"] == pytest.approx(there.tt.mjd, abs=2e-11)
    assert told["jd_utc"] == pytest.approx(there.jd, abs=1e-9)
    assert told["ijd"] == pytest.approx(there.tt.mjd - 51544.0, abs=2e-11)
    assert told["gps"] == pytest.approx(there.gps, abs=2e-6)
    if ":60" not in utc:
        assert told["unix"] == pytest.approx(there.unix, abs=2e-6)
    assert told["tt_minus_utc"] == {"2017": 69.184 - 1, "2016": 69.184, "2003": 64.184}[utc[:4]] + (utc[:4] == "2017")


@pytest.mark.parametrize(
    ("value", "revolution", "scw"),
    [
        ("2018-10-29T03:10:00", 2016, "201600270010.001"),
        ("2018-10-29T03:40:00", 2016, "201600280010.001"),  # the newer version
        ("2018-10-30T00:00:00", 2016, None),  # up to where the next revolution begins
        ("2018-10-31T20:10:00", 2017, "201700010010.001"),
        ("2018-11-03T00:00:00", None, None),  # the archive has nothing of the revolution
        ("2018-10-29T02:00:00", None, None),
    ],
)
def test_revolution_and_window_of_a_time(app: FastAPI, value: str, revolution: int | None, scw: str | None) -> None:
    told = call(app, "GET", "/api/v1/time", params={"value": value}).json()
    assert (told["revolution"], told["scw"], told["stop"]) == (revolution, scw, None)
    assert bool(told["note"]) is (revolution is None)


@pytest.mark.parametrize(
    ("value", "form", "start", "stop"),
    [
        ("REV 2016", "", "2018-10-29T03:00:00", "2018-10-31T20:00:00"),
        ("2016", "revolution", "2018-10-29T03:00:00", "2018-10-31T20:00:00"),
        ("rev2017", "", "2018-10-31T20:00:00", "2018-10-31T20:30:00"),
        ("201600270010", "", "2018-10-29T03:00:00", "2018-10-29T03:30:00"),
        ("ScW 201600270010.001", "", "2018-10-29T03:00:00", "2018-10-29T03:30:00"),
    ],
)
def test_a_revolution_and_a_window_have_a_start_and_an_end(
    app: FastAPI, value: str, form: str, start: str, stop: str
) -> None:
    told = call(app, "GET", "/api/v1/time", params={"value": value, "format": form}).json()
    assert (told["utc"][:19], told["stop"]["utc"][:19]) == (start, stop)
    assert told["scw"] == "201600270010.001" if "27" in value else told["revolution"]


@pytest.mark.parametrize("value", ["REV 2018", "201600270020", "201600270010.002", "REV 0", "201600270019"])
def test_what_the_archive_does_not_have_is_told(app: FastAPI, value: str) -> None:
    answer = call(app, "GET", "/api/v1/time", params={"value": value})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "value")


def test_without_an_archive_times_are_converted_and_the_rest_is_told(without_archive: FastAPI, tmp_path: Path) -> None:
    told = call(without_archive, "GET", "/api/v1/time", params={"value": "IJD 6876.5"}).json()
    assert (told["ijd"], told["revolution"]) == (6876.5, None)
    assert "no archive" in told["note"]
    assert call(without_archive, "GET", "/api/v1/time", params={"value": "REV 2016"}).status_code == 404
    for place in (tmp_path / "secret", tmp_path):  # none at all, and one without an index
        answer = call(create_app(_parts(place)), "GET", "/api/v1/time", params={"value": "IJD 6876.5"})
        assert (answer.status_code, str(tmp_path) in answer.text) == (200, False)


def test_a_changed_index_is_read_again(tmp_path: Path) -> None:
    index = tmp_path / COMPACT_PATH
    index.parent.mkdir(parents=True)
    index.write_text(_ENTRIES[0].to_json())
    archive = GatewayArchive(str(tmp_path))
    assert len(archive.revolutions()) == 1
    index.write_text("\n".join(one.to_json() for one in _ENTRIES))
    archive._revolutions._due = 0.0  # the time has come
    assert len(archive.revolutions()) == len(_ENTRIES)


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"value": "yesterday"}, "value"),
        ({"value": "1998-01-01T00:00:00"}, "value"),
        ({"value": "2018"}, "value"),
        ({"value": "57000", "format": "week"}, "format"),
        ({"value": "57000", "format": "mjd", "scale": "tcb"}, "scale"),
        ({"value": "1e300", "format": "ijd"}, "value"),
        ({"value": "-1e5", "format": "ijd"}, "value"),
        ({"value": "nan", "format": "gps"}, "value"),
    ],
)
def test_what_is_no_time_is_refused_by_the_name_of_its_field(
    without_archive: FastAPI, params: dict[str, str], field: str
) -> None:
    answer = call(without_archive, "GET", "/api/v1/time", params=params)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
