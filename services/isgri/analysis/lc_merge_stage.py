"""Stage ``lc_merge``: the windows' light curves to one file per source and band, for OSA's tools and for OGIP's."""

import numpy as np
from astropy.io import fits

from mesh.kit import BadInput, Unit
from mesh.kit.ogip.good_times import gti_hdu
from mesh.kit.ogip.light_curve import LightCurve, osa_light_curve_hdu, rate_hdu
from mesh.kit.ogip.observation import DAY_S, Observation
from mesh.kit.provenance import write_fits
from science.coded_mask.barycentric import as_asked
from science.coded_mask.common_error import Constant
from science.coded_mask.curve_plot import write_curve, write_curves
from science.coded_mask.extraction import absent_sources
from science.coded_mask.figure import file_names
from science.coded_mask.window_curves import SourceCurves, merge_curves, read_curves
from services.isgri.analysis.camera import CAMERA
from services.isgri.analysis.curve_volume import check_volume
from services.isgri.analysis.instrument import INSTRUMENT
from services.isgri.analysis.lc_stage import CURVES_FILE

_MAX_PICTURES = 40


def run_lc_merge(unit: Unit) -> None:
    """Write light curves and a picture of each source, and ``preview.png``."""
    with unit.step("merge"):
        windows = [read_curves(entry.path(CURVES_FILE), entry.label, INSTRUMENT) for entry in unit.inputs("lc")]
        if not windows:
            raise BadInput("EmptyScWList", "no science window gave light curves; ask for other windows or sources")
        good_s = sum(float((w.good_times_s[:, 1] - w.good_times_s[:, 0]).sum()) for w in windows)
        names = {name for window in windows for name in window.names}
        check_volume(good_s, windows[0].width_s, len(windows[0].bands), len(names))
        sources = merge_curves(windows, CAMERA)
        written, ephemeris = as_asked(unit, sources, (entry.path(CURVES_FILE) for entry in unit.inputs("lc")))
    with unit.step("curves"):
        listed = []
        parts = file_names([source.name for source in sources])
        for number, source in enumerate(sources):
            name = f"isgri_lc_{parts[number]}"
            bands, files = [], []
            for (band, curve), mean in zip(written[number].curves, source.means, strict=True):
                file = f"{name}_{band[0]:g}-{band[1]:g}.fits"
                write_fits(unit, file, _hdus(written[number], band, curve, ephemeris))
                bands.append(_summary(band, curve, mean))
                files.append(file)
            if number < _MAX_PICTURES and source.curves[0][1].time_s.size:
                write_curve(unit.out / f"{name}.png", source, f"{source.name}   IBIS/ISGRI")
                files.append(f"{name}.png")
            listed.append({"name": source.name, "files": files, "bands": bands})
        drawn = sorted((s for s in sources if s.curves[0][1].time_s.size), key=_faintness)
        if drawn:
            write_curves(unit.out / "preview.png", drawn, "IBIS/ISGRI light curves")
    for warning in absent_sources(unit.parameters["catalogue"], (source.name for source in sources)):
        unit.warn(warning)
    unit.summary(bin_s=sources[0].width_s, sources=listed)


def _hdus(source: SourceCurves, band: tuple[float, float], curve: LightCurve, ephemeris: str) -> fits.HDUList:
    seen = Observation(
        "IBIS",
        float(source.good_times_s[0, 0]) / DAY_S,
        float(source.good_times_s[-1, 1]) / DAY_S,
        source.name,
        source.ra,
        source.dec,
        detector="ISGRI",
        extra=(("NAME", source.name, "source"), ("ISDCLEVL", "LCR", "level of data processing")),
        ephemeris=ephemeris,
    )
    return fits.HDUList(
        [
            fits.PrimaryHDU(),
            rate_hdu(curve, source.width_s, seen, band_kev=band),
            gti_hdu(source.good_times_s, seen),
            osa_light_curve_hdu(curve, seen, name="ISGR-SRC.-LCR", band_kev=band),
        ]
    )


def _summary(band: tuple[float, float], curve: LightCurve, mean: Constant) -> dict[str, object]:
    """Mean and its error, and chi2 per degree of freedom against a constant, with what bins have in common."""
    return {
        "e_min": band[0],
        "e_max": band[1],
        "bins": curve.time_s.size,
        "rate": round(mean.value, 3),
        "error": round(mean.error, 3),
        "common_error": round(float(np.median(curve.columns["SYS_ERR"][1])), 3) if curve.time_s.size else None,
        "chi2_per_dof": round(mean.chi2_per_dof, 3) if np.isfinite(mean.chi2_per_dof) else None,
    }


def _faintness(source: SourceCurves) -> float:
    mean = source.means[0]
    return -mean.value / mean.error if mean.error > 0.0 else 0.0
