"""Simulated files against the layout of the real ones; determinism; the ready-made archives."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray

from mesh.archive.times import ijd_from_utc, utc_from_ijd
from mesh.testing.archive.pointing import direction
from services.isgri.simulator import Pointing, SkySource, simulate_window
from services.isgri.simulator.attitude import slopes
from services.isgri.simulator.scenarios import GALACTIC_CENTRE_SKY, after_gw170817, dither, write_archive

POINTING = Pointing("201600270010.001", 264.3, -31.3, 179.0, 7.7, 6876.137374814814)
SKY = (SkySource("1E 1740.7-2942", 265.9785, -29.7452, 60.0, 76.0),)

# Keywords of the real table that tell of its processing or of its cut into parts, not of its layout.
HISTORY = {"ROWFIRST", "ROWLAST", "ROWTOTAL", "STAMP", "STAMP001", "LONGSTRN", "CHECKSUM", "DATASUM", "COMMENT", ""}

LAYOUT = {"TLMIN", "TLMAX", "TCRPX", "TCRVL", "TCDLT", "HDUCL", "TELES", "INSTR", "MJDRE", "TIMES"}


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("window") / "isgri_events.fits.gz"
    simulate_window(path, POINTING, SKY, seed=7, exposure_s=60.0)
    return path


def on_board(words: NDArray[np.uint16]) -> NDArray[np.int64]:
    weights = 2 ** np.array([48, 32, 16, 0], dtype=np.int64)
    return np.asarray((words.astype(np.int64) * weights).sum(axis=1))


def test_the_day_of_gw170817_points_where_integral_did() -> None:
    merger, *later = after_gw170817(4, 1800.0)
    t0, host = ijd_from_utc("2017-08-17T12:41:04.430"), direction(197.45037, -23.38148)
    assert merger.t_start_ijd < t0 < merger.t_start_ijd + 1800 / 86400
    assert np.degrees(np.arccos(merger.axes()[0] @ host)) == pytest.approx(104.94, abs=0.01)
    for pointing in later:
        assert pointing.t_start_ijd > t0 + 19.4 / 24
        assert pointing.axes()[0] @ host > np.cos(np.radians(0.1))
    assert len({one.scw for one in (merger, *later)}) == 4
    assert all(second.t_start_ijd - first.t_start_ijd > 1800 / 86400 for first, second in pairwise(later))


def test_layout_equals_the_real_file(window: Path, shared_data: Path) -> None:
    real_path = shared_data / "isgri-scw-255900280010" / "isgri_events_255900280010_part1.fits.gz"
    with fits.open(window) as ours, fits.open(real_path) as real:
        for name in ("ISGR-EVTS-ALL", "IBIS-GNRL-GTI"):
            mine, theirs = ours[name], real[name]
            for property_ in ("names", "formats", "units", "bzeros", "nulls"):
                assert getattr(mine.columns, property_) == getattr(theirs.columns, property_), property_
            assert mine.header["NAXIS1"] == theirs.header["NAXIS1"]
            assert set(theirs.header) - HISTORY <= set(mine.header)
            for key in theirs.header:
                if key[:5] in LAYOUT:
                    assert mine.header[key] == theirs.header[key], key
            assert mine.header.get("TIMEDEL") == pytest.approx(theirs.header.get("TIMEDEL"))
        assert set(ours[1].header) - set(real[1].header) == {"SIMULATD", "DEADC", "E_MIN", "E_MAX"}


def test_unfilled_template_words_are_kept(window: Path) -> None:
    assert fits.getval(window, "E_MIN", 1) == "Real"


def test_events_are_consistent(window: Path) -> None:
    with fits.open(window) as hdus:
        header, events = hdus[1].header, hdus[1].data
        time = np.asarray(events["TIME"])
        obt = on_board(events["OB_TIME"])
        assert (np.diff(time) >= 0).all()
        assert header["TSTART"] <= header["TFIRST"] == time[0]
        assert time[-1] == header["TLAST"] <= header["TSTOP"]
        elapsed = (obt - obt[0]).astype(float) / 2**20
        assert elapsed == pytest.approx((time - time[0]) * 86400.0, abs=1e-6)
        assert int(header["OBTSTART"]) <= obt[0] <= obt[-1] <= int(header["OBTEND"])
        ticks = (obt - obt[0]) // 64
        assert np.array_equal(np.asarray(events["DELTA_TIME"]), (ticks + events["DELTA_TIME"][0]) % 256)
        y, z = (np.asarray(events[name], dtype=int) for name in ("ISGRI_Y", "ISGRI_Z"))
        assert np.array_equal(events["DETY"], y + 2 * (y // 64))
        assert np.array_equal(events["DETZ"], z + 2 * (z // 32))
        flagged = np.asarray(events["SELECT_FLAG"]) == 1
        pixel = z * 128 + y
        assert not set(pixel[flagged]) & set(pixel[~flagged])
        assert np.asarray(events["ISGRI_PI"]).min() >= 16
        assert np.asarray(events["ISGRI_PI"]).max() <= 116
        assert np.asarray(events["ISGRI_PHA"]).min() >= 0


def test_good_times_add_up_and_telemetry_gaps_are_empty(window: Path) -> None:
    with fits.open(window) as hdus:
        time = np.asarray(hdus[1].data["TIME"])
        gti = hdus[2].data
        start, stop = np.asarray(gti["START"]), np.asarray(gti["STOP"])
        assert (stop - start).sum() * 86400.0 == pytest.approx(60.0, abs=1e-3)
        assert hdus[1].header["TELAPSE"] == pytest.approx(80.0, abs=1e-3)
        for begin, end in zip(stop[:-1], start[1:], strict=True):
            assert (end - begin) * 86400.0 == pytest.approx(4.0, abs=1e-3)
            assert not ((time > begin) & (time < end - 1e-9)).any()
        assert (time < start[0]).sum() > 1000  # before the first good time events are telemetered all the same
        assert [str(text).strip() for text in gti["UTC_START"]] == [utc_from_ijd(t, 6) for t in start]
        assert np.diff(on_board(gti["OBT_START"])).astype(float) / 2**20 == pytest.approx(
            np.diff(start) * 86400, abs=1e-3
        )


def test_rows_follow_the_recipe(window: Path) -> None:
    with fits.open(window) as hdus:
        events = hdus[1].data
        rate = len(events) / (80.0 - 8.0)
        # Background 626, unknown energy 25, noisy pixels 33 and one source of 60 mCrab; six hot pixels are part of it.
        assert rate == pytest.approx(626 + 25 + 33 + 8, abs=20)
        assert hdus[1].header["DEADC"] == pytest.approx(0.72, abs=0.001)  # as the modules were busy


def test_same_seed_same_bytes(window: Path, tmp_path: Path) -> None:
    for seed, same in ((7, True), (8, False)):
        simulate_window(tmp_path / "again.fits.gz", POINTING, SKY, seed=seed, exposure_s=60.0)
        assert ((tmp_path / "again.fits.gz").read_bytes() == window.read_bytes()) is same


def test_a_plain_file_holds_the_same(window: Path, tmp_path: Path) -> None:
    simulate_window(tmp_path / "isgri_events.fits", POINTING, SKY, seed=7, exposure_s=60.0)
    with fits.open(window) as packed, fits.open(tmp_path / "isgri_events.fits") as plain:
        plain.verify("exception")
        assert packed[1].data.tobytes() == plain[1].data.tobytes()


def test_impossible_windows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="positive exposure"):
        simulate_window(tmp_path / "x.fits", POINTING, (), seed=1, exposure_s=0.0)
    with pytest.raises(ValueError, match="RRRRPPPPSSSF"):
        Pointing("2016-27", 0.0, 0.0, 0.0, 90.0, 6876.0)


def test_dither_of_the_galactic_centre() -> None:
    pointings = dither(200)
    assert [p.scw for p in pointings[:6]] == [f"2016{n:04d}0010.001" for n in range(27, 33)]
    assert utc_from_ijd(pointings[0].t_start_ijd, 0).startswith("2018-10-29")
    assert len({p.scw for p in pointings}) == 200
    assert all(b.t_start_ijd - a.t_start_ijd > 2020.0 / 86400 for a, b in pairwise(pointings))
    later = [p for p in pointings if p.revolution == 2017]
    assert later[0].swid == "201700010010"
    assert (later[0].ra_x, later[0].dec_x) != (pointings[0].ra_x, pointings[0].dec_x)
    turned = {(round(p.ra_x, 3), round(p.dec_x, 3)) for p in pointings}
    assert len(turned) > 150  # patterns after the first are turned


def test_all_sources_of_the_galactic_centre_are_coded_in_most_windows() -> None:
    for count in (6, 25, 50):
        pointings = dither(count)
        for source in GALACTIC_CENTRE_SKY:
            coded = 0
            for pointing in pointings:
                tangents = slopes(pointing, source.ra, source.dec)
                assert tangents is not None
                shifts = np.abs(tangents) * 3203.0
                lit = float(np.prod(np.clip((532.0 + 300.0 - shifts) / 600.0, 0.0, 1.0)))
                coded += lit > 0.25
            assert coded >= 0.7 * count, source.name
    fluxes = [source.mcrab_20_40 for source in GALACTIC_CENTRE_SKY]
    assert (min(fluxes), max(fluxes)) == (20.0, 200.0)


def test_index_has_the_columns_of_the_real_one(shared_data: Path, tmp_path: Path) -> None:
    scws = write_archive(tmp_path, "empty", scws=2, exposure_s=5.0)
    assert scws == ["201600270010.001", "201600280010.001"]
    real_path = shared_data / "orbit-attitude-index" / "swg_idx_spi_rev0338-field99.fits"
    with fits.open(tmp_path / "idx" / "scw" / "GNRL-SCWG-GRP-IDX.fits") as ours, fits.open(real_path) as real:
        for name in ("names", "formats", "units", "bzeros"):
            assert getattr(ours[1].columns, name) == getattr(real[1].columns, name), name
        rows, header = ours[1].data, fits.getheader(tmp_path / f"scw/2016/{scws[0]}/isgri_events.fits.gz", 1)
        assert rows["TSTART"][0] == header["TSTART"]
        assert rows["TSTOP"][0] == pytest.approx(header["TSTOP"], abs=1e-10)
        assert rows["RA_SCX"][0] == pytest.approx(header["RA_SCX"], abs=1e-4)
        assert rows["OBTEND"][0] == header["OBTEND"]
        assert ours[1].header["GRPNAME"] == "GNRL-SCWG-GRP-IDX"


def test_an_archive_is_the_same_with_two_processes(tmp_path: Path) -> None:
    for processes in (1, 2):
        root = tmp_path / str(processes)
        write_archive(root, "galactic-centre", scws=2, seed=3, exposure_s=5.0, processes=processes)
    files = sorted(path.relative_to(tmp_path / "1") for path in (tmp_path / "1").rglob("*") if path.is_file())
    assert len(files) == 3
    assert all((tmp_path / "1" / name).read_bytes() == (tmp_path / "2" / name).read_bytes() for name in files)


def test_unknown_scenarios_and_empty_archives_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="galactic-centre"):
        write_archive(tmp_path, "andromeda", scws=1)
    with pytest.raises(ValueError, match="at least one"):
        write_archive(tmp_path, "empty", scws=0)
    with pytest.raises(ValueError, match="too long"):
        dither(1, exposure_s=90_000.0)
