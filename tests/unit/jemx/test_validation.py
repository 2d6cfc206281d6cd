"""Event files of JEM-X as other people's programs write them: what is done about each oddity, and what is said."""

import gzip
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from mesh.kit import BadInput
from mesh.kit.analysis import Analysis
from mesh.testing.archive.pointing import Pointing
from services.jemx import analysis
from services.jemx.analysis.events import read_events
from services.jemx.analysis.exposed import Exposed, expose
from services.jemx.simulator import DetectorState, SkySource, simulate_window
from tests.unit_directory import outcome, unit_directory

_run = partial(outcome, analysis=Analysis(stages=analysis.STAGES, warm=analysis.warm))
_SCW = "201600270010.001"
_POINTING = Pointing(_SCW, 83.6332, 22.0145, 173.0, 0.0, 6876.0)
_LISTED = [{"name": "Crab", "ra": 83.6332, "dec": 22.0145}]
_DAY_S = 86400.0
_EVENTS, _GOOD = "JMX1-FULL-ALL", "JMX1-GNRL-GTI"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A window of 100 s of the Crab without any oddity."""
    folder = tmp_path_factory.mktemp("window")
    sky = [SkySource("Crab", 83.6332, 22.0145, 1000.0)]
    simulate_window(folder, _POINTING, sky, seed=4, exposure_s=100.0, units=[1], detectors={1: DetectorState()})
    return folder / "jmx1_events.fits.gz"


def _changed(path: Path, folder: Path, change: Callable[[fits.HDUList], None]) -> Path:
    """Copy a window with something changed; columns of bytes become wider ones."""
    with fits.open(path) as hdus:
        made = fits.HDUList([hdu.copy() for hdu in hdus])
        change(made)
        made.writeto(folder / "jmx1_events.fits")
    return folder / "jmx1_events.fits"


def _column(hdus: fits.HDUList, name: str, values: Any, table: str = _EVENTS) -> None:
    hdus[table].data[name] = values


def _rows(hdus: fits.HDUList, rows: Any, table: str = _EVENTS) -> None:
    hdus[table].data = hdus[table].data[rows]


def _exposed(path: Path) -> Exposed:
    return expose(read_events(path, 1))


def _warned(window: Exposed, *words: str) -> bool:
    return any(all(word in text for word in words) for text in window.warnings)


def _seconds(hdus: fits.HDUList) -> Any:
    return (hdus[_EVENTS].data["TIME"] - hdus[_EVENTS].header["TSTART"]) * _DAY_S


def test_a_good_file_has_nothing_to_warn_of(whole: Path) -> None:
    window = _exposed(whole)
    assert window.warnings == []
    assert window.ontime_s == pytest.approx(100.0, abs=0.01)


@pytest.mark.parametrize("wrong", [0.0, np.nan, np.inf, 6976.0])
def test_one_bad_time_is_left_out_and_gaps_are_still_seen(whole: Path, tmp_path: Path, wrong: float) -> None:
    def change(hdus: fits.HDUList) -> None:
        _rows(hdus, (_seconds(hdus) < 30.0) | (_seconds(hdus) > 70.0))
        time = hdus[_EVENTS].data["TIME"].copy()
        time[7] = wrong
        _column(hdus, "TIME", time)

    window = _exposed(_changed(whole, tmp_path, change))
    assert window.ontime_s == pytest.approx(60.0, abs=0.5)
    assert _warned(window, "1 event", "left out")


@pytest.mark.parametrize("rows", [[0, 0], [0, 1], [1, 0, 1]])
def test_good_times_that_overlap_count_once(whole: Path, tmp_path: Path, rows: list[int]) -> None:
    def change(hdus: fits.HDUList) -> None:
        table = hdus[_GOOD]
        start, stop = float(table.data["START"][0]), float(table.data["STOP"][0])
        spans = np.array([(start, stop), (start + 20.0 / _DAY_S, stop - 20.0 / _DAY_S)])[rows]
        columns = [fits.Column(name, "1D", array=spans[:, i]) for i, name in enumerate(("START", "STOP"))]
        hdus[_GOOD] = fits.BinTableHDU.from_columns(columns, header=table.header, name=_GOOD)

    window = _exposed(_changed(whole, tmp_path, change))
    assert window.ontime_s == pytest.approx(100.0, abs=0.01)
    assert _warned(window, "good times overlap")


def test_events_that_stand_twice_count_once(whole: Path, tmp_path: Path) -> None:
    def change(hdus: fits.HDUList) -> None:
        _rows(hdus, np.repeat(np.arange(len(hdus[_EVENTS].data)), 2))

    window = _exposed(_changed(whole, tmp_path, change))
    assert window.used.size == _exposed(whole).used.size
    assert _warned(window, "stand in the file twice")


@pytest.mark.parametrize("name", ["DETX", "DETY", "TIME"])
def test_a_window_whose_column_has_no_numbers_is_refused(whole: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_events(_changed(whole, tmp_path, lambda hdus: _column(hdus, name, np.nan)), 1)
    assert caught.value.reason == "ScWDataCorrupted"


def test_a_few_places_that_are_no_numbers_are_said(whole: Path, tmp_path: Path) -> None:
    def change(hdus: fits.HDUList) -> None:
        hdus[_EVENTS].data["DETX"][:3] = np.nan

    window = _exposed(_changed(whole, tmp_path, change))
    assert _warned(window, "3 events", "without a place on the detector")


def test_a_start_that_is_no_number_is_refused(whole: Path, tmp_path: Path) -> None:
    def change(hdus: fits.HDUList) -> None:
        hdus[_EVENTS].header["TSTART"] = "NaN"

    with pytest.raises(BadInput, match="TSTART") as caught:
        read_events(_changed(whole, tmp_path, change), 1)
    assert caught.value.reason == "ScWDataCorrupted"


def test_a_column_without_name_that_nobody_reads_does_no_harm(whole: Path, tmp_path: Path) -> None:
    path = _changed(whole, tmp_path, lambda hdus: None)
    with fits.open(path) as hdus:
        key = f"TTYPE{hdus[_EVENTS].columns.names.index('RAWX') + 1}"
    content = path.read_bytes()
    path.write_bytes(content.replace(f"{key:8}=".encode(), b"COMMENT  "))
    assert _exposed(path).used.sum() == _exposed(whole).used.sum()


def test_an_uncompressed_file_called_gz_is_read(whole: Path, tmp_path: Path) -> None:
    plain = tmp_path / "jmx1_events.fits.gz"
    plain.write_bytes(gzip.decompress(whole.read_bytes()))
    assert _exposed(plain).used.sum() == _exposed(whole).used.sum()


def _deaf(whole: Path, folder: Path, channel: int = 102) -> Path:
    """Copy the window without events below 7.5 keV."""
    return _changed(whole, folder, lambda hdus: _rows(hdus, hdus[_EVENTS].data["PI"] >= channel))


def _stage(folder: Path, stage: str, events: Path, **parameters: Any) -> dict[str, Any]:
    given = {"jemx_num": "1", "bands": [[3, 7], [8, 20]], "catalogue": _LISTED} | parameters
    found = _run(unit_directory(folder, stage, _SCW, given, [("events", _SCW, events)]))
    assert isinstance(found, dict)
    return found


def test_a_band_below_the_low_threshold_has_no_flux(whole: Path, tmp_path: Path) -> None:
    events = _deaf(whole, tmp_path)
    manifest = _stage(tmp_path / "image", "image", events, detection_threshold=6.5)
    [source] = manifest["summary"]["jmx1"]["sources"]
    assert source["bands"][0]["flux"] is None
    assert source["bands"][1]["flux"] > 30.0
    assert any("no events below 7." in text and "3-7 keV has no flux" in text for text in manifest["warnings"])
    alone = _stage(tmp_path / "alone", "image", events, bands=[[3, 7]], detection_threshold=6.5)
    assert (alone["reason"], alone["kind"]) == ("NoCounts", "usage")


def test_spectra_and_light_curves_have_nothing_below_the_low_threshold(whole: Path, tmp_path: Path) -> None:
    events = _deaf(whole, tmp_path)
    _stage(tmp_path / "spectrum", "spectrum", events)
    with fits.open(tmp_path / "spectrum" / "out" / "jmx1_spectra.fits") as hdus:
        [rate] = next(hdu for hdu in hdus[1:] if hdu.name.endswith("-SPE")).data["RATE"]
    assert np.isnan(rate[50:100]).all()
    assert np.isfinite(rate[104:220]).all()
    manifest = _stage(tmp_path / "lc", "lc", events, time_bin=10.0, barycentre=False)
    with fits.open(tmp_path / "lc" / "out" / "jmx1_curves.fits") as hdus:
        curves = [hdu.data["RATE"] for hdu in hdus if hdu.name.endswith("-LCR")]
    assert np.isnan(curves[0]).all()
    assert np.isfinite(curves[1]).any()
    assert any("3-7 keV has no flux" in text for text in manifest["warnings"])


def test_a_threshold_that_rises_slowly_is_said(whole: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)

    def change(hdus: fits.HDUList) -> None:
        energy = 0.08 * hdus[_EVENTS].data["PI"]  # keV, less 0.64
        _rows(hdus, rng.random(energy.size) < np.clip(0.1 + (energy - 3.6) / 4.0, 0.1, 1.0))

    window = _exposed(_changed(whole, tmp_path, change))
    assert any("rises slowly" in text for text in window.threshold_warnings([(3.0, 20.0)]))
    assert window.threshold_warnings([(10.0, 20.0)]) == []
    assert _exposed(whole).threshold_warnings([(3.0, 20.0)]) == []


def test_sources_outside_the_field_are_named(whole: Path, tmp_path: Path) -> None:
    far = {"name": "Cyg X-1", "ra": 299.5903, "dec": 35.2016}
    failure = _stage(tmp_path / "far", "spectrum", whole, catalogue=[far])
    assert failure["reason"] == "EmptyField"
    _stage(tmp_path / "both", "spectrum", whole, catalogue=[*_LISTED, far])
    inputs = [("spectrum", _SCW, tmp_path / "both" / "out" / "jmx1_spectra.fits")]
    summed = _run(unit_directory(tmp_path / "sum", "spectrum_sum", "job", {"catalogue": [*_LISTED, far]}, inputs))
    assert any("no window shows Cyg X-1" in text for text in summed["warnings"])


def test_a_bright_source_that_is_not_listed_is_fitted_along(whole: Path, tmp_path: Path) -> None:
    faint = {"name": "empty", "ra": 84.4, "dec": 22.9}
    both = _stage(tmp_path / "both", "lc", whole, catalogue=[*_LISTED, faint], time_bin=100.0, barycentre=False)
    alone = _stage(tmp_path / "alone", "lc", whole, catalogue=[faint], time_bin=100.0, barycentre=False)
    assert any("RA 83.63 Dec +22.01; fitted along" in text for text in alone["warnings"])
    assert not any("fitted along" in text for text in both["warnings"])
    rates = []
    for name, column in (("both", 1), ("alone", 0)):
        with fits.open(tmp_path / name / "out" / "jmx1_curves.fits") as hdus:
            curve = next(hdu for hdu in hdus if hdu.name.endswith("-LCR")).data
        rates.append(np.reshape(curve["RATE"], (len(curve), -1))[:, column])
    np.testing.assert_allclose(rates[0], rates[1], atol=0.5)


def _restricted(hdus: fits.HDUList) -> None:
    hdus.append(fits.BinTableHDU.from_columns([fits.Column("REST_PHA", "1B", array=[3, 4])], name="JMX1-REST-ALL"))


def test_restricted_images_alone_are_refused_by_name(whole: Path, tmp_path: Path) -> None:
    def change(hdus: fits.HDUList) -> None:
        del hdus[_EVENTS]
        _restricted(hdus)

    with pytest.raises(BadInput, match="restricted images") as caught:
        read_events(_changed(whole, tmp_path, change), 1)
    assert caught.value.reason == "RestrictedImaging"


def test_a_window_that_turned_to_restricted_images_has_less_time(whole: Path, tmp_path: Path) -> None:
    def change(hdus: fits.HDUList) -> None:
        _rows(hdus, _seconds(hdus) < 70.0)
        _restricted(hdus)

    window = _exposed(_changed(whole, tmp_path, change))
    assert window.ontime_s == pytest.approx(60.0, abs=0.5)
    assert _warned(window, "restricted images")
