"""From a time range to slices of time, and from slices to rows and units: whole days, grid edges, missing parts."""

from collections import Counter
from pathlib import Path

import pytest

from mesh.archive.extent import count_bound
from mesh.archive.off_times import OffTime
from mesh.archive.slices import Slice, build_slice_indices, slices_between
from mesh.archive.times import ijd_from_utc
from mesh.contracts import Analysis, ArchiveInput, Cone, ProductInput, Selection, TimeRange, Unit
from mesh.errors import BadInput, InvalidSelection
from mesh.instrument import Instrument
from services.dispatcher.plan import rows_of, units_of
from services.dispatcher.slices import with_off_times
from services.dispatcher.windows import WindowSource
from tests.unit.dispatcher.test_plan import run_of

HOURS = ("6438-12", "6438-13", "6438-15")


@pytest.fixture
def detector() -> Instrument:
    """An all-sky detector with slices of an hour."""
    return Instrument.model_validate(
        {
            "name": "allsky",
            "title": "All-sky detector",
            "help": "For this test.",
            "calibration": "1",
            "archive": {
                "role": "counts",
                "files": ["counts.fits"],
                "slice_s": 3600,
                "operated": ["2002-10-17T00:00:00", "2025-02-28T00:00:00"],
            },
            "image": {"tag": "x", "analysis": "x"},
            "limits": {
                "slots": 1,
                "cpus": 1,
                "memory_mb": 100,
                "seconds": 60,
                "pids": 10,
                "tmp_mb": 10,
                "output_mb": 10,
            },
            "parameters": {"time_bin": {"type": "number", "default": 1.0, "help": "x"}},
            "products": {"allsky_lc": {"title": "x", "help": "x", "stages": ["counts", "curve"]}},
            "stages": {
                "counts": {"scope": "slice", "parameters": [], "steps": ["read"], "archive": True},
                "curve": {
                    "scope": "job",
                    "needs": ["counts"],
                    "parameters": ["time_bin"],
                    "steps": ["merge"],
                    "interval": True,
                },
            },
        }
    )


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    for label in HOURS:
        folder = tmp_path / "slices" / "allsky" / label[:4] / label
        folder.mkdir(parents=True)
        (folder / "counts.fits").write_bytes(label.encode())
    assert build_slice_indices(tmp_path) == {"allsky": 3}
    return tmp_path


def between(t1: str, t2: str) -> Selection:
    return Selection(time=TimeRange(t1=t1, t2=t2))


def test_the_grid_is_that_of_tt_whatever_the_request() -> None:
    begin = ijd_from_utc("2017-08-17T12:41:04.430")
    assert [str(part) for part in slices_between(begin - 600 / 86400, begin + 1800 / 86400, 3600)] == [
        "6438-12",
        "6438-13",
    ]
    day = list(slices_between(6438.0, 6439.0, 3600))
    assert len(day) == 24
    assert (str(day[0]), str(day[-1])) == ("6438-00", "6438-23")
    assert day[0].t_stop == pytest.approx(day[1].t_start, abs=1e-9)
    # TT runs 69.184 s before UTC.
    assert day[0].span == "2017-08-16T23:58:51 to 2017-08-17T00:58:51"
    assert str(Slice(6438, 7, 600)) == "6438-007"


def test_slices_with_their_stamps_and_those_that_are_missing(archive: Path, detector: Instrument) -> None:
    found = WindowSource(str(archive), 100).find(detector, between("2017-08-17T12:30:00", "2017-08-17T15:30:00"))

    assert list(found.inputs) == list(HOURS)
    first = found.inputs["6438-12"]
    assert isinstance(first, ArchiveInput)
    assert (first.path, first.files) == ("slices/allsky/6438/6438-12", ("counts.fits",))
    assert [(one.scw, one.reason) for one in found.rejected] == [("6438-14", "NoALLSKYData")]
    assert "2017-08-17T13:58:51 to 2017-08-17T14:58:51" in found.rejected[0].text


def test_a_slice_of_an_off_time_is_told_from_one_that_lacks(archive: Path, detector: Instrument) -> None:
    listed = archive / "aux" / "allsky" / "off.csv"
    listed.parent.mkdir(parents=True)
    lines = ["start,stop,reason", "2017-08-17T13:58:00,2017-08-17T15:10:00,BELTS"]
    listed.write_text("\n".join(lines) + "\n", encoding="utf-8")
    source = WindowSource(str(archive), 100)
    found = source.find(detector, between("2017-08-17T11:30:00", "2017-08-17T16:30:00"))
    told = {one.scw: (one.reason, one.text) for one in found.rejected}
    assert told["6438-14"][0] == "InstrumentOff"
    assert "was off: BELTS from 2017-08-17T13:58:00 to 2017-08-17T15:10:00" in told["6438-14"][1]
    assert told["6438-11"][0] == told["6438-16"][0] == "NoALLSKYData"
    with pytest.raises(InvalidSelection, match="was off: BELTS from 2017-08-17T13:58:00"):
        source.find(detector, between("2017-08-17T14:10:00", "2017-08-17T14:30:00"))
    listed.write_text("start,stop,reason\nyesterday,2017-08-17T15:10:00,BELTS\n", encoding="utf-8")
    with pytest.raises(BadInput, match="line 2: needs start, stop"):
        source.find(detector, between("2017-08-17T11:30:00", "2017-08-17T16:30:00"))


def test_a_time_range_is_cut_to_the_time_of_operation_and_counted_before_anything_is_looked_for(
    archive: Path, detector: Instrument
) -> None:
    whole = between("1999-06-01T00:00:00", "9998-01-01T00:00:00")
    assert count_bound(detector, whole) == 196_081
    found = WindowSource(str(archive), 200_000).find(detector, whole)
    assert (len(found), list(found.inputs)) == (196_081, list(HOURS))
    with pytest.raises(InvalidSelection, match=r"196081 slices of 3600 s are more .* shorter time") as caught:
        WindowSource(str(archive), 196_080).find(detector, whole)
    assert caught.value.allowed == "at most 196080"


def test_slices_and_off_times_are_walked_through_together(detector: Instrument) -> None:
    parts = list(slices_between(6000.0, 6100.0, 3600))
    looked_at: Counter[str] = Counter()

    class Watched(OffTime):
        def __getattribute__(self, name: str) -> object:
            looked_at[name] += 1
            return super().__getattribute__(name)

    off = [Watched(6000.0 + place / 20, 6000.01 + place / 20, "BELTS") for place in range(2000)]
    overlapping = [known for _, known in with_off_times(parts, off)]

    for part, known in zip(parts, overlapping, strict=True):
        assert known == [one for one in off if one.start < part.t_stop and one.stop > part.t_start]
    looked_at.clear()
    assert len(list(with_off_times(parts, off))) == len(parts)
    assert sum(looked_at.values()) < 4 * (len(parts) + len(off)), "not each slice with each off time"


def test_off_times_that_overlap_each_other_count_once(archive: Path, detector: Instrument) -> None:
    listed = archive / "aux" / "allsky" / "off.csv"
    listed.parent.mkdir(parents=True)
    half = "2017-08-17T14:00:00,2017-08-17T14:30:00"
    listed.write_text(f"start,stop,reason\n{half},BELTS\n{half},EVENT\n", encoding="utf-8")
    found = WindowSource(str(archive), 100).find(detector, between("2017-08-17T12:30:00", "2017-08-17T15:30:00"))
    assert [(one.scw, one.reason) for one in found.rejected] == [("6438-14", "NoALLSKYData")]
    assert "only for a part of it" in found.rejected[0].text


def test_no_data_says_why(archive: Path, detector: Instrument) -> None:
    source = WindowSource(str(archive), 100)
    with pytest.raises(InvalidSelection, match="took data from 2002-10-17 to 2025-02-28"):
        source.find(detector, between("2025-06-01T00:00:00", "2025-06-02T00:00:00"))
    with pytest.raises(InvalidSelection, match="begins at 2017-08-17T11:58:51, its last one at 2017-08-17T14:58:51"):
        source.find(detector, between("2018-06-01T00:00:00", "2018-06-01T01:00:00"))
    with pytest.raises(InvalidSelection, match="not a UTC time"):
        source.find(detector, between("yesterday", "2018-06-01T01:00:00"))
    with pytest.raises(InvalidSelection, match="sees the whole sky"):
        source.find(detector, Selection(scws=("201600270010",)))
    with pytest.raises(InvalidSelection, match="sees the whole sky"):
        whole = TimeRange(t1="2017-08-17T12:30:00", t2="2017-08-17T15:30:00")
        source.find(detector, Selection(time=whole, cone=Cone(ra=0, dec=0, radius=1)))


def test_rows_and_units_of_slices(archive: Path, detector: Instrument) -> None:
    selection = between("2017-08-17T12:30:00", "2017-08-17T13:30:00")
    windows = WindowSource(str(archive), 100).find(detector, selection)
    whole = Analysis(instrument="allsky", product="allsky_lc", selection=selection, parameters={"time_bin": 1.0})
    rows = [(row.stage, row.label) for row in rows_of(detector, whole, windows)]
    assert rows == [("counts", "6438-12"), ("counts", "6438-13"), ("curve", "job")]

    def units(stage: str, chosen: Selection) -> list[Unit]:
        analysis = Analysis(instrument="allsky", product="allsky_lc", selection=chosen, parameters={"time_bin": 1.0})
        made = {"counts": {"6438-12": "1" * 64, "6438-13": "2" * 64}}
        labels = [label for name, label in rows if name == stage]
        found = units_of(
            stage,
            instrument=detector,
            analysis=analysis,
            run=run_of(analysis),
            labels=labels,
            windows=windows,
            made=made,
        )
        return [unit for _, unit in found if unit is not None]

    curve = units("curve", selection)[0]
    assert [entry.label for entry in curve.inputs if isinstance(entry, ProductInput)] == ["6438-12", "6438-13"]
    assert curve.parameters == {"time_bin": 1.0, "interval": ["2017-08-17T12:30:00", "2017-08-17T13:30:00"]}
    other = between("2017-08-17T12:31:00", "2017-08-17T13:29:00")
    # What a slice holds does not depend on the request: its products are found again.
    assert [unit.key for unit in units("counts", selection)] == [unit.key for unit in units("counts", other)]
    assert curve.key != units("curve", other)[0].key


def test_a_stage_must_fit_the_archive(detector: Instrument) -> None:
    content = detector.model_dump()
    content["archive"]["slice_s"] = 7000
    with pytest.raises(ValueError, match="does not divide a day"):
        Instrument.model_validate(content)
    content["archive"]["slice_s"] = None
    with pytest.raises(ValueError, match="has scope slice"):
        Instrument.model_validate(content)
