"""Validation of event files: what other people's programs write, what is done about it, and what is said."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray

from mesh.kit import BadInput
from science.coded_mask.good_time import total_s
from services.isgri.analysis.events import Events, read_events
from services.isgri.analysis.live_time import good_times, live_fraction
from tests.unit.isgri.events_file import TSTART, write_events

_ROWS, _SECONDS = 40_000, 400.0


def _times(seed: int = 5) -> NDArray[np.float64]:
    return TSTART + np.sort(np.random.default_rng(seed).uniform(0.0, _SECONDS, _ROWS)) / 86400.0


def _written(path: Path, **columns: Any) -> Path:
    return write_events(path / "isgri_events.fits", columns=columns)


def _with_gti(path: Path, *rows: tuple[float, float], names: tuple[str, ...] = ("MERGED_ISGRI",)) -> Path:
    """Write a window with these good times (seconds after the start), one table of all rows for each name."""
    file = write_events(path / "isgri_events.fits", gti=False)
    with fits.open(file, mode="append") as hdus:
        for name in names:
            edges = TSTART + np.array(rows) / 86400.0
            columns = [fits.Column(key, "1D", array=edges[:, i]) for i, key in enumerate(("START", "STOP"))]
            table = fits.BinTableHDU.from_columns(columns, name="IBIS-GNRL-GTI")
            table.header["GTI_NAME"] = name
            hdus.append(table)
    return file


def _rewritten(path: Path, change: Callable[[bytes], bytes]) -> Path:
    path.write_bytes(change(path.read_bytes()))
    return path


def _warned(events: Events, *words: str) -> bool:
    return any(all(word in text for word in words) for text in events.validation.warnings)


def test_a_good_file_has_nothing_to_warn_of_and_a_report(tmp_path: Path) -> None:
    events = read_events(_written(tmp_path))
    good_times(events)
    assert events.validation.warnings == []
    assert events.validation.report == ["40000 of 40000 events in 400.0 s are valid"]


@pytest.mark.parametrize("wrong", [0.0, TSTART + 100.0, TSTART - 1.0, np.nan, np.inf])
def test_one_bad_time_is_left_out_and_the_gaps_are_still_seen(tmp_path: Path, wrong: float) -> None:
    time = _times()
    gap = (time > TSTART + 100.0 / 86400.0) & (time < TSTART + 150.0 / 86400.0)
    time[gap] = TSTART + np.sort(np.random.default_rng(6).uniform(150.0, 400.0, gap.sum())) / 86400.0
    time[500] = wrong
    events = read_events(_written(tmp_path, TIME=time))
    gti, _ = good_times(events)
    assert events.time_s.size == _ROWS - 1
    assert total_s(gti) == pytest.approx(380.0 - 50.0, abs=0.5)
    assert _warned(events, "1 event of 40000", "left out")


def test_events_beside_the_window_are_left_out(tmp_path: Path) -> None:
    time = _times()
    time[-100:] = TSTART + (_SECONDS + 360.0 * np.arange(1, 101)) / 86400.0
    events = read_events(_written(tmp_path, TIME=time))
    assert events.time_s.size == _ROWS - 100
    assert events.time_s[-1] < _SECONDS
    assert _warned(events, "100 events of 40000", "36000 s outside the window")


def test_a_file_most_of_whose_events_have_no_time_is_refused(tmp_path: Path) -> None:
    time = _times()
    time[::10] = 0.0
    with pytest.raises(BadInput, match="4000 of 40000 events without a valid time") as caught:
        read_events(_written(tmp_path, TIME=time))
    assert caught.value.reason == "ScWDataCorrupted"


def test_a_start_that_belongs_to_another_window_is_refused(tmp_path: Path) -> None:
    path = write_events(tmp_path / "isgri_events.fits", keywords={"TSTART": TSTART - 1.0, "TSTOP": TSTART - 0.9})
    with pytest.raises(BadInput, match="none of its 40000 events between") as caught:
        read_events(path)
    assert caught.value.reason == "ScWDataCorrupted"


@pytest.mark.parametrize(
    ("keywords", "told"),
    [
        ({"TSTOP": "Real", "TELAPSE": 400.0}, "TELAPSE"),
        ({"TSTOP": TSTART - 1.0, "TELAPSE": 400.0}, "TELAPSE"),
        ({"TSTOP": TSTART + 40.0}, "good times and events"),
        ({"TSTOP": None}, "good times and events"),
    ],
)
def test_without_a_usable_end_the_window_ends_otherwise(tmp_path: Path, keywords: dict[str, Any], told: str) -> None:
    time = _times()
    time[-1] = TSTART + 100.0
    file = tmp_path / "isgri_events.fits"
    events = read_events(write_events(file, keywords=keywords, columns={"TIME": time}))
    assert events.tstop_ijd == pytest.approx(TSTART + _SECONDS / 86400.0, abs=1e-6)
    assert events.time_s[-1] < _SECONDS
    assert _warned(events, "TSTOP", told)


def test_with_neither_end_nor_good_times_one_bad_time_does_not_make_the_window_longer(tmp_path: Path) -> None:
    time = _times()
    time[-1] = TSTART + 1.0
    file = tmp_path / "isgri_events.fits"
    events = read_events(write_events(file, keywords={"TSTOP": None}, columns={"TIME": time}, gti=False))
    assert events.tstop_ijd == pytest.approx(TSTART + _SECONDS / 86400.0, abs=1e-6)
    assert _warned(events, "TSTOP", "events")


@pytest.mark.parametrize(
    "rows",
    [
        [(10.0, 200.0), (10.0, 200.0), (210.0, 390.0), (210.0, 390.0)],
        [(10.0, 200.0), (210.0, 390.0), (10.0, 200.0)],
        [(10.0, 150.0), (100.0, 200.0), (210.0, 390.0), (300.0, 310.0)],
    ],
)
def test_good_times_that_overlap_count_once(tmp_path: Path, rows: list[tuple[float, float]]) -> None:
    events = read_events(_with_gti(tmp_path, *rows))
    assert events.gti is not None
    np.testing.assert_allclose(events.gti, [[10.0, 200.0], [210.0, 390.0]], atol=1e-6)
    assert _warned(events, "good times overlap")


def test_good_times_that_touch_are_no_overlap(tmp_path: Path) -> None:
    events = read_events(_with_gti(tmp_path, (10.0, 200.0), (200.0, 390.0)))
    assert events.validation.warnings == []


def test_good_times_beyond_the_window_are_cut(tmp_path: Path) -> None:
    events = read_events(_with_gti(tmp_path, (-500.0, 100.0), (200.0, 90_000.0)))
    assert events.gti is not None
    assert total_s(events.gti) == pytest.approx(300.0, abs=2.1)
    assert _warned(events, "good time lie outside the window")


def test_rows_that_are_no_intervals_are_left_out(tmp_path: Path) -> None:
    events = read_events(_with_gti(tmp_path, (10.0, 390.0), (np.nan, 20.0), (300.0, 200.0), (5.0, np.inf)))
    assert events.gti is not None
    np.testing.assert_allclose(events.gti, [[10.0, 390.0]], atol=1e-6)
    assert _warned(events, "3 rows of good times left out")


def test_without_a_merged_table_all_tables_hold_at_once(tmp_path: Path) -> None:
    file = _with_gti(tmp_path, (10.0, 300.0), names=("VETO",))
    with fits.open(file, mode="append") as hdus:
        other = hdus["IBIS-GNRL-GTI"].copy()
        other.data = other.data.copy()
        other.data["START"][0], other.data["STOP"][0] = TSTART + np.array([100.0, 390.0]) / 86400.0
        other.header["GTI_NAME"] = "ATTITUDE"
        hdus.append(other)
    events = read_events(file)
    assert events.gti is not None
    np.testing.assert_allclose(events.gti, [[100.0, 300.0]], atol=1e-6)
    assert _warned(events, "VETO", "ATTITUDE", "share")


def test_telemetry_that_ends_before_the_good_times_is_no_live_time(tmp_path: Path) -> None:
    time = TSTART + np.sort(np.random.default_rng(7).uniform(50.0, 300.0, _ROWS)) / 86400.0
    events = read_events(_written(tmp_path, TIME=time))
    gti, _ = good_times(events)
    np.testing.assert_allclose(gti, [[50.0, 300.0]], atol=0.1)
    assert any("telemetry is missing for 130.0 s" in text for text in events.validation.report)


def test_many_short_gaps_are_no_live_time(tmp_path: Path) -> None:
    seconds = np.sort(np.random.default_rng(8).uniform(0.0, 400.0, _ROWS))
    seconds = np.floor(seconds) + (seconds % 1.0) * 0.6  # 0.4 s of every second are missing
    events = read_events(_written(tmp_path, TIME=TSTART + seconds / 86400.0))
    gti, _ = good_times(events)
    assert total_s(gti) == pytest.approx(
        0.6 * 380.0 * (1.0 - 1.0 / 60.0), rel=0.01
    )  # a gap begins with the last event before it


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_window_without_energies_is_refused(tmp_path: Path, bad: float) -> None:
    with pytest.raises(BadInput, match="without an energy") as caught:
        read_events(_written(tmp_path, ISGRI_ENERGY=np.full(_ROWS, bad)))
    assert caught.value.reason == "ScWDataCorrupted"


def test_a_window_whose_energies_are_all_unknown_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no energy"):
        read_events(_written(tmp_path, ISGRI_ENERGY=np.zeros(_ROWS)))


def test_many_unknown_energies_are_said(tmp_path: Path) -> None:
    energy = np.where(np.arange(_ROWS) % 2, 0.0, 50.0)
    assert _warned(read_events(_written(tmp_path, ISGRI_ENERGY=energy)), "20000 of 40000", "unknown energy")


def test_events_that_stand_twice_count_once(tmp_path: Path) -> None:
    once = read_events(_written(tmp_path))
    time, row, column = np.repeat(once.time_s, 2), np.repeat(once.row, 2), np.repeat(once.column, 2)
    path = write_events(
        tmp_path / "isgri_events.fits",
        rows=2 * _ROWS,
        columns={
            "TIME": TSTART + time / 86400.0,
            "DETZ": row,
            "DETY": column,
            "ISGRI_ENERGY": np.repeat(once.energy_kev, 2),
        },
    )
    twice = read_events(path)
    assert twice.time_s.size == _ROWS
    np.testing.assert_array_equal(twice.row, once.row)
    assert _warned(twice, "40000 events of 80000", "twice")


def test_events_off_the_detector_are_said(tmp_path: Path) -> None:
    column = np.full(_ROWS, 10)
    column[:7] = 64  # between two modules
    events = read_events(_written(tmp_path, DETY=column, DETZ=np.full(_ROWS, 20)))
    assert events.time_s.size == _ROWS - 7
    assert _warned(events, "7 events of 40000 without a place")


def test_a_column_without_a_name_that_nobody_reads_does_no_harm(tmp_path: Path) -> None:
    file = write_events(tmp_path / "isgri_events.fits")
    with fits.open(file) as hdus:
        table = hdus["ISGR-EVTS-ALL"]
        more = fits.ColDefs([fits.Column("RISE_TIME", "1B", array=np.zeros(_ROWS)), fits.Column("PHA", "1I")])
        hdus["ISGR-EVTS-ALL"] = fits.BinTableHDU.from_columns(table.columns + more, header=table.header)
        hdus.writeto(file, overwrite=True)
    whole = read_events(file)
    events = read_events(_rewritten(file, lambda content: content.replace(b"TTYPE6  =", b"COMMENT  ", 1)))
    np.testing.assert_array_equal(events.time_s, whole.time_s)
    np.testing.assert_array_equal(events.row, whole.row)
    assert any("column 6 has no name" in text for text in events.validation.report)
    again = read_events(_rewritten(file, lambda content: content.replace(b"'PHA     '", b"'TIME    '", 1)))
    np.testing.assert_array_equal(again.time_s, whole.time_s)


def test_names_of_columns_in_small_letters_are_the_same_names(tmp_path: Path) -> None:
    whole = read_events(write_events(tmp_path / "isgri_events.fits"))
    path = tmp_path / "isgri_events.fits"
    events = read_events(_rewritten(path, lambda content: content.replace(b"'TIME    '", b"'time    '", 1)))
    np.testing.assert_array_equal(events.time_s, whole.time_s)


def test_a_needed_column_without_its_name_is_told(tmp_path: Path) -> None:
    path = write_events(tmp_path / "isgri_events.fits")
    with pytest.raises(BadInput, match="lacks the columns TIME"):
        read_events(_rewritten(path, lambda content: content.replace(b"'TIME    '", b"'        '", 1)))


@pytest.mark.parametrize("key", ["TSTART", "RA_SCX"])
def test_nan_in_a_header_is_named(tmp_path: Path, key: str) -> None:
    path = write_events(tmp_path / "isgri_events.fits")

    def nan(content: bytes) -> bytes:
        start = content.index(f"{key:8}=".encode())
        return content[: start + 10] + b"                 NaN" + content[start + 30 :]

    with pytest.raises(BadInput, match=f"no number in keyword {key}") as caught:
        read_events(_rewritten(path, nan))
    assert caught.value.reason == "ScWDataCorrupted"


@pytest.mark.parametrize("keywords", [{"RA_SCZ": 266.0, "DEC_SCZ": -29.0}, {"DEC_SCX": 95.0}, {"DEC_SCZ": 0.0}])
def test_axes_that_are_not_perpendicular_are_no_attitude(tmp_path: Path, keywords: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="attitude"):
        read_events(write_events(tmp_path / "isgri_events.fits", keywords=keywords))


@pytest.mark.parametrize(("name", "packed"), [("isgri_events.fits.gz", False), ("isgri_events.fits", True)])
def test_compression_does_not_go_by_the_name(tmp_path: Path, name: str, packed: bool) -> None:
    whole = read_events(write_events(tmp_path / "plain.fits"))
    other = write_events(tmp_path / ("a.fits.gz" if packed else "a.fits"))
    other.rename(tmp_path / name)
    np.testing.assert_array_equal(read_events(tmp_path / name).time_s, whole.time_s)


@pytest.mark.parametrize("stated", [1.0, 0.01])
def test_an_implausible_live_fraction_is_said(tmp_path: Path, stated: float) -> None:
    events = read_events(write_events(tmp_path / "isgri_events.fits", keywords={"DEADC": stated}))
    fraction, warnings = live_fraction(events)
    assert fraction == stated
    assert any("DEADC" in text for text in warnings)
