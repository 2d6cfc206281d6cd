"""Light curves of a window and their merge, weighted events: bins, exposure, gaps, files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from mesh.instruments import instrument
from mesh.kit import BadInput
from mesh.kit.ogip.observation import Observation
from science.coded_mask.forced_map import ZONES
from science.coded_mask.pixel_scatter import PixelScatter
from science.coded_mask.weighted_curve import exposed_bins
from science.coded_mask.window_curves import BandCurves, WindowCurves, merge_curves
from science.timing.barycentre import barycentric_s
from science.timing.orbit import read_orbit
from services.isgri.analysis.camera import CAMERA
from services.isgri.analysis.curve_volume import LARGEST_MB, check_volume
from tests.unit.isgri.events_file import TSTART
from tests.unit.isgri.stage_runs import PLACE, run, source_events, unit_directory
from tests.unit.timing.orbit_file import START_OBT, write_orbit

_WINDOW = "201600270010.001"
_LISTED = [{"name": "GX 1+4", "ra": PLACE[0], "dec": PLACE[1]}]
_BANDS = [[20, 40], [40, 80]]


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A window of 400 s with a source that bursts for half a second at 200 s."""
    return source_events(tmp_path_factory.mktemp("events") / "isgri_events.fits")


def _curves(events: Path, directory: Path, time_bin: float) -> tuple[Path, dict[str, Any]]:
    parameters = {"catalogue": _LISTED, "bands": _BANDS, "time_bin": time_bin}
    unit = unit_directory(directory, "lc", [("events", _WINDOW, events)], parameters)
    return unit / "out" / "isgri_curves.fits", run(unit)


@pytest.fixture(scope="module")
def merged(events: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Light curves of that window in bins of 10 s."""
    root = tmp_path_factory.mktemp("curves")
    path, manifest = _curves(events, root / "unit", 10.0)
    assert [step["step"] for step in manifest["steps"]] == ["events", "validate", "gti", "dead", "fit", "bins"]
    unit = unit_directory(root / "merge", "lc_merge", [("lc", _WINDOW, path)], {"catalogue": "reference"})
    return unit / "out", run(unit)


def test_each_source_and_band_has_a_file_and_a_picture(merged: tuple[Path, dict[str, Any]]) -> None:
    out, manifest = merged
    assert {file["name"] for file in manifest["files"]} == {
        *("isgri_lc_GX_1+4_20-40.fits", "isgri_lc_GX_1+4_40-80.fits", "isgri_lc_GX_1+4.png", "preview.png"),
    }
    with fits.open(out / "isgri_lc_GX_1+4_40-80.fits", checksum=True) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "RATE", "GTI", "ISGR-SRC.-LCR"]
        rate, days = hdus["RATE"], hdus["ISGR-SRC.-LCR"]
        assert (rate.header["E_MIN"], rate.header["E_MAX"]) == (40.0, 80.0)
        assert (rate.header["OBJECT"], rate.header["TIMEDEL"]) == ("GX 1+4", 10.0)
        assert rate.header["HDUCLAS1"] == days.header["HDUCLAS1"] == "LIGHTCURVE"
        assert {"TIME", "RATE", "ERROR", "FRACEXP", "XAX_E", "TIMEDEL", "TOT_COUNTS"} <= set(days.columns.names)
        assert np.allclose(days.data["TIME"] * 86400.0, rate.data["TIME"], rtol=0, atol=1e-5)
        # Bins lie on the grid, and all good time is in one of them.
        assert np.allclose(rate.data["TIME"] / 10.0 % 1.0, 0.5, atol=1e-6)
        assert rate.data["EXPOSURE"].sum() == pytest.approx(380.0, abs=0.1)


def test_the_burst_stands_in_its_bin_and_the_rest_is_constant(merged: tuple[Path, dict[str, Any]]) -> None:
    out, _ = merged
    with fits.open(out / "isgri_lc_GX_1+4_20-40.fits") as hdus:
        data = hdus["RATE"].data
    since = data["TIME"] - TSTART * 86400.0
    peak = int(np.argmax(data["RATE"]))
    assert abs(since[peak] - 200.25) < 5.0
    others = np.delete(np.arange(len(data)), peak)
    mean = np.average(data["RATE"][others], weights=data["EXPOSURE"][others])
    chi2 = (((data["RATE"] - mean) / data["ERROR"])[others] ** 2).mean()
    assert 0.5 < chi2 < 1.6
    # 200 of the burst's 600 events are in this band; the steady source has 12.5 events/s.
    excess = (data["RATE"][peak] - mean) / mean
    assert excess == pytest.approx(200.0 / 10.0 / 12.5, rel=0.5)
    assert data["ERROR"][peak] > 1.1 * np.median(data["ERROR"])


def test_short_bins_have_the_mean_of_long_ones(events: Path, tmp_path: Path) -> None:
    means = []
    for width in (0.1, 50.0):
        path, _ = _curves(events, tmp_path / f"{width}", width)
        with fits.open(path) as hdus:
            data = hdus["ISGR-SRC.-LCR", 1].data
            valid = np.isfinite(data["RATE"][:, 0]) if data["RATE"].ndim == 2 else np.isfinite(data["RATE"])
            means.append(np.average(np.ravel(data["RATE"])[valid], weights=data["FRACEXP"][valid]))
    assert means[0] == pytest.approx(means[1], rel=1e-3)


def test_exposure_of_bins() -> None:
    good = np.array([[1.0, 2.5], [3.0, 5.0]])
    bins = exposed_bins(0.0, 1.0, 5, [good, good[1:]])
    assert np.allclose(bins.exposed[0], [0.0, 1.0, 0.5, 1.0, 1.0])
    assert np.allclose(bins.exposed[1], [0.0, 0.0, 0.0, 1.0, 1.0])
    assert list(bins.total_s) == [3.5, 2.0]


def _window(
    first: int, rate: float, exposed: list[float], names: tuple[str, ...] = ("A",), common: float = 0.0
) -> WindowCurves:
    bins = len(exposed)
    rates = np.full((len(names), bins), rate)
    unit = np.full((len(names), 1), common)
    scatter = PixelScatter(np.ones((len(ZONES) + 1, 1)), np.ones(1), np.zeros(len(names), np.intp), unit)
    return WindowCurves(
        names=names,
        ra=np.zeros(len(names)),
        dec=np.zeros(len(names)),
        tangents=np.zeros((2, len(names))),
        first_bin=first,
        width_s=10.0,
        exposed=np.array(exposed),
        good_times_s=np.array([[first * 10.0, (first + bins) * 10.0]]),
        bands=[BandCurves((20.0, 40.0), rates, np.full((len(names), bins), 0.1), np.full(bins, 7.0), scatter)],
        observation=Observation("IBIS", 0.0, 0.0),
    )


def test_windows_are_joined_in_time_and_gaps_stay() -> None:
    [source] = merge_curves([_window(8, 2.0, [1.0, 1.0]), _window(3, 1.0, [1.0, 0.01])], CAMERA)
    [(_, curve)] = source.curves
    assert list(curve.time_s) == [35.0, 85.0, 95.0], "in order, without the bin that is hardly exposed"
    assert list(curve.rate) == [1.0, 2.0, 2.0]
    assert np.array_equal(source.good_times_s, [[30.0, 50.0], [80.0, 100.0]])


def test_a_bin_of_two_windows_is_their_mean_by_exposure() -> None:
    [source] = merge_curves([_window(3, 1.0, [0.6]), _window(3, 4.0, [0.3])], CAMERA)
    curve = source.curves[0][1]
    assert curve.rate == pytest.approx([2.0])
    assert curve.exposed == pytest.approx([0.9])
    assert curve.error == pytest.approx([0.1 * np.hypot(0.6, 0.3) / 0.9])


def test_what_bins_have_in_common_stands_beside_their_errors() -> None:
    """Two windows with the same shadow: one error for all bins, which their mean keeps in full."""
    [source] = merge_curves([_window(3, 1.0, [1.0] * 4, common=0.5), _window(9, 1.0, [1.0] * 4, common=0.5)], CAMERA)
    curve, mean = source.curves[0][1], source.means[0]
    assert np.allclose(curve.error, 0.1)
    assert np.allclose(curve.columns["SYS_ERR"][1], 0.5)
    assert list(curve.columns["SYS_GROUP"][1]) == [1] * 8
    assert mean.error == pytest.approx(np.hypot(0.1 / 8**0.5, 0.5))
    assert mean.chi2_per_dof == pytest.approx(0.0, abs=1e-9)


def test_a_bin_that_shares_nothing_has_the_whole_error() -> None:
    elsewhere = _window(9, 1.0, [1.0], common=0.5)
    elsewhere.tangents[:] = 0.05
    [source] = merge_curves([_window(3, 1.0, [1.0], common=0.5), elsewhere], CAMERA)
    curve = source.curves[0][1]
    assert np.allclose(curve.error, np.hypot(0.1, 0.5))
    assert np.all(curve.columns["SYS_ERR"][1] == 0.0)
    assert np.all(curve.columns["SYS_GROUP"][1] == 0)


def test_sources_are_joined_by_name() -> None:
    merged = merge_curves([_window(3, 1.0, [1.0], ("A", "B")), _window(5, 2.0, [1.0], ("B",))], CAMERA)
    assert [(source.name, source.curves[0][1].rate.size) for source in merged] == [("A", 1), ("B", 2)]


def test_windows_of_other_bins_are_refused() -> None:
    other = WindowCurves(**{**vars(_window(3, 1.0, [1.0])), "width_s": 20.0})
    with pytest.raises(BadInput, match="different bins"):
        merge_curves([_window(3, 1.0, [1.0]), other], CAMERA)


def test_weights_of_events_add_up_to_the_rate_of_the_source(events: Path, tmp_path: Path) -> None:
    parameters = {"catalogue": _LISTED, "bands": _BANDS}
    unit = unit_directory(tmp_path / "weights", "weights", [("events", _WINDOW, events)], parameters)
    manifest = run(unit)
    [source] = manifest["summary"]["sources"]
    assert (source["name"], source["column"]) == ("GX 1+4", "WEIGHT_1")
    with fits.open(unit / "out" / "isgri_weighted_events.fits", checksum=True) as hdus:
        data = hdus["ISGR-EVTS-ALL"].data
        assert len(data) == manifest["summary"]["events"]
        assert np.all(np.diff(data["TIME"]) >= 0)
        total = {band[0]: data["WEIGHT_1"][(data["ENERGY"] >= band[0]) & (data["ENERGY"] < band[1])] for band in _BANDS}
        assert (data["WEIGHT_1"].astype(float) ** 2).sum() == pytest.approx(source["square_sum"], rel=1e-5)
    _, curves = _curves(events, tmp_path / "curves", 1000.0)
    for band in curves["summary"]["sources"][0]["bands"]:
        assert total[band["e_min"]].sum() == pytest.approx(band["rate"], rel=1e-3)


def test_a_merge_of_nothing_says_so(tmp_path: Path) -> None:
    assert (
        run(unit_directory(tmp_path / "unit", "lc_merge", [], {"catalogue": "reference"}))["reason"] == "EmptyScWList"
    )


def test_curves_that_do_not_fit_into_a_product_are_refused_with_what_to_set(events: Path, tmp_path: Path) -> None:
    check_volume(50 * 2000.0, 1.0, 4, 10)
    with pytest.raises(BadInput, match=r"set time_bin to 0\.75 s") as refused:
        check_volume(50 * 2000.0, 0.1, 4, 10)
    assert refused.value.reason == "TooManyBins"
    assert instrument("isgri").limits.output_mb > LARGEST_MB
    # The mosaic tells the first window already that the job is too large.
    mosaic = tmp_path / "isgri_mosaic.fits"
    fits.PrimaryHDU(header=fits.Header([("ONTIME", 5e7)])).writeto(mosaic)
    (tmp_path / "isgri_catalogue.fits").write_bytes(mosaic.read_bytes())  # not looked at: the caller lists sources
    parameters = {"catalogue": _LISTED, "bands": _BANDS, "time_bin": 0.1}
    inputs = [
        ("events", _WINDOW, events),
        ("mosaic", "job", mosaic),
        ("mosaic", "job", tmp_path / "isgri_catalogue.fits"),
    ]
    failure = run(unit_directory(tmp_path / "unit", "lc", inputs, parameters))
    assert (failure["reason"], failure["kind"]) == ("TooManyBins", "usage")


@pytest.fixture(scope="module")
def orbit(events: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The window with the on-board time of its start, and its orbit."""
    folder = tmp_path_factory.mktemp("orbit")
    dated = folder / "isgri_events.fits"
    with fits.open(events) as hdus:
        hdus["ISGR-EVTS-ALL"].header["OBTSTART"] = f"{START_OBT:020d}"
        hdus.writeto(dated)
    return dated, write_orbit(folder / "sc_orbit_param.fits", first_s=-40.0, rows=70)


def test_barycentric_light_curves_have_the_same_rates_at_times_of_their_own(
    merged: tuple[Path, dict[str, Any]], orbit: tuple[Path, Path], tmp_path: Path
) -> None:
    dated, path = orbit
    parameters = {"catalogue": _LISTED, "bands": _BANDS, "time_bin": 10.0, "barycentre": True}
    unit = unit_directory(tmp_path / "unit", "lc", [("events", _WINDOW, dated), ("orbit", _WINDOW, path)], parameters)
    assert run(unit)["warnings"] == []
    merge = unit_directory(
        tmp_path / "merge", "lc_merge", [("lc", _WINDOW, unit / "out" / "isgri_curves.fits")], {"barycentre": True}
    )
    run(merge)
    name = "isgri_lc_GX_1+4_20-40.fits"
    with fits.open(merged[0] / name) as local, fits.open(merge / "out" / name) as there:
        header = there["RATE"].header
        assert (header["TIMESYS"], header["TIMEREF"], header["PLEPHEM"]) == ("TDB", "SOLARSYSTEM", "ERFA-EPV00")
        assert local["RATE"].header["TIMEREF"] == "LOCAL"
        assert np.array_equal(there["RATE"].data["RATE"], local["RATE"].data["RATE"])
        times = np.asarray(local["RATE"].data["TIME"], float)
        known = read_orbit(path, dated)
        assert known.covers(times).all()
        expected = barycentric_s(times, *PLACE, known)
        assert np.abs(there["RATE"].data["TIME"] - expected).max() < 1e-6
        assert np.abs(expected - times).max() > 1.0
        shift = there["GTI"].data["START"][0] - local["GTI"].data["START"][0]
        assert shift == pytest.approx(expected[0] - times[0], abs=0.01)
        assert there["ISGR-SRC.-LCR"].data["TIME"] * 86400.0 == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("fault", ["absent", "of another time"])
def test_without_an_orbit_barycentric_times_are_those_of_the_earths_centre_and_bounded(
    orbit: tuple[Path, Path], tmp_path: Path, fault: str
) -> None:
    inputs = [("events", _WINDOW, orbit[0])]
    if fault == "of another time":
        inputs.append(("orbit", _WINDOW, write_orbit(tmp_path / "sc_orbit_param.fits", first_s=1e5, rows=10)))
    parameters = {"catalogue": _LISTED, "bands": [[20, 40]], "background": [], "barycentre": True}
    unit = unit_directory(tmp_path / "unit", "weights", inputs, parameters)
    [warning] = [text for text in run(unit)["warnings"] if "orbit" in text]
    assert "off by up to 0.54 s" in warning
    with fits.open(unit / "out" / "isgri_weighted_events.fits") as hdus:
        rows = hdus["ISGR-EVTS-ALL"].data
        times = np.asarray(rows["TIME"], float)
        assert np.abs(rows["BARYTIME_1"] - barycentric_s(times, *PLACE, None)).max() < 1e-6
        assert hdus["ISGR-EVTS-ALL"].header["TIMESYS"] == "TT"
