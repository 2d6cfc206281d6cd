"""Stage ``spectrum``: the count spectra of all sources of one window, fitted at once in the 256 channels."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mesh.kit import Unit
from mesh.kit.provenance import write_fits
from science.coded_mask.extraction import places_of, targets_of
from science.coded_mask.search import NOISE_TOLERANCE
from science.coded_mask.window_spectra import WindowSpectra, spectra_hdus
from services.isgri.analysis.background_file import used_background
from services.isgri.analysis.background_map import BackgroundMap, map_warnings
from services.isgri.analysis.channels import FIRST_CHANNEL, edges_kev
from services.isgri.analysis.exposed_window import ExposedWindow, expose
from services.isgri.analysis.image_stage import dead_time_file, event_file
from services.isgri.analysis.instrument import INSTRUMENT
from services.isgri.analysis.mosaic_stage import CATALOGUE_FILE
from services.isgri.analysis.window_fit import count_channels, fit_window

SPECTRA_FILE = "isgri_spectra.fits"
_SCATTER_KEV = (20.0, 40.0, 80.0, 150.0, 400.0)
"""Between these energies the scatter of the pixels is measured: wide enough for its own error to be small."""
_CHECK_KEV = (20.0, 40.0)
_WARNED_KEV = (16.0, 1000.0)


def run_spectrum(unit: Unit) -> None:
    """Extract the spectra of one window and write ``isgri_spectra.fits``."""
    targets = targets_of(unit.parameters["catalogue"], mosaic_catalogue(unit))
    window = expose(event_file(unit), unit.step, places_of(targets), dead_time_file(unit))
    with unit.step("channels"):
        edges = edges_kev()
        middle = (edges[1:] + edges[:-1]) / 2.0
        counts = count_channels(window, edges)
    with unit.step("fit"):
        background = window_background(unit, window)
        factors = background.factors(edges) if background else None
        found = fit_window(window, targets, counts, middle, factors)
        scatter = found.scatter(energy_groups(middle))
        seen = edges[:-1] >= window.thresholds.detector  # channels below it have no weight in sums
        rate, error = (np.where(seen, values, np.nan) for values in (found.fit.flux, found.fit.flux_error))
        spectra = WindowSpectra(
            names=[target.name for target in found.targets],
            ra=np.array([target.ra for target in found.targets]),
            dec=np.array([target.dec for target in found.targets]),
            exposure_s=found.exposure_s,
            tangents=found.tangents(),
            rate=rate,
            error=error,
            scatter=scatter,
            observation=window.observation(),
        )
        write_fits(unit, SPECTRA_FILE, spectra_hdus(spectra, INSTRUMENT, edges, FIRST_CHANNEL))
    for warning in (*window.warnings, *window.thresholds.warnings([_WARNED_KEV]), *found.warnings):
        unit.warn(warning)
    wide = (scatter.width > NOISE_TOLERANCE).any(axis=0)
    if wide.any():
        unit.warn(
            f"in {wide.sum()} of {wide.size} channels forced fits in the field scatter up to {scatter.width.max():.2f} "
            "times more than Poisson noise, as without a map of the pixels' background; this error is common to all "
            "channels: the correction file of the spectrum carries it, and the errors of bands have it in full"
        )
    band = (middle >= _CHECK_KEV[0]) & (middle < _CHECK_KEV[1])
    unit.summary(
        exposure_s=round(window.live_time_s, 3),
        ontime_s=round(window.ontime_s, 3),
        error_scale=round(float(scatter.width.max()), 3),
        validation=window.events.validation.report,
        sources=[
            {
                "name": target.name,
                "exposure_s": round(float(exposure), 1),
                "rate_20_40": round(float(np.nansum(rate[band])), 3),
                "error_20_40": round(
                    float(np.hypot(np.sqrt(np.nansum(error[band] ** 2)), common[band & np.isfinite(error)].sum())), 3
                ),
            }
            for target, exposure, rate, error, common in zip(
                found.targets, spectra.exposure_s, spectra.rate, spectra.error, scatter.error, strict=True
            )
        ],
    )


def energy_groups(middle_kev: NDArray[np.float64]) -> list[NDArray[np.intp]]:
    """Return the channels in which the scatter of the pixels is measured together."""
    number = np.searchsorted(_SCATTER_KEV, middle_kev, side="right")
    return [np.flatnonzero(number == group) for group in np.unique(number)]


def window_background(unit: Unit, window: ExposedWindow) -> BackgroundMap | None:
    """Return the background map of a window, if any; warnings of it go to the caller."""
    background = used_background(unit)
    if background is not None:
        for warning in map_warnings(background, [], window.events.swid, window.events.revolution):
            unit.warn(warning)
    return background


def mosaic_catalogue(unit: Unit) -> Path | None:
    """Return the catalogue of the mosaic, if there is one among the inputs."""
    for entry in unit.inputs("mosaic"):
        return entry.path(CATALOGUE_FILE)
    return None
