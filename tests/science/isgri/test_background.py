"""Background maps: pixels that differ, a map from other windows, and the real window's halves."""

from contextlib import nullcontext
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from science.coded_mask.catalogue import package_catalogue
from science.coded_mask.fit import Shadowgram
from science.coded_mask.sky_file import sky_hdus
from science.coded_mask.sky_map import matched_map, noise_scale
from science.coded_mask.source_list import window_sources
from science.coded_mask.window_product import read_window
from services.isgri.analysis.background_map import GROUPS_KEV, BackgroundMap, added
from services.isgri.analysis.background_stage import window_background
from services.isgri.analysis.camera import CAMERA, isgri_camera
from services.isgri.analysis.exposed_window import expose
from services.isgri.analysis.instrument import INSTRUMENT
from services.isgri.analysis.shadowgram import shadowgrams
from services.isgri.analysis.window import IsgriWindow, analyse_window
from services.isgri.simulator.detector import draw_state
from services.isgri.simulator.scenarios import GALACTIC_CENTRE_SKY, dither
from services.isgri.simulator.window import simulate_window
from tests.real_window import assemble, parts
from tests.science.bars import Bars

_GROUPS = list(pairwise(GROUPS_KEV))


def _analyse(path: Path, band: tuple[float, float], background: BackgroundMap | None = None) -> IsgriWindow:
    return analyse_window(
        path,
        [band],
        package_catalogue(INSTRUMENT),
        6.0,
        burst_search=False,
        step=lambda _: nullcontext(),
        background=background,
    )


def _contribution(path: Path, result: IsgriWindow, scratch: Path) -> BackgroundMap:
    """Return what a window adds to a map, as the stage makes it."""
    window = expose(path, lambda _: nullcontext())
    events, counts = window.events, shadowgrams(window.events, window.used, _GROUPS)
    live_s = result.live_time_s
    data = [Shadowgram(*group, c, window.usable, live_s, CAMERA) for group, c in zip(_GROUPS, counts, strict=True)]
    sky_hdus(result, window_sources(result.sky, result.events.attitude)).writeto(scratch, overwrite=True)
    image = read_window(scratch, events.swid, INSTRUMENT, isgri_camera)
    return window_background(data, image.attitude, image.sources, events.revolution, events.swid)


def _width(result: IsgriWindow) -> float:
    """Width of the residual significance before any scaling of errors."""
    return noise_scale(matched_map(result.sky.fits[0]).significance)


@pytest.mark.parametrize(
    "windows", [pytest.param(6, marks=pytest.mark.short), pytest.param(24, marks=pytest.mark.long)]
)
def test_a_map_from_other_windows_cleans_a_window(bars: Bars, tmp_path: Path, windows: int) -> None:
    detector = draw_state(np.random.default_rng(22), pixel_spread=0.186)
    band, event_file = (28.0, 80.0), tmp_path / "isgri_events.fits"
    pointings = dither(windows + 1)
    contributions = []
    for pointing in pointings[1:]:
        simulate_window(event_file, pointing, GALACTIC_CENTRE_SKY, seed=22, detector=detector)
        contributions.append(_contribution(event_file, _analyse(event_file, band), tmp_path / "sky.fits"))
    background = added(contributions)
    simulate_window(event_file, pointings[0], GALACTIC_CENTRE_SKY, seed=23, detector=detector)
    blind, mapped = _analyse(event_file, band), _analyse(event_file, band, background)
    error = background.pattern(*band).typical_error(mapped.sky.fits[0].data.live)
    width = _width(mapped)
    what = f"window of 2 ks with a map of {windows} others, pixels scattered by 18.6 % known to {error:.1%}: std"
    bars.record("B-22", what, width, "< 1.06", width < 1.06)
    assert _width(blind) > 1.2
    assert blind.sky.noise[0] > 1.2
    assert mapped.sky.noise[0] < 1.06
    assert any("knows the pixels" in text for text in mapped.warnings), "a poor map is flagged"
    gain = float(np.nanmedian(mapped.images[0].residual.sigma) / np.nanmedian(blind.images[0].residual.sigma))
    bars.record("-", f"error with a map of {windows} windows over error without", gain, "< 1", gain < 1.0)
    # Sources are not taken for background: their shadows move over the detector from pointing to pointing.
    ratios = [
        found.flux[0] / other.flux[0]
        for found in window_sources(mapped.sky, mapped.events.attitude)
        for other in window_sources(blind.sky, blind.events.attitude)
        if found.name == other.name and other.significance[0] > 8.0
    ]
    assert len(ratios) >= 3
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.05)


def test_real_half_against_half(bars: Bars, shared_data: Path, tmp_path: Path) -> None:
    pieces = parts(shared_data)
    if len(pieces) != 3:
        pytest.skip("the three parts of the real science window are not there")
    whole = tmp_path / "whole.fits"
    assemble(pieces, whole)
    halves = _halves(whole, tmp_path)
    widths = []
    for first, second in (halves, halves[::-1]):
        background = _contribution(first, _analyse(first, (28.0, 80.0)), tmp_path / "sky.fits")
        background = replace(background, windows=("the other half",))
        result = _analyse(second, (28.0, 80.0), background)
        widths.append(_width(result))
        assert any("knows the pixels" in text for text in result.warnings)
        blind = _width(_analyse(second, (28.0, 80.0)))
        print(f"std without a map {blind:.3f}, with the map of the other half {widths[-1]:.3f}")
        assert blind > 1.3
    what = "real: map of each half of 255900280010 with a background map of the other half, 28-80 keV: std, no scaling"
    bars.record("B-22", what, widths, "< 1.06", max(widths) < 1.06)


def _halves(whole: Path, directory: Path) -> tuple[Path, Path]:
    """Write the first and the second half of a window's events and good times as files of their own."""
    with fits.open(whole) as hdus:
        middle = float(np.median(hdus["ISGR-EVTS-ALL"].data["TIME"]))
        for name, keep_early in (("first.fits", True), ("second.fits", False)):
            events = hdus["ISGR-EVTS-ALL"].data
            chosen = events[(middle > events["TIME"]) == keep_early]
            gti = hdus["IBIS-GNRL-GTI"].copy()
            edge = gti.data["STOP"] if keep_early else gti.data["START"]
            edge[:] = np.minimum(edge, middle) if keep_early else np.maximum(edge, middle)
            fits.HDUList([hdus[0].copy(), fits.BinTableHDU(chosen, header=hdus["ISGR-EVTS-ALL"].header), gti]).writeto(
                directory / name, output_verify="silentfix+ignore"
            )
    return directory / "first.fits", directory / "second.fits"
