"""Stage ``lc``: light curves of all sources of one window, in all bands."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mesh.kit import Unit
from mesh.kit.ogip.observation import DAY_S
from mesh.kit.provenance import write_fits
from science.coded_mask.barycentric import asked, orbit_hdu, unit_orbit
from science.coded_mask.extraction import places_of, targets_of
from science.coded_mask.fit import LEAST_COVERED
from science.coded_mask.pixel_scatter import PixelScatter
from science.coded_mask.search import NOISE_TOLERANCE
from science.coded_mask.weighted_curve import EventWeights, TimeBins, event_weights, exposed_bins, weighted_rates
from science.coded_mask.window_curves import BandCurves, WindowCurves, curves_hdus, first_bin
from services.isgri.analysis.curve_volume import check_volume, job_ontime_s
from services.isgri.analysis.dead_time import events_per_bin
from services.isgri.analysis.detector import EVENT_DEAD_S, module_map
from services.isgri.analysis.exposed_window import ExposedWindow, expose
from services.isgri.analysis.image_stage import dead_time_file, event_file
from services.isgri.analysis.instrument import INSTRUMENT
from services.isgri.analysis.spectrum_stage import mosaic_catalogue, window_background
from services.isgri.analysis.window_fit import WindowFit, count_bands, fit_window, pixel_of

CURVES_FILE = "isgri_curves.fits"


def run_lc(unit: Unit) -> None:
    """Make the light curves of one window and write ``isgri_curves.fits``."""
    bands = [(float(low), float(high)) for low, high in unit.parameters["bands"]]
    width_s = float(unit.parameters["time_bin"])
    sources = len(targets_of(unit.parameters["catalogue"], mosaic_catalogue(unit)))
    check_volume(job_ontime_s(unit), width_s, len(bands), sources)
    window, found, scatter = fit_bands(unit, bands)
    check_volume(window.ontime_s, width_s, len(bands), len(found.targets))
    with unit.step("bins"):
        number = first_bin(float(window.good_times_ijd_s()[0, 0]), width_s)
        # Times after the start of the window, so that no precision is lost.
        first_s = number * width_s - window.events.tstart_ijd * DAY_S
        count = int(np.ceil((float(window.gti[-1, 1]) - first_s) / width_s))
        bins = live_bins(window, first_s, width_s, count)
        pixel = pixel_of(window)
        curves = []
        none = np.array([0.0 if window.thresholds.covered(*band) > LEAST_COVERED else np.nan for band in bands])
        for channel, band in enumerate(bands):
            of = band_weights(found, channel)
            used = in_band(window, band)
            rate, error, counts = weighted_rates(window.events.time_s, pixel, used, bins, of)
            curves.append(BandCurves(band, rate + none[channel], error + none[channel], counts, scatter[channel]))
        result = WindowCurves(
            names=[target.name for target in found.targets],
            ra=np.array([target.ra for target in found.targets]),
            dec=np.array([target.dec for target in found.targets]),
            tangents=found.tangents(),
            first_bin=number,
            width_s=width_s,
            exposed=bins.exposed[bins.total_s > 0.0].mean(axis=0),
            good_times_s=window.good_times_ijd_s(),
            bands=curves,
            observation=window.observation(),
        )
        hdus = curves_hdus(result, INSTRUMENT)
        if asked(unit):
            orbit = unit_orbit(unit, event_file(unit), result.good_times_s.ravel())
            hdus += [orbit_hdu(orbit)] if orbit else []
        write_fits(unit, CURVES_FILE, hdus)
    total = np.hypot(found.fit.flux_error, np.hstack([part.error for part in scatter]))
    unit.summary(
        exposure_s=round(window.live_time_s, 3),
        ontime_s=round(window.ontime_s, 3),
        bins=count,
        validation=window.events.validation.report,
        sources=[
            {
                "name": target.name,
                "bands": [
                    {"e_min": low, "e_max": high, "rate": round(float(rate), 3), "error": round(float(error), 3)}
                    for (low, high), rate, error in zip(bands, rates, errors, strict=True)
                ],
            }
            for target, rates, errors in zip(found.targets, found.fit.flux + none, total + none, strict=True)
        ],
    )


def live_bins(window: ExposedWindow, first_s: float, width_s: float, count: int) -> TimeBins:
    """Return time bins with the good time of each module in them, and what of it events and strobes cost."""
    bins = replace(
        exposed_bins(first_s, width_s, count, window.modules.good),
        dead_s=EVENT_DEAD_S * events_per_bin(window.events, window.gti, first_s, width_s, count),
        total_dead_s=EVENT_DEAD_S * window.modules.events,
    )
    strobes, mean = window.events.strobes, window.modules.strobes
    if strobes is None or mean is None:
        return bins
    return replace(bins, awake=strobes.in_bins(first_s, width_s, count) / np.where(mean > 0.0, mean, np.inf)[:, None])


def fit_bands(unit: Unit, bands: list[tuple[float, float]]) -> tuple[ExposedWindow, WindowFit, list[PixelScatter]]:
    """Read the window of a unit and fit its sources in some bands; warnings go to the caller.

    Returns:
        The window, the fit, and what the pixels add to the errors in each band.
    """
    targets = targets_of(unit.parameters["catalogue"], mosaic_catalogue(unit))
    window = expose(event_file(unit), unit.step, places_of(targets), dead_time_file(unit))
    with unit.step("fit"):
        middle = np.array([(low + high) / 2.0 for low, high in bands])
        background = window_background(unit, window)
        factors = np.concatenate([background.factors(np.array(band)) for band in bands]) if background else None
        found = fit_window(window, targets, count_bands(window, bands), middle, factors)
        scatter = band_scatter(found)
    for warning in (*window.warnings, *window.thresholds.warnings(bands), *found.warnings):
        unit.warn(warning)
    for (low, high), part in zip(bands, scatter, strict=True):
        if part.width.max() > NOISE_TOLERANCE:
            unit.warn(
                f"in {low:g}-{high:g} keV forced fits in the field scatter up to {part.width.max():.2f} times more "
                "than Poisson noise, as without a map of the pixels' background; all bins of a window have this error "
                "in common: SYS_ERR gives it, ERROR is without it"
            )
    return window, found, scatter


def band_scatter(found: WindowFit) -> list[PixelScatter]:
    """Return what the pixels add to the errors of each channel of a fit, measured in each by itself."""
    whole = found.scatter([np.array([channel]) for channel in range(len(found.fit.counts))])
    return [whole.channel(channel) for channel in range(len(found.fit.counts))]


def in_band(window: ExposedWindow, band: tuple[float, float]) -> NDArray[np.bool_]:
    """Return which events count in a band."""
    energy = window.events.energy_kev
    return window.used & (energy >= band[0]) & (energy < band[1])


def band_weights(found: WindowFit, channel: int) -> EventWeights:
    """Return the weights of the events of a band, by pixel."""
    return event_weights(found.fit, channel, found.pixels, np.maximum(module_map(), 0).ravel())
