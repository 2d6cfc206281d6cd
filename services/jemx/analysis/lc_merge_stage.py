"""Stage ``lc_merge``: the windows' light curves to one file per unit, source and band, for OSA's and OGIP's tools."""

from typing import Any

import numpy as np
from astropy.io import fits

from mesh.kit import BadInput, Unit
from mesh.kit.ogip.good_times import gti_hdu
from mesh.kit.ogip.light_curve import LightCurve, osa_light_curve_hdu, rate_hdu
from mesh.kit.ogip.observation import DAY_S, Observation
from mesh.kit.provenance import write_fits
from science.coded_mask.barycentric import as_asked
from science.coded_mask.curve_plot import write_curve, write_curves
from science.coded_mask.extraction import absent_sources
from science.coded_mask.figure import file_names
from science.coded_mask.window_curves import SourceCurves, merge_curves, read_curves
from services.jemx.analysis.camera import camera
from services.jemx.analysis.instrument import UNITS, instrument
from services.jemx.analysis.lc_stage import curves_file

_MAX_PICTURES = 40


def run_lc_merge(unit: Unit) -> None:
    """Write light curves and a picture of each source and unit, and ``preview.png``."""
    with unit.step("merge"):
        found: dict[int, list[SourceCurves]] = {}
        for number in UNITS:
            windows = [
                read_curves(path, entry.label, instrument(number))
                for entry in unit.inputs("lc")
                for path in entry.paths
                if path.name == curves_file(number)
            ]
            if windows:
                found[number] = merge_curves(windows, camera(number, *windows[0].bands[0].band))
        if not found:
            raise BadInput("EmptyScWList", "no science window gave light curves; ask for other windows or sources")
    with unit.step("curves"):
        listed: dict[str, dict[str, Any]] = {}
        for number, sources in found.items():
            _write(unit, number, sources, listed)
        number, sources = next(iter(found.items()))
        drawn = [source for source in sources if source.curves[0][1].time_s.size]
        if drawn:
            write_curves(unit.out / "preview.png", drawn, f"JEM-X {number} light curves")
    for warning in absent_sources(unit.parameters["catalogue"], listed):
        unit.warn(warning)
    unit.summary(bin_s=sources[0].width_s, sources=list(listed.values()))


def _write(unit: Unit, number: int, sources: list[SourceCurves], listed: dict[str, dict[str, Any]]) -> None:
    """Write the files of one unit and list them under the names of their sources."""
    names = file_names([source.name for source in sources])
    products = (path for entry in unit.inputs("lc") for path in entry.paths if path.name == curves_file(number))
    written, ephemeris = as_asked(unit, sources, products)
    for place, (source, at) in enumerate(zip(sources, written, strict=True)):
        name = f"jmx{number}_lc_{names[place]}"
        bands, files = [], []
        for ((low, high), curve), mean in zip(at.curves, source.means, strict=True):
            file = f"{name}_{low:g}-{high:g}.fits"
            write_fits(unit, file, _hdus(number, at, (low, high), curve, ephemeris))
            bins = int(curve.time_s.size)
            rate, error = (mean.value, mean.error) if bins else (None, None)
            bands.append({"e_min": low, "e_max": high, "bins": bins, "rate": rate, "error": error})
            files.append(file)
        if place < _MAX_PICTURES and source.curves[0][1].time_s.size:
            files.append(f"{name}.png")
            write_curve(unit.out / files[-1], source, f"{source.name}   JEM-X {number}")
        entry = listed.setdefault(source.name, {"name": source.name, "files": []})
        entry["files"] += files
        entry[f"jmx{number}"] = {"bands": bands}


def _hdus(
    number: int, source: SourceCurves, band: tuple[float, float], curve: LightCurve, ephemeris: str
) -> fits.HDUList:
    times = np.asarray(source.good_times_s) / DAY_S
    seen = Observation(
        f"JMX{number}",
        float(times[0, 0]),
        float(times[-1, 1]),
        source.name,
        source.ra,
        source.dec,
        extra=(("NAME", source.name, "source"), ("ISDCLEVL", "LCR", "level of data processing")),
        ephemeris=ephemeris,
    )
    return fits.HDUList(
        [
            fits.PrimaryHDU(),
            rate_hdu(curve, source.width_s, seen, band_kev=band),
            gti_hdu(source.good_times_s, seen),
            osa_light_curve_hdu(curve, seen, name=f"JMX{number}-SRC.-LCR", band_kev=band),
        ]
    )
