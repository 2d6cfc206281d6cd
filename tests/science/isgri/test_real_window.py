"""The real science window 255900280010: SGR 1935+2154 in a storm of bursts, Cyg X-1 in the corner of the field."""

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from science.coded_mask.catalogue import package_catalogue
from science.coded_mask.geometry import separation_arcmin
from science.coded_mask.source_list import window_sources
from services.isgri.analysis.instrument import INSTRUMENT
from services.isgri.analysis.window import IsgriWindow, analyse_window
from tests.real_window import assemble, parts
from tests.science.bars import Bars

_SGR = (293.7317, 21.8967)


@pytest.fixture(scope="module")
def result(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> IsgriWindow:
    pieces = parts(shared_data)
    if len(pieces) != 3:
        pytest.skip("the three parts of the real science window are not there")
    path = tmp_path_factory.mktemp("real") / "isgri_events.fits"
    assemble(pieces, path)
    return analyse_window(
        path, [(28.0, 80.0)], package_catalogue(INSTRUMENT), 6.0, burst_search=True, step=lambda _: nullcontext()
    )


def test_five_bright_bursts_lie_on_the_magnetar(bars: Bars, result: IsgriWindow) -> None:
    bright = sorted((b for b in result.bursts if np.isfinite(b.image_sigma)), key=lambda b: -b.image_sigma)[:5]
    offsets = [float(separation_arcmin(b.ra, b.dec, *_SGR)) for b in bright]
    assert len(bright) == 5
    what = "real: offsets of the five brightest bursts from SGR 1935+2154, arcmin"
    bars.record("B-20", what, offsets, "all < 0.3", max(offsets) < 0.3)


def test_located_bursts_agree_within_their_errors(result: IsgriWindow) -> None:
    located = [b for b in result.bursts if np.isfinite(b.ra)]
    ratio = [float(separation_arcmin(b.ra, b.dec, *_SGR)) / b.error_arcmin for b in located]
    print(
        f"{len(located)} of {len(result.bursts)} bursts located; in the 90 % radius: {np.mean(np.less(ratio, 1)):.0%}"
    )
    assert len(located) >= 40
    assert np.mean(np.less(ratio, 1.0)) > 0.7
    assert max(ratio) < 4.0


def test_steady_image_has_the_right_sources_at_the_right_flux(result: IsgriWindow) -> None:
    sources = {source.name: source for source in window_sources(result.sky, result.events.attitude)}
    corner = sources["Cyg X-1"]
    print(f"Cyg X-1 in the corner: {corner.flux[0]:.0f} +- {corner.flux_error[0]:.0f} counts/s (37 windows: 137)")
    assert corner.flux[0] == pytest.approx(136.6, rel=0.2)
    new = [source for source in sources.values() if source.new]
    assert len(new) == 1
    offset = float(separation_arcmin(new[0].ra, new[0].dec, *_SGR))
    print(f"SGR 1935+2154 in the whole window: {offset:.2f}' off, {new[0].significance[0]:.0f} sigma")
    assert offset < 0.6


def test_missing_background_map_is_flagged_and_errors_are_scaled(bars: Bars, result: IsgriWindow) -> None:
    std, flagged = result.images[0].residual_std, any("wider" in warning for warning in result.warnings)
    assert result.sky.noise[0] > 1.2
    what = f"real: map without a background map, flagged, errors scaled by {result.sky.noise[0]:.2f}: std"
    bars.record("B-23", what, std, "< 1.3, flagged", std < 1.3 and flagged)
    assert any("DEADC" in warning for warning in result.warnings)
