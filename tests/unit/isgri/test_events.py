"""Reading of event files, good and bad ones."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from mesh.kit import BadInput
from science.coded_mask.good_time import inside
from services.isgri.analysis.events import read_events
from services.isgri.analysis.live_time import good_times, live_fraction
from tests.unit.isgri.events_file import TSTART, write_events


def test_reads_times_places_and_energies(tmp_path: Path) -> None:
    events = read_events(write_events(tmp_path / "isgri_events.fits"))
    assert events.time_s.size == 40_000
    assert 0.0 <= events.time_s[0] < events.time_s[-1] < 400.0
    assert events.energy_kev.min() >= 15.0
    assert events.swid == "201600270010"
    assert events.live_fraction == 0.72
    assert events.gti is not None
    np.testing.assert_allclose(events.gti, [[10.0, 390.0]], atol=1e-3)


def test_compressed_and_plain_files_read_the_same(tmp_path: Path) -> None:
    plain = read_events(write_events(tmp_path / "isgri_events.fits"))
    packed = read_events(write_events(tmp_path / "isgri_events.fits.gz"))
    np.testing.assert_array_equal(plain.time_s, packed.time_s)
    np.testing.assert_array_equal(plain.row, packed.row)


def test_events_out_of_order_are_sorted(tmp_path: Path) -> None:
    time = TSTART + np.linspace(400.0, 0.0, 40_000) / 86400.0
    events = read_events(write_events(tmp_path / "isgri_events.fits", columns={"TIME": time}))
    assert np.all(np.diff(events.time_s) >= 0.0)


def test_template_words_count_as_missing_numbers(tmp_path: Path) -> None:
    events = read_events(write_events(tmp_path / "isgri_events.fits", keywords={"DEADC": "Real", "TSTOP": "Real"}))
    assert events.live_fraction is None
    assert events.tstop_ijd == pytest.approx(TSTART + 400.0 / 86400.0, abs=1e-6)
    fraction, warnings = live_fraction(events)
    assert 0.66 < fraction < 0.69
    assert "DEADC" in warnings[0]


@pytest.mark.parametrize("name", ["isgri_events.fits", "isgri_events.fits.gz"])
@pytest.mark.parametrize("kept", [0, 100, 3000, 0.5, 0.999])
def test_truncated_files_are_refused(tmp_path: Path, name: str, kept: float) -> None:
    path = write_events(tmp_path / name)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept if kept >= 1 else kept * len(content))])
    with pytest.raises(BadInput) as caught:
        read_events(path)
    assert caught.value.reason == "ScWDataCorrupted"
    assert "archive again" in caught.value.text


def test_garbage_inside_a_compressed_file_is_refused(tmp_path: Path) -> None:
    path = write_events(tmp_path / "isgri_events.fits.gz")
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 200] = bytes(200)
    path.write_bytes(content)
    with pytest.raises(BadInput, match="ScWDataCorrupted"):
        read_events(path)


def test_compressed_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "isgri_events.fits.gz"
    path.write_bytes(gzip.compress(b"not a FITS file", mtime=0))
    with pytest.raises(BadInput, match="ScWDataCorrupted"):
        read_events(path)


def test_a_window_without_rows_or_table_has_no_events(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        read_events(write_events(tmp_path / "isgri_events.fits", rows=0))
    assert caught.value.reason == "NoISGRIEvents"
    assert "leave it out" in caught.value.text


@pytest.mark.parametrize("key", ["RA_SCX", "DEC_SCZ", "TSTART"])
def test_missing_attitude_or_time_is_named(tmp_path: Path, key: str) -> None:
    with pytest.raises(BadInput, match=key) as caught:
        read_events(write_events(tmp_path / "isgri_events.fits", keywords={key: None}))
    assert caught.value.reason == "ScWDataCorrupted"


def test_telemetry_gaps_are_taken_out_of_the_good_times(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    seconds = np.sort(np.concatenate([rng.uniform(0.0, 100.0, 20_000), rng.uniform(150.0, 400.0, 20_000)]))
    path = write_events(tmp_path / "isgri_events.fits", columns={"TIME": TSTART + seconds / 86400.0})
    events = read_events(path)
    gti, warnings = good_times(events)
    assert not warnings
    np.testing.assert_allclose(gti, [[10.0, 100.0], [150.0, 390.0]], atol=0.2)
    assert inside(events.time_s, gti).sum() == pytest.approx(40_000 * 0.9 * 0.5 + 40_000 * 0.5 * 0.96, rel=0.02)


def test_without_good_times_the_events_give_them_and_the_caller_is_told(tmp_path: Path) -> None:
    events = read_events(write_events(tmp_path / "isgri_events.fits", gti=False))
    gti, warnings = good_times(events)
    assert len(gti) == 1
    assert inside(events.time_s, gti).all()
    assert "no good time intervals" in warnings[0]


def test_a_real_list_of_extracted_events_is_no_event_file(shared_data: Path) -> None:
    [path] = (shared_data / "isgri-events-extracted").glob("evts_extract_*.fits.gz")
    with pytest.raises(BadInput, match="no event file of the archive"):
        read_events(path)


def test_quirks_of_real_headers_and_rows(tmp_path: Path) -> None:
    columns = {
        "TIME": np.r_[np.nan, np.linspace(TSTART, TSTART + 0.004, 999)],
        "ISGRI_ENERGY": np.r_[np.full(996, 30.0), [np.nan, np.inf, -1.0, 0.0]],
        "DETY": np.r_[np.full(5, 255), np.full(995, 10)].astype(np.uint8),
        "DETZ": np.full(1000, 20, np.uint8),
        "SELECT_FLAG": np.zeros(1000, np.uint8),
    }
    keywords = {"DEADC": "Real", "REVOL": "Integer", "TSTOP": "Real", "SW_TYPE": "String"}
    events = read_events(write_events(tmp_path / "isgri_events.fits", rows=1000, columns=columns, keywords=keywords))
    assert events.time_s.size == 995, "events without a time or off the detector are left out"
    assert np.isfinite(events.energy_kev).all(), "no band and no channel takes what is no number"
    assert events.live_fraction is None
    assert events.revolution == 0
    fraction, warnings = live_fraction(events)
    assert 0.6 < fraction < 0.8
    assert any("DEADC" in text for text in warnings)
