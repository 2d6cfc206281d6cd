"""Stage ``spectrum``: the count spectra of all sources of one window in the 256 PI channels.

All sources are fitted at once in each of the 16 standard channels, where pixels have enough counts for a variance. That
fit is linear in the counts, so that its weights split it exactly among the PI channels: every event adds the weight of
its pixel to its channel, and the channels of a standard channel add up to it.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from mesh.kit import Unit
from mesh.kit.provenance import write_fits
from science.coded_mask.window_spectra import WindowSpectra, spectra_hdus
from services.jemx.analysis.channels import FIRST_CHANNEL, edges_kev, joined, standard_edges
from services.jemx.analysis.extraction import SourceWindow, source_windows
from services.jemx.analysis.instrument import instrument

_SMOOTH = 9
"""Channels over which counts are averaged to share out the variance: those of each alone would bias weighted sums."""


def spectra_file(unit: int) -> str:
    """Name of the product of a unit."""
    return f"jmx{unit}_spectra.fits"


def run_spectrum(unit: Unit) -> None:
    """Extract the spectra of one window and write ``jmx1_spectra.fits``, ``jmx2_spectra.fits``."""
    summary = {}
    for seen, step in source_windows(unit):
        with step("fit"):
            rate, error, scale = extract(seen)
            spectra = WindowSpectra(
                names=[target.name for target in seen.targets],
                ra=np.array([target.ra for target in seen.targets]),
                dec=np.array([target.dec for target in seen.targets]),
                exposure_s=seen.exposure_s,
                rate=rate,
                error=error,
                observation=seen.observation(),
            )
            hdus = spectra_hdus(spectra, instrument(seen.unit), edges_kev(), FIRST_CHANNEL)
            write_fits(unit, spectra_file(seen.unit), hdus)
        if scale > 1.0:
            unit.warn(
                f"pixels of JEM-X {seen.unit} scatter {scale:.2f} times more than Poisson noise; errors are scaled"
            )
        total, total_error = joined(rate).sum(axis=1), np.sqrt((joined(error, squares=True) ** 2).sum(axis=1))
        summary[f"jmx{seen.unit}"] = {
            "exposure_s": round(seen.window.live_time_s, 3),
            "error_scale": round(scale, 3),
            "validation": seen.window.events.validation.report,
            "sources": [
                {"name": target.name, "rate_3_35": round(float(value), 3), "error_3_35": round(float(sigma), 3)}
                for target, value, sigma in zip(seen.targets, total, total_error, strict=True)
            ],
        }
    unit.summary(**summary)


def extract(seen: SourceWindow) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return rates and errors (counts/s), shape (sources, 256), and the largest factor on errors.

    Channels outside the standard grid are NaN.
    """
    window, sources = seen.window, len(seen.targets)
    rate, error = (np.full((sources, 256), np.nan) for _ in range(2))
    edges = edges_kev()
    density = np.bincount(window.events.channel[window.used], minlength=256) / np.diff(edges)
    smooth = uniform_filter1d(density, _SMOOTH) * np.diff(edges) + 1e-9
    scale = 1.0
    for first, last in zip(standard_edges()[:-1], standard_edges()[1:], strict=True):
        channel = window.events.channel
        used = window.used & (channel >= first) & (channel < last)
        found = seen.fit(float(edges[first]), float(edges[last]), used)
        excess = float(found.fit.excess[0])
        scale = max(scale, excess)
        share = smooth[first:last] / smooth[first:last].sum()
        for source in range(sources):
            weight = found.weights.weights[source][window.pixel[used]]
            number = channel[used].astype(np.int64) - first
            rate[source, first:last] = np.bincount(number, weights=weight, minlength=last - first)
            error[source, first:last] = excess * np.sqrt(found.weights.variance[source] * share)
    return rate, error, scale
