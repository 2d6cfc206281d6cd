"""Stage ``spectrum``: the count spectra of all sources of one window in the 256 PI channels.

All sources are fitted at once in each of the 16 standard channels, where pixels have enough counts for a variance. That
fit is linear in the counts, so that its weights split it exactly among the PI channels: every event adds the weight of
its pixel to its channel, and the channels of a standard channel add up to it.
"""

from itertools import islice

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from mesh.kit import Unit
from mesh.kit.provenance import write_fits
from science.coded_mask.pixel_scatter import PixelScatter, pixel_scatter, together
from science.coded_mask.search import NOISE_TOLERANCE
from science.coded_mask.window_spectra import WindowSpectra, spectra_hdus
from services.jemx.analysis.camera import camera
from services.jemx.analysis.channels import FIRST_CHANNEL, edges_kev, joined, standard_edges
from services.jemx.analysis.extraction import SourceWindow, source_windows
from services.jemx.analysis.instrument import instrument

_GROUPS = (6, 3, 3, 4)
"""Standard channels in which the scatter of the pixels is measured together: 3-7.5, 7.5-12, 12-19 and 19-35 keV."""
_RANGE_KEV = (3.04, 34.88)
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
            rate, error, scatter = extract(seen)
            spectra = WindowSpectra(
                names=[target.name for target in seen.targets],
                ra=np.array([target.ra for target in seen.targets]),
                dec=np.array([target.dec for target in seen.targets]),
                exposure_s=seen.exposure_s,
                tangents=seen.tangents(),
                rate=rate,
                error=error,
                scatter=scatter,
                observation=seen.observation(),
            )
            hdus = spectra_hdus(spectra, instrument(seen.unit), edges_kev(), FIRST_CHANNEL)
            write_fits(unit, spectra_file(seen.unit), hdus)
        for warning in seen.window.threshold_warnings([_RANGE_KEV]):
            unit.warn(warning)
        scale = float(scatter.width.max())
        if scale > NOISE_TOLERANCE:
            unit.warn(
                f"forced fits in the field of JEM-X {seen.unit} scatter up to {scale:.2f} times more than Poisson "
                "noise; this error is common to all channels: the correction file of the spectrum carries it, and the "
                "errors of bands have it in full"
            )
        total = np.nansum(joined(rate), axis=1)
        total_error = np.hypot(
            np.sqrt(np.nansum(joined(error, squares=True) ** 2, axis=1)), np.nansum(joined(scatter.error), axis=1)
        )
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


def extract(seen: SourceWindow) -> tuple[NDArray[np.float64], NDArray[np.float64], PixelScatter]:
    """Return rates and Poisson errors (counts/s), shape (sources, 256), and what the pixels add to the errors.

    Channels outside the standard grid are NaN.
    """
    window, sources = seen.window, len(seen.targets)
    rate, error = (np.full((sources, 256), np.nan) for _ in range(2))
    edges = edges_kev()
    density = np.bincount(window.events.channel[window.used], minlength=256) / np.diff(edges)
    smooth = uniform_filter1d(density, _SMOOTH) * np.diff(edges) + 1e-9
    level = np.zeros(256)
    left, groups = [], []
    standard = iter(zip(standard_edges()[:-1], standard_edges()[1:], strict=True))
    for size in _GROUPS:
        group = list(islice(standard, size))
        parts = []
        for first, last in group:
            channel = window.events.channel
            used = window.used & (channel >= first) & (channel < last)
            found = seen.fit(float(edges[first]), float(edges[last]), used)
            share = smooth[first:last] / smooth[first:last].sum()
            parts.append(found.left)
            level[first:last] = found.left.mean_background * share
            for source in range(sources):
                weight = found.weights.weights[source][window.pixel[used]]
                number = channel[used].astype(np.int64) - first
                rate[source, first:last] = np.bincount(number, weights=weight, minlength=last - first)
                error[source, first:last] = np.sqrt(found.weights.variance[source] * share)
        begin, end = group[0][0], group[-1][1]
        groups.append(np.arange(begin, end))
        left.append(together(parts, camera(seen.unit, float(edges[begin]), float(edges[end]))))
    scatter = pixel_scatter(left, groups, level, error, seen.coded())
    deaf = edges[:-1] < window.threshold_kev  # channels below it have no weight in sums
    rate[:, deaf] = error[:, deaf] = np.nan
    return rate, error, scatter
