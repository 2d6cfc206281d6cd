"""The gallery: which events a page shows and in which order, and what is shown of one."""

import struct
from typing import Any

import pytest

from gateway.transients.listing import Filters, Place, page_of, read_cursor
from mesh.alerts.instants import unix_seconds
from mesh.contracts import ProductFile, StageProduct
from mesh.contracts.alert import AlertEvent
from mesh.contracts.notice import Messenger
from mesh.contracts.transient import Analysis, InstrumentRecord, TransientRecord
from mesh.errors import InvalidRequest
from services.triggers.summary import summary_of
from tests.unit.gateway.doubles import MemoryAlertIndex
from tests.unit.gateway.guarded import Guarded

_T0 = "2017-08-17T12:41:04.430Z"
_KEYS = {"curve": "a" * 64, "map": "b" * 64, "image": "c" * 64}


def _product(key: str, stage: str, *names: str) -> StageProduct:
    files = tuple(ProductFile(name=name, sha256="00", size=1, media_type="a/b") for name in names)
    return StageProduct(stage=stage, label="job", key=_KEYS[key], files=files)


def _record(key: str = "lvk:G298048", **fields: Any) -> TransientRecord:
    acs = InstrumentRecord(
        instrument="spiacs",
        title="INTEGRAL SPI-ACS",
        status="data",
        reason="Available",
        text="there are data",
        simulated="a simulation",
        analyses=(
            Analysis(product="spi_acs_search", state="COMPLETED", results={"excesses": [{"snr": 4.6}]}),
            Analysis(
                product="spi_acs_lc",
                state="COMPLETED",
                job_id="j1",
                products=(_product("curve", "light_curve", "preview.png", "spi_acs_lc.fits"),),
            ),
        ),
    )
    isgri = InstrumentRecord(
        instrument="isgri",
        title="INTEGRAL IBIS/ISGRI",
        status="no-data",
        reason="NotInArchive",
        text="no data: the archive has none",
        analyses=(
            Analysis(product="isgri_image", state="COMPLETED", products=(_product("image", "mosaic", "preview.png"),)),
        ),
    )
    localisation = Analysis(
        product="localisation",
        state="COMPLETED",
        results={
            "answer": "SPI-ACS: S/N 4.6",
            "sky_map": {"area_90_deg2": 16.2},
            "coverage": [{"instrument": "isgri", "when": "prompt"}],
            "limits": [{"spectrum": "hard", "region_50": {"median": 4e-7}}],
            "spacecraft": {"peak_to_axis_deg": 104.9},
        },
        products=(_product("map", "localise", "localisation.fits", "preview.png"),),
    )
    content: dict[str, Any] = {
        "event_key": key,
        "version": 3,
        "made": "2024-01-01T00:00:01.000Z",
        "state": "ACTIVE",
        "answer": "GW GW170817: SPI-ACS: S/N 4.6.",
        "test": False,
        "simulated": True,
        "messenger": Messenger.GW,
        "names": ("GW170817",),
        "versions": (),
        "trigger_time": _T0,
        "instruments": (acs, isgri),
        "localisation": (localisation,),
    }
    return TransientRecord.model_validate({**content, **fields})


def _enter(gateway: Guarded, record: TransientRecord) -> None:
    """Play the triggers service: store a record and enter it in the index."""
    alerts = gateway.alert_intake.alerts
    made = AlertEvent(event_key=record.event_key, version=record.version)
    alerts.change_event(record.event_key, lambda _: made)
    alerts.put_record(record)
    line = summary_of(record, "2024-01-01T00:00:00.000Z")
    gateway.alert_index.lines.append({**line, "trigger": unix_seconds(record.trigger_time or line["received"])})
    gateway.alert_index.names |= dict.fromkeys(record.names, record.event_key)


@pytest.fixture
def gateway() -> Guarded:
    made = Guarded()
    _enter(made, _record())
    plain: dict[str, Any] = {
        "simulated": False,
        "localisation": (),
        "instruments": (),
        "answer": "nothing",
        "names": (),
    }
    _enter(made, _record("icecube:1_2", messenger=Messenger.NEUTRINO, trigger_time="2020-06-15T14:49:17Z", **plain))
    _enter(made, _record("chime:f1", messenger=Messenger.FRB, trigger_time="2024-09-18T07:19:10Z", **plain))
    _enter(
        made,
        _record("swift:1", messenger=Messenger.GRB, state="RETRACTED", trigger_time="2022-09-30T11:11:52Z", **plain),
    )
    _enter(made, _record("lvk:MS1", test=True, trigger_time="2025-01-01T00:00:00Z", **plain))
    return made


def _keys(gateway: Guarded, query: str = "") -> list[str]:
    answer = gateway.call("GET", f"/transients{query}", "ada")
    assert answer.status_code == 200, answer.text
    return [one["event_key"] for one in answer.json()["transients"]]


@pytest.mark.parametrize(
    ("query", "right"),
    [
        ("", ["chime:f1", "swift:1", "icecube:1_2", "lvk:G298048"]),
        ("?tests=true", ["lvk:MS1", "chime:f1", "swift:1", "icecube:1_2", "lvk:G298048"]),
        ("?class=GW", ["lvk:G298048"]),
        ("?class=FRB&class=neutrino", ["chime:f1", "icecube:1_2"]),
        ("?instrument=spiacs", ["lvk:G298048"]),
        ("?instrument=isgri", []),
        ("?state=RETRACTED", ["swift:1"]),
        ("?text=gw1708", ["lvk:G298048"]),
        ("?text=s/n 4.6", ["lvk:G298048"]),
        ("?t1=2020-01-01&t2=2023-01-01T00:00:00", ["swift:1", "icecube:1_2"]),
        ("?t1=2022-09-30T11:11:52Z&t2=2022-09-30T13:11:52%2B02:00", ["swift:1"]),
    ],
)
def test_filters_choose_events(gateway: Guarded, query: str, right: list[str]) -> None:
    assert _keys(gateway, query) == right


@pytest.mark.parametrize("query", ["class=XRB", "instrument=hubble", "state=LOST", "t1=noon", "cursor=x", "limit=0"])
def test_a_filter_that_cannot_be_is_refused_with_what_may_stand_there(gateway: Guarded, query: str) -> None:
    answer = gateway.call("GET", f"/transients?{query}", "ada")
    assert answer.status_code == 422
    assert query.partition("=")[0] in answer.text


def test_pages_show_each_event_once_while_events_come(gateway: Guarded) -> None:
    found: list[str] = []
    address: str | None = "/api/v1/transients?limit=1&tests=true"
    while address is not None:
        told = gateway.call("GET", address, "ada", whole=True).json()
        found += [one["event_key"] for one in told["transients"]]
        address = told["next"]
        _enter(gateway, _record(f"swift:{len(found) + 10}", trigger_time="2026-01-01T00:00:00Z"))
    assert found == ["lvk:MS1", "chime:f1", "swift:1", "icecube:1_2", "lvk:G298048"]


def test_events_of_one_time_are_on_pages_too() -> None:
    index = MemoryAlertIndex()
    line = {"test": False, "messenger": "GW", "state": "ACTIVE", "answer": "", "trigger": 5.0}
    index.lines = [{**line, "event_key": f"a:{number:04d}"} for number in range(1203)]
    found: list[str] = []
    after: Place | None = None
    while True:
        lines, after = page_of(index, Filters(), 100, read_cursor(str(after)) if after else None)
        found += [one["event_key"] for one in lines]
        if after is None:
            break
    assert found == sorted((one["event_key"] for one in index.lines), reverse=True)


def test_a_search_that_finds_nothing_for_long_says_where_to_go_on() -> None:
    index = MemoryAlertIndex()
    line = {"test": True, "messenger": "GW", "state": "ACTIVE", "answer": ""}
    index.lines = [{**line, "event_key": f"a:{number}", "trigger": float(number)} for number in range(20_100)]
    index.lines[0]["test"] = False
    lines, after = page_of(index, Filters(), 10, None)
    assert (lines, after) == ([], Place(100.0, "a:100"))
    lines, after = page_of(index, Filters(), 10, after)
    assert ([one["event_key"] for one in lines], after) == (["a:0"], None)


@pytest.mark.parametrize("text", ["", "1.0", "1.0~a", "nan~a:b", "1..2~a:b", "1.0~a:b c"])
def test_a_cursor_of_another_list_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        read_cursor(text)


def test_one_event_is_shown_with_all_that_there_is(gateway: Guarded) -> None:
    card = gateway.call("GET", "/transients?class=GW", "ada").json()["transients"][0]
    assert (card["name"], card["class"], card["area_90_deg2"], card["simulated"]) == ("GW170817", "GW", 16.2, True)
    assert card["links"]["picture"] == f"/api/v1/products/{_KEYS['map']}/preview.png"
    answer = gateway.call("GET", card["links"]["self"], "ada", whole=True)
    told = answer.json()
    assert (told["class"], told["name"], told["version"]) == ("GW", "GW170817", 3)
    assert told["picture"] == card["links"]["picture"]
    assert told["no_data"] == [
        {
            "instrument": "isgri",
            "title": "INTEGRAL IBIS/ISGRI",
            "reason": "NotInArchive",
            "text": "no data: the archive has none",
        }
    ]
    assert told["excesses"] == [{"instrument": "spiacs", "snr": 4.6}]
    assert told["limits"][0]["region_50"] == {"median": 4e-7}
    assert told["localisation"]["spacecraft"] == {"peak_to_axis_deg": 104.9}
    assert told["localisation"]["annulus"] is None
    assert [one["picture"] for one in told["images"]] == [f"/api/v1/products/{_KEYS['image']}/preview.png"]
    (curve,) = told["light_curves"]
    assert curve["series"] == "/api/v1/transients/lvk:G298048/light-curves/spiacs"
    assert curve["fits"] == f"/api/v1/products/{_KEYS['curve']}/spi_acs_lc.fits"
    for path in ("lvk:G298048", "GW170817"):
        again = gateway.call("GET", f"/transients/{path}", "ada", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
    assert gateway.call("GET", "/transients/GW000000", "ada").status_code == 404


def test_an_event_without_a_record_says_that_one_comes(gateway: Guarded) -> None:
    gateway.alert_intake.alerts.change_event("a:b", lambda _: AlertEvent(event_key="a:b", digest="x"))
    answer = gateway.call("GET", "/transients/a:b", "ada")
    assert (answer.status_code, "no record" in answer.json()["detail"]) == (404, True)


def test_a_light_curve_comes_as_lists_around_the_trigger(gateway: Guarded) -> None:
    rows = [(-1.05, 100.5, 2.0), (0.0, float("nan"), 2.0), (1.95, 671.25, 3.0)]
    gateway.products.files[_KEYS["curve"], "spi_acs_lc.fits"] = _fits(rows, zero=6438.529324236 * 86400)
    answer = gateway.call("GET", "/transients/GW170817/light-curves/spiacs", "ada")
    told = answer.json()
    assert (told["unit"], told["bin_s"], told["t0"], told["simulated"]) == ("count/s", 0.1, _T0, "a simulation")
    (series,) = told["series"]
    assert series["time_s"] == pytest.approx([-1.05, 0.0, 1.95], abs=2e-4)
    assert (series["rate"], series["error"]) == ([100.5, None, 671.25], [2.0, 2.0, 3.0])
    assert series["band_kev"] == [75.0, 2000.0]
    gateway.products.files[_KEYS["curve"], "spi_acs_lc.fits"] = b"no FITS"
    broken = gateway.call("GET", "/transients/GW170817/light-curves/spiacs", "ada")
    assert (broken.status_code, "cannot be read" in broken.json()["detail"]) == (404, True)
    for instrument in ("isgri", "x"):
        assert gateway.call("GET", f"/transients/GW170817/light-curves/{instrument}", "ada").status_code == 404


def _fits(rows: list[tuple[float, float, float]], zero: float) -> bytes:
    """Return an OGIP light curve, written here as the FITS standard has it (sections 4 and 7.3)."""
    structure = {"BITPIX": 8, "NAXIS": 2, "NAXIS1": 24, "NAXIS2": len(rows), "PCOUNT": 0, "GCOUNT": 1, "TFIELDS": 3}
    columns = {f"TTYPE{number}": f"'{name}'" for number, name in enumerate(("TIME", "RATE", "ERROR"), 1)}
    columns |= {f"TFORM{number}": "'1D'" for number in (1, 2, 3)} | {"TUNIT2": "'count/s'"}
    about = {"HDUCLAS1": "'LIGHTCURVE'", "MJDREF": 51544.0, "TIMEZERO": repr(zero), "TIMEDEL": 0.1}
    about |= {"E_MIN": 75.0, "E_MAX": 2000.0}
    data = b"".join(struct.pack(">3d", *row) for row in rows)
    head = _header({"SIMPLE": "T", "BITPIX": 8, "NAXIS": 0}) + _header(
        {"XTENSION": "'BINTABLE'", **structure, **columns, **about}
    )
    return head + data.ljust(-(-len(data) // 2880) * 2880, b"\0")


def _header(cards: dict[str, Any]) -> bytes:
    text = "".join(f"{name:8s}= {value}".ljust(80) for name, value in cards.items()) + "END".ljust(80)
    return text.ljust(-(-len(text) // 2880) * 2880).encode()
