"""Stage ``image``: one science window to images, sources and bursts."""

from pathlib import Path
from typing import Any

from mesh.kit import BadInput, Unit
from mesh.kit.provenance import write_fits
from science.coded_mask.catalogue import known_sources
from science.coded_mask.preview import write_preview
from science.coded_mask.sky_file import band_images, sky_hdus
from science.coded_mask.source_list import WindowSource, source_summary, window_sources
from science.coded_mask.tan_image import window_wcs
from services.isgri.analysis.background_file import used_background
from services.isgri.analysis.background_map import BackgroundMap
from services.isgri.analysis.burst_table import burst_table
from services.isgri.analysis.bursts import Burst
from services.isgri.analysis.camera import GRID
from services.isgri.analysis.instrument import INSTRUMENT
from services.isgri.analysis.window import IsgriWindow, analyse_window, without_bursts

SKY_FILE, MASKED_FILE = "isgri_sky.fits", "isgri_sky_without_bursts.fits"
_EVENT_FILES = ("isgri_events.fits.gz", "isgri_events.fits")
Bands = list[tuple[float, float]]


def run_image(unit: Unit) -> None:
    """Analyse the window of a unit and write ``isgri_sky.fits`` and ``preview.png``.

    Where bursts were found the images without their time follow in ``isgri_sky_without_bursts.fits``.
    """
    bands: Bands = [(float(low), float(high)) for low, high in unit.parameters["bands"]]
    burst_search = bool(unit.parameters["burst_search"])
    catalogue = known_sources(unit, INSTRUMENT)
    threshold, background = float(unit.parameters["detection_threshold"]), used_background(unit)
    result = analyse_window(
        event_file(unit),
        bands,
        catalogue,
        threshold,
        burst_search=burst_search,
        step=unit.step,
        background=background,
        housekeeping=dead_time_file(unit),
    )
    sources = window_sources(result.sky, result.events.attitude)
    for warning in result.warnings:
        unit.warn(warning)
    hdus = sky_hdus(result, sources)
    if burst_search:
        hdus.append(burst_table(result.bursts, result.events.tstart_ijd))
    write_fits(unit, SKY_FILE, hdus)
    _write_preview(unit, result, sources)
    if result.bursts:
        steady = without_bursts(result, bands, catalogue, threshold, background)
        found = window_sources(steady.sky, steady.events.attitude)
        write_fits(unit, MASKED_FILE, sky_hdus(steady, found))
        unit.summary(without_bursts=[source_summary(source, bands) for source in found])
    unit.summary(
        exposure_s=round(result.live_time_s, 3),
        ontime_s=round(result.ontime_s, 3),
        residual_std=[round(maps.residual_std, 4) for maps in result.images],
        error_scale=[round(maps.noise, 4) for maps in result.images],
        chi2_per_dof=[round(fit.chi2_per_dof, 4) for fit in result.sky.fits],
        sources=[source_summary(source, bands) for source in sources],
        background=_background_summary(result, background),
        bursts=[_burst_summary(burst, result.events.tstart_ijd) for burst in result.bursts],
        validation=result.events.validation.report,
    )


def event_file(unit: Unit) -> Path:
    """Return the event file of the window.

    Raises:
        BadInput: NoISGRIEvents: the archive has none.
    """
    paths = {path.name: path for entry in unit.inputs("events") for path in entry.paths}
    for name in _EVENT_FILES:
        if name in paths:
            return paths[name]
    raise BadInput(
        "NoISGRIEvents", f"window {unit.label} has no ISGRI event file in the archive; leave this window out"
    )


def dead_time_file(unit: Unit) -> Path | None:
    """Return the housekeeping table of the dead time of the window, where the archive has it."""
    return next((path for entry in unit.inputs("dead_time") for path in entry.paths), None)


def _background_summary(result: IsgriWindow, background: BackgroundMap | None) -> dict[str, Any] | None:
    if background is None:
        return None
    data = [fit.data for fit in result.sky.fits]
    return {
        "windows": len(background.windows),
        "revolutions": list(background.revolutions),
        "pixel_error": [round(d.pattern.typical_error(d.live), 4) if d.pattern else None for d in data],
    }


def _burst_summary(burst: Burst, tstart_ijd: float) -> dict[str, Any]:
    return {
        "t_start_ijd": round(tstart_ijd + burst.t_start_s / 86400.0, 8),
        "t_stop_ijd": round(tstart_ijd + burst.t_stop_s / 86400.0, 8),
        "counts": round(burst.counts, 1),
        "sigma": round(burst.sigma, 2),
        "ra": burst.ra,
        "dec": burst.dec,
        "error_arcmin": burst.error_arcmin,
        "image_sigma": burst.image_sigma,
    }


def _write_preview(unit: Unit, result: IsgriWindow, sources: list[WindowSource]) -> None:
    names = [(source.name, source.ra, source.dec) for source in sources]
    wcs = window_wcs(result.events.attitude, GRID)
    write_preview(unit.out / "preview.png", band_images(result, sources), wcs, names, unit.title(f"ISGRI {unit.label}"))
