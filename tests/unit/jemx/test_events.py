"""Reading of event files: what is good, what is refused, and what is said about it."""

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from mesh.kit import BadInput
from mesh.testing.archive.pointing import Pointing
from services.jemx.analysis.detector import window as detector_window
from services.jemx.analysis.events import read_events
from services.jemx.analysis.exposed import expose
from services.jemx.analysis.gain import measured_gain
from services.jemx.analysis.model import model
from services.jemx.simulator import DetectorState, SkySource, simulate_window, spectra
from services.jemx.simulator.spectra import channels, draw_background

_POINTING = Pointing("201600270010.001", 83.6332, 22.0145, 173.0, 0.0, 6876.0)


def _window(folder: Path, state: DetectorState, mcrab: float = 100.0) -> Path:
    sky = [SkySource("source", 83.6332, 22.0145, mcrab)]
    simulate_window(folder, _POINTING, sky, seed=4, exposure_s=1000.0, units=[1], detectors={1: state})
    return folder / "jmx1_events.fits.gz"


def _rewritten(path: Path, **keywords: object) -> Path:
    with fits.open(path) as hdus:
        for key, value in keywords.items():
            if value is None:
                del hdus[1].header[key]
            else:
                hdus[1].header[key] = value
        hdus.writeto(path.with_name("jmx1_events.fits"))
    return path.with_name("jmx1_events.fits")


def test_dead_anodes_their_neighbours_and_hot_spots_are_not_used(tmp_path: Path) -> None:
    state = DetectorState(dead_anodes=(100,), hot_spots=((140, 90),))
    window = expose(read_events(_window(tmp_path, state), 1))
    columns = 10 + np.flatnonzero(~window.usable[126, 10:-10])  # a row through the middle
    np.testing.assert_array_equal(columns, [100 - 3, 100 - 2, 100 - 1])  # raw 128 is column 126
    assert not window.usable[90 - 2, 140 - 2]
    assert window.usable[90 - 2, 140 - 1]
    assert not np.any(window.events.status[window.used])
    assert window.warnings == []


def test_good_times_and_live_time(tmp_path: Path) -> None:
    window = expose(read_events(_window(tmp_path, DetectorState()), 1))
    assert window.ontime_s == pytest.approx(1000.0, abs=0.01)
    assert window.live_time_s == pytest.approx(820.0, abs=0.01)
    time = window.events.time_s[window.used]
    assert time.min() >= window.gti[0, 0]
    assert time.max() < window.gti[-1, 1]


@pytest.mark.parametrize("band", [(5.0, 10.0), (7.52, 12.0), (3.0, 20.0)])
def test_a_band_has_the_counts_between_its_limits(tmp_path: Path, band: tuple[float, float]) -> None:
    """Whole channels alone would hold 1.6, 0.9 and 1.0 % less of the Crab than these bands do."""
    window = expose(read_events(_window(tmp_path, DetectorState()), 1))
    energy = spectra.draw_source(np.random.default_rng(7), spectra.CRAB_INDEX, 4_000_000)
    measured = spectra.measured(np.random.default_rng(8), energy)
    channel = channels(measured).astype(np.uint8)
    many = replace(window, events=replace(window.events, channel=channel), used=np.ones(channel.size, bool))
    expected = spectra.measured_crab_rate(*band) / spectra.beam_rate(1000.0, spectra.CRAB_INDEX) * channel.size
    assert many.in_band(*band).sum() == pytest.approx(expected, rel=0.003)
    lower, upper = many.in_band(band[0], 8.0), many.in_band(8.0, band[1])
    assert not np.any(lower & upper)
    np.testing.assert_array_equal(lower | upper, many.in_band(*band))


def test_missing_dead_time_is_said(tmp_path: Path) -> None:
    path = _rewritten(_window(tmp_path, DetectorState()), DEADC=None)
    window = expose(read_events(path, 1))
    assert window.live_fraction == 0.82
    assert any("DEADC" in warning for warning in window.warnings)


def test_words_left_from_templates_are_no_attitude(tmp_path: Path) -> None:
    path = _rewritten(_window(tmp_path, DetectorState()), RA_SCX="Real")
    with pytest.raises(BadInput, match="attitude") as caught:
        read_events(path, 1)
    assert caught.value.reason == "ScWDataCorrupted"


def test_half_a_file_is_damaged(tmp_path: Path) -> None:
    path = _window(tmp_path, DetectorState())
    whole = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(whole[: len(whole) // 2]))
    with pytest.raises(BadInput) as caught:
        read_events(path, 1)
    assert caught.value.reason == "ScWDataCorrupted"


def test_events_of_the_other_unit_are_none_of_this(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        read_events(_window(tmp_path, DetectorState()), 2)
    assert caught.value.reason == "NoJEMXEvents"


@pytest.mark.parametrize("gain", [0.96, 1.0, 1.05])
def test_gain_is_measured_on_the_xenon_line(gain: float) -> None:
    energy = draw_background(np.random.default_rng(2), 60_000) * gain
    assert measured_gain(channels(energy).astype(np.uint8)) == pytest.approx(gain, abs=0.006)


def test_a_wrong_gain_is_said(tmp_path: Path) -> None:
    window = expose(read_events(_window(tmp_path, DetectorState(gain=1.05), mcrab=0.0), 1))
    assert window.gain == pytest.approx(1.05, abs=0.01)
    assert any("gain" in warning for warning in window.warnings)


def test_without_a_line_there_is_no_gain() -> None:
    flat = np.repeat(np.arange(256), 20).astype(np.uint8)
    assert np.isnan(measured_gain(flat))
    assert np.isnan(measured_gain(np.zeros(0, np.uint8)))
    assert model().gain_tolerance == 0.02


def test_a_short_column_in_the_dark_of_the_mask_is_not_dead(tmp_path: Path) -> None:
    """Near the rim the shadow of a very bright source takes most of the light from some columns."""
    sky = [SkySource("bright", 83.6332 + 4.5 / np.cos(np.radians(22.0)), 22.5, 40_000.0)]
    state = DetectorState(dead_anodes=(60, 128))
    simulate_window(tmp_path, _POINTING, sky, seed=4, exposure_s=60.0, units=[1], detectors={1: state})
    window = expose(read_events(tmp_path / "jmx1_events.fits.gz", 1))
    columns = np.flatnonzero(detector_window().any(axis=0) & ~window.usable.any(axis=0))
    np.testing.assert_array_equal(columns, [57, 58, 59, 125, 126, 127])
    assert any("very bright source" in text and "6 columns" not in text for text in window.warnings)
