"""Sources of up to 40 Crab anywhere in the field of JEM-X, and neighbours, in images, spectra and light curves."""

from pathlib import Path

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import SkyCoord
from numpy.typing import NDArray

from mesh.testing.archive.pointing import Pointing
from science.coded_mask.extraction import Target, places_of
from services.jemx.analysis.channels import joined
from services.jemx.analysis.extraction import SourceWindow, ready_for
from services.jemx.analysis.spectrum_stage import extract
from services.jemx.analysis.window import analyse_window
from services.jemx.simulator import SkySource, simulate_window
from services.jemx.simulator.spectra import measured_crab_rate
from tests.science.bars import Bars
from tests.science.isgri.windows import untold

_CENTRE = (83.6, 22.0)
_POINTING = Pointing("201600270010.001", *_CENTRE, 173.6, 0.0, 6876.0)
_NARROW, _WHOLE = (7.52, 12.0), (3.04, 34.88)
"""Channels of one resolution, for images and light curves; and all that spectra cover."""
_PLACES = ((0.3, 0.2), (2.5, -1.5), (4.5, 0.5), (3.5, 3.5))
"""Degrees off axis along right ascension and declination."""

Values = NDArray[np.float64]


def _sky(crab: float, east_deg: float, north_deg: float) -> list[SkySource]:
    centre = SkyCoord(*_CENTRE, unit="deg")
    places = [("bright", east_deg, north_deg, crab), ("neighbour", -0.8, 1.0, 1.0)]
    found = [(name, centre.spherical_offsets_by(e * units.deg, n * units.deg), flux) for name, e, n, flux in places]
    return [SkySource(name, float(at.ra.deg), float(at.dec.deg), 1000.0 * flux) for name, at, flux in found]


def _band_flux(seen: SourceWindow) -> Values:
    fit = seen.fit(*_NARROW, seen.window.in_band(*_NARROW)).fit
    return np.array([fit.flux[:, 0], fit.flux_error[:, 0]]) / measured_crab_rate(*_NARROW)


def _measured(folder: Path, crab: float, place: tuple[float, float], seed: int, exposure_s: float) -> dict[str, Values]:
    """Return flux over truth and its error, of the bright source and its neighbour, in each product."""
    sky = _sky(crab, *place)
    simulate_window(folder, _POINTING, sky, seed=seed, units=[1], exposure_s=exposure_s)
    path = folder / "jmx1_events.fits.gz"
    listed = [Target(source.name, source.ra, source.dec) for source in sky]
    true = np.array([crab, 1.0])
    seen, _ = ready_for(path, 1, listed, untold)
    rate, error, _ = extract(seen)
    spectrum = np.array([joined(rate).sum(axis=1), np.sqrt((joined(error, squares=True) ** 2).sum(axis=1))])
    [alone], [alone_error] = _band_flux(ready_for(path, 1, listed[1:], untold)[0])
    image = analyse_window(path, 1, [_NARROW], places_of(listed), 6.5, step=untold)
    names = [source.entry.name if source.entry else "" for source in image.sky.sources]
    [fit] = image.sky.fits
    rows = [names.index(source.name) for source in sky]
    assert sorted(names) == sorted(source.name for source in sky)
    return {
        "light curve": _band_flux(seen) / true,
        "spectrum": spectrum / measured_crab_rate(*_WHOLE) / true,
        "light curve of the neighbour alone": np.array([[np.nan, alone], [np.nan, alone_error]]),
        "image": np.array([fit.flux[rows], fit.flux_error[rows]]) / measured_crab_rate(*_NARROW) / true,
    }


_Form = tuple[tuple[tuple[float, float], ...], int, float]
"""Places, windows of each, and their exposure in s."""


@pytest.mark.timeout(3000)
@pytest.mark.parametrize(
    "form",
    [
        pytest.param((_PLACES[2:3], 1, 100.0), marks=pytest.mark.short),
        pytest.param((_PLACES, 3, 500.0), marks=pytest.mark.long),
    ],
)
def test_very_bright_sources_and_their_neighbours(bars: Bars, tmp_path: Path, form: _Form) -> None:
    places, seeds, exposure_s = form
    neighbours: dict[str, list[Values]] = {}
    for place in places:
        found = [_measured(tmp_path, 40.0, place, seed, exposure_s) for seed in range(seeds)]
        for product in found[0]:
            ratio, error = np.array([one[product] for one in found]).transpose(1, 2, 0)
            neighbours.setdefault(product, []).append(np.array([ratio[1], error[1]]))
            mean, sigma = _mean(ratio[0], error[0])
            if np.isfinite(mean):
                what = (
                    f"JEM-X {product}: 40 Crab at {place} deg, {seeds} x {exposure_s:g} s (+- {sigma:.2%}): flux bias"
                )
                bars.record("B-8", what, mean - 1.0, "1 % + 2 sigma", abs(mean - 1.0) <= 0.01 + 2.0 * sigma)
    for product, parts in neighbours.items():
        mean, sigma = _mean(*np.concatenate(parts, axis=1))
        what = f"JEM-X {product}: 1 Crab beside 40 Crab, {len(places) * seeds} windows (+- {sigma:.2%}): flux bias"
        bars.record("B-8", what, mean - 1.0, "0.3 % + 2 sigma", abs(mean - 1.0) <= 0.003 + 2.0 * sigma)


def _mean(value: Values, error: Values) -> tuple[float, float]:
    weight = error**-2.0
    return float(np.average(value, weights=weight)), float(weight.sum() ** -0.5)
