"""The field of the Galactic Centre in both units, blind: from simulated event files to the catalogue of the mosaic."""

from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from science.coded_mask.geometry import separation_arcmin
from science.coded_mask.mosaic import Mosaic
from science.coded_mask.sky_file import sky_hdus
from science.coded_mask.source_list import window_sources
from science.coded_mask.window_product import WindowProduct, read_window
from services.jemx.analysis.camera import camera
from services.jemx.analysis.instrument import instrument
from services.jemx.analysis.response import area_cm2, energy_kev, redistribution
from services.jemx.analysis.window import analyse_window
from services.jemx.simulator import spectra
from services.jemx.simulator.scenarios import SCENARIOS, write_archive
from services.jemx.simulator.sky import SkySource
from tests.science.bars import Bars

_BAND = (3.0, 20.0)
_THRESHOLD = 6.5
_SKY = SCENARIOS["jemx-galactic-centre"].sky
_SAME_ARCMIN = 2.0


@dataclass
class _Images:
    """Images of all windows and units, and what was found in each: name of the true source (None), SNR, flux error."""

    windows: list[WindowProduct] = field(default_factory=list)
    found: list[tuple[str | None, float]] = field(default_factory=list)
    spread: list[float] = field(default_factory=list)


def _true(ra: float, dec: float) -> str | None:
    near = [s.name for s in _SKY if separation_arcmin(ra, dec, s.ra, s.dec) < _SAME_ARCMIN]
    return near[0] if near else None


def _imaged(directory: Path, scws: int) -> _Images:
    """Simulate and image an archive, blind."""
    images = _Images()
    for scw in write_archive(directory, "jemx-galactic-centre", scws=scws):
        for unit in (1, 2):
            events = directory / "scw" / scw[:4] / scw / f"jmx{unit}_events.fits.gz"
            result = analyse_window(events, unit, [_BAND], [], _THRESHOLD, step=lambda _: nullcontext())
            events.unlink()
            sources = window_sources(result.sky, result.facts.attitude)
            path = directory / f"{scw}-{unit}.fits"
            sky_hdus(result, sources).writeto(path)
            images.windows.append(read_window(path, f"{scw} JMX{unit}", instrument(unit), partial(camera, unit), scw))
            images.found += [(_true(s.ra, s.dec), float(s.significance[0])) for s in sources]
            images.spread.append(result.images[0].residual_std)
    return images


def _rate(source: SkySource) -> float:
    """Counts/s on axis of a source whose measured energies lie in the band."""
    edges = energy_kev()
    photons = -np.diff(edges ** (1.0 - source.photon_index)) * area_cm2()
    share = photons @ redistribution(np.array(_BAND))[:, 0] / photons.sum()
    return float(spectra.beam_rate(source.mcrab, source.photon_index) * share)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "windows", [pytest.param(2, marks=pytest.mark.short), pytest.param(12, marks=pytest.mark.long)]
)
def test_both_units_find_the_sources_and_nothing_else(bars: Bars, tmp_path: Path, windows: int) -> None:
    images = _imaged(tmp_path, windows)
    where = f"JEM-X Galactic Centre, {windows} windows of 2 ks, both units"
    spurious = sum(name is None for name, _ in images.found)
    bars.record("B-24", f"{where}: spurious sources in single images", spurious, "0", spurious == 0)
    spread = float(np.mean(images.spread))
    bars.record("B-24", f"{where}: residual std of single images", spread, "1.00 +- 0.02", abs(spread - 1.0) <= 0.02)
    mosaic = Mosaic(images.windows)
    mosaic.build()
    mosaic.search([], _THRESHOLD)
    catalogue = mosaic.finish()
    names = [_true(*source.position()[:2]) for source in catalogue]
    missing = sorted({s.name for s in _SKY} - set(names) - {None})
    bars.record("B-24", f"{where}: sources that the mosaic misses, of six", missing, "none", not missing)
    extra = len(catalogue) - len(_SKY) + len(missing)
    bars.record("B-24", f"{where}: spurious sources of the mosaic", extra, "0", extra == 0)
    width = mosaic.sums[0].width
    bars.record("B-24", f"{where}: residual std of the mosaic", width, "1.00 +- 0.03", abs(width - 1.0) <= 0.03)
    bias, weight = [], []
    for source, name in zip(catalogue, names, strict=True):
        if name is None:
            continue
        true = next(s for s in _SKY if s.name == name)
        ra, dec, error = source.position()
        offset = float(separation_arcmin(ra, dec, true.ra, true.dec)) * 60.0
        flux, sigma, _ = (float(part[0]) for part in source.combined())
        snr, off = flux / sigma, flux / _rate(true) - 1.0
        print(f"{name}: {snr:.0f} sigma, {offset:.1f} arcsec off, radius {error * 60:.1f}, flux {off:+.1%}")
        assert mosaic.seen_in(source) <= windows
        if snr > 30.0:
            bias.append(off)
            weight.append((_rate(true) / sigma) ** 2)
        if snr > 17.0:
            limit = 2.5 if snr > 119.0 else 15.0
            bars.record(
                "B-24", f"{where}: offset of {name} at SNR {snr:.0f}, arcsec", offset, f"{limit:g}", offset < limit
            )
    mean, error = float(np.average(bias, weights=weight)), float(np.sum(weight) ** -0.5)
    what = f"{where}: flux bias of the {len(bias)} sources above 30 sigma (+- {error:.1%})"
    bars.record("B-24", what, mean, "< 1.5 %", abs(mean) < 0.015)
