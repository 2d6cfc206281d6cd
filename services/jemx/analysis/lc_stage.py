"""Stage ``lc``: light curves of all sources of one window, of every unit, in all bands."""

import numpy as np

from mesh.kit import Unit
from mesh.kit.ogip.observation import DAY_S
from mesh.kit.provenance import write_fits
from science.coded_mask.barycentric import asked, orbit_hdu, unit_orbit
from science.coded_mask.fit import LEAST_COVERED
from science.coded_mask.pixel_scatter import pixel_scatter
from science.coded_mask.weighted_curve import exposed_bins, weighted_rates
from science.coded_mask.window_curves import BandCurves, WindowCurves, curves_hdus, first_bin
from services.jemx.analysis.extraction import SourceWindow, source_windows
from services.jemx.analysis.image_stage import event_file
from services.jemx.analysis.instrument import instrument


def curves_file(unit: int) -> str:
    """Name of the product of a unit."""
    return f"jmx{unit}_curves.fits"


def run_lc(unit: Unit) -> None:
    """Make the light curves of one window and write ``jmx1_curves.fits``, ``jmx2_curves.fits``."""
    bands = [(float(low), float(high)) for low, high in unit.parameters["bands"]]
    width_s = float(unit.parameters["time_bin"])
    summary = {}
    for seen, step in source_windows(unit):
        with step("fit"):
            curves = window_curves(seen, bands, width_s)
            hdus = curves_hdus(curves, instrument(seen.unit))
            path = event_file(unit, seen.unit)
            if asked(unit) and path is not None:
                orbit = unit_orbit(unit, path, curves.good_times_s.ravel())
                hdus += [orbit_hdu(orbit)] if orbit else []
            write_fits(unit, curves_file(seen.unit), hdus)
        for warning in seen.window.threshold_warnings(bands):
            unit.warn(warning)
        summary[f"jmx{seen.unit}"] = {
            "exposure_s": round(seen.window.live_time_s, 3),
            "bins": int(curves.exposed.size),
            "validation": seen.window.events.validation.report,
            "sources": list(curves.names),
        }
    unit.summary(**summary)


def window_curves(seen: SourceWindow, bands: list[tuple[float, float]], width_s: float) -> WindowCurves:
    """Return rates per bin on the grid that all windows share."""
    window = seen.window
    start_s = window.events.tstart_ijd * DAY_S
    number = first_bin(start_s + float(window.gti[0, 0]), width_s)
    # Times after the start of the window, so that no precision is lost.
    first_s = number * width_s - start_s
    count = int(np.ceil((float(window.gti[-1, 1]) - first_s) / width_s))
    bins = exposed_bins(first_s, width_s, count, [window.gti])
    accepted = window.events.grey.bins(bins, window.gti)
    curves = []
    for low, high in bands:
        used = window.in_band(low, high)
        found = seen.fit(low, high, used)
        rate, error, counts = weighted_rates(window.events.time_s, window.pixel, used, accepted, found.weights)
        level = np.array([found.left.mean_background])
        scatter = pixel_scatter([found.left], [np.zeros(1, np.intp)], level, found.fit.flux_error, seen.coded())
        none = 0.0 if window.covered(low, high) > LEAST_COVERED else np.nan
        curves.append(BandCurves((low, high), rate + none, error + none, counts, scatter))
    return WindowCurves(
        names=[target.name for target in seen.targets],
        ra=np.array([target.ra for target in seen.targets]),
        dec=np.array([target.dec for target in seen.targets]),
        tangents=seen.tangents(),
        first_bin=number,
        width_s=width_s,
        exposed=bins.exposed[0],
        good_times_s=start_s + window.gti,
        bands=curves,
        observation=seen.observation(),
    )
