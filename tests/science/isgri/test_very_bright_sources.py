"""Sources of up to 40 Crab anywhere in the field, and their neighbours, in images, spectra and light curves."""

from pathlib import Path

import numpy as np
import pytest
from astropy import units
from astropy.coordinates import SkyCoord
from numpy.typing import NDArray

from science.coded_mask.extraction import Target, places_of
from services.isgri.analysis.channels import edges_kev
from services.isgri.analysis.exposed_window import ExposedWindow, expose
from services.isgri.analysis.window import analyse_window
from services.isgri.analysis.window_fit import count_bands, count_channels, fit_window
from services.isgri.simulator import SkySource
from services.isgri.simulator.spectra import source_spectrum
from services.isgri.simulator.window import simulate_window
from tests.science.bars import Bars
from tests.science.isgri.windows import CENTRE, pointing, targets, untold

_BAND = (20.0, 40.0)
_NEIGHBOUR_CRAB = 3.0
_PLACES = ((0.3, 0.2), (5.7, 5.6), (-4.7, 9.9), (12.5, 12.5), (13.0, 1.0), (0.0, 14.2))
"""Degrees off axis along right ascension and declination; the last is seen by too few pixels for a map."""

Values = NDArray[np.float64]


def _sky(crab: float, east_deg: float, north_deg: float) -> list[SkySource]:
    centre = SkyCoord(*CENTRE, unit="deg")
    places = [(east_deg, north_deg, crab), (-2.0, 1.5, _NEIGHBOUR_CRAB)]
    found = [(centre.spherical_offsets_by(e * units.deg, n * units.deg), flux) for e, n, flux in places]
    names = ("bright", "neighbour")
    return [
        SkySource(name, float(at.ra.deg), float(at.dec.deg), 1000.0 * flux)
        for name, (at, flux) in zip(names, found, strict=True)
    ]


def _band_flux(window: ExposedWindow, asked: list[Target]) -> tuple[Values, Values]:
    fit = fit_window(window, asked, count_bands(window, [_BAND]), np.array([30.0])).fit
    return fit.flux[:, 0], fit.flux_error[:, 0]


def _spectrum_flux(window: ExposedWindow, asked: list[Target]) -> tuple[Values, Values]:
    """Fluxes in the band by its channels, and their errors; what of the band lies beside them is that of a Crab."""
    edges = edges_kev()
    middle = (edges[1:] + edges[:-1]) / 2.0
    inside = (edges[:-1] >= _BAND[0]) & (edges[1:] <= _BAND[1])
    fit = fit_window(window, asked, count_channels(window, edges), middle).fit
    crab = source_spectrum(SkySource("Crab", 0.0, 0.0, 1000.0))
    share = crab.band(float(edges[:-1][inside][0]), float(edges[1:][inside][-1])) / crab.band(*_BAND)
    error = np.sqrt((fit.flux_error[:, inside] ** 2).sum(axis=1))
    return fit.flux[:, inside].sum(axis=1) / share, error / share


def _measured(folder: Path, crab: float, place: tuple[float, float], seed: int, exposure_s: float) -> dict[str, Values]:
    """Return flux over truth and its error, of the bright source and its neighbour, in each product."""
    sky = _sky(crab, *place)
    path = folder / "isgri_events.fits"
    simulate_window(path, pointing(seed), sky, seed=seed, exposure_s=exposure_s)
    known = places_of(targets(sky))
    window = expose(path, untold, known)
    true = np.array([source.mcrab_20_40 for source in sky]) * source_spectrum(sky[0]).band(*_BAND) / 1000.0
    found = {
        "light curve": np.array(_band_flux(window, targets(sky))) / true,
        "spectrum": np.array(_spectrum_flux(window, targets(sky))) / true,
    }
    alone = np.array(_band_flux(window, targets(sky[1:])))[:, 0] / true[1]
    found["light curve of the neighbour alone"] = np.array([[np.nan, alone[0]], [np.nan, alone[1]]])
    image = analyse_window(path, [_BAND], known, 6.0, burst_search=False, step=untold)
    names = [source.entry.name if source.entry else "" for source in image.sky.sources]
    [fit] = image.sky.fits
    rows = [names.index(source.name) for source in sky]
    assert sorted(names) == sorted(source.name for source in sky)
    found["image"] = np.array([fit.flux[rows], fit.flux_error[rows]]) / true
    path.unlink()
    return found


_Form = tuple[tuple[float, ...], tuple[tuple[float, float], ...], int, float]
"""Brightness in Crab, places, windows of each, and their exposure in s."""


@pytest.mark.timeout(3000)
@pytest.mark.parametrize(
    "form",
    [
        pytest.param(((40.0,), _PLACES[2:3], 1, 150.0), marks=pytest.mark.short),
        pytest.param(((10.0, 40.0), _PLACES, 3, 600.0), marks=pytest.mark.long),
    ],
)
def test_very_bright_sources_and_their_neighbours(bars: Bars, tmp_path: Path, form: _Form) -> None:
    crab, places, seeds, exposure_s = form
    for flux in crab:
        neighbours: dict[str, list[Values]] = {}
        for place in places:
            found = [_measured(tmp_path, flux, place, seed, exposure_s) for seed in range(seeds)]
            for product in found[0]:
                ratio, error = np.array([one[product] for one in found]).transpose(1, 2, 0)
                neighbours.setdefault(product, []).append(np.array([ratio[1], error[1]]))
                mean, sigma = _mean(ratio[0], error[0])
                if np.isnan(mean):
                    continue
                what = (
                    f"{product}: {flux:g} Crab at {place} deg, {seeds} x {exposure_s:g} s (+- {sigma:.2%}): flux bias"
                )
                bars.record("B-8", what, mean - 1.0, "1 % + 2 sigma", abs(mean - 1.0) <= 0.01 + 2.0 * sigma)
        for product, parts in neighbours.items():
            mean, sigma = _mean(*np.concatenate(parts, axis=1))
            what = f"{product}: 3 Crab beside {flux:g} Crab, {len(places) * seeds} windows (+- {sigma:.2%}): flux bias"
            bars.record("B-8", what, mean - 1.0, "0.3 % + 2 sigma", abs(mean - 1.0) <= 0.003 + 2.0 * sigma)


def _mean(value: Values, error: Values) -> tuple[float, float]:
    weight = error**-2.0
    return float(np.average(value, weights=weight)), float(weight.sum() ** -0.5)
