"""Stage ``image``: one science window, seen by one or both units, to images and sources."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from mesh.kit import BadInput, Unit
from mesh.kit.provenance import write_fits
from science.coded_mask.catalogue import known_sources
from science.coded_mask.preview import write_preview
from science.coded_mask.sky_file import band_images, sky_hdus
from science.coded_mask.source_list import WindowSource, source_summary, window_sources
from science.coded_mask.tan_image import window_wcs
from services.jemx.analysis.instrument import UNITS, instrument
from services.jemx.analysis.window import JemxWindow, analyse_window

Bands = list[tuple[float, float]]


def sky_file(unit: int) -> str:
    """Name of the product of a unit."""
    return f"jmx{unit}_sky.fits"


def run_image(unit: Unit) -> None:
    """Analyse the window of every unit that is asked for; writes ``jmx1_sky.fits``, ``jmx2_sky.fits``, previews."""
    bands: Bands = [(float(low), float(high)) for low, high in unit.parameters["bands"]]
    catalogue = known_sources(unit, instrument(UNITS[0]))
    threshold = float(unit.parameters["detection_threshold"])
    made: list[tuple[JemxWindow, list[WindowSource]]] = []
    failures: list[BadInput] = []
    for number in wanted_units(unit):
        path = event_file(unit, number)
        try:
            if path is None:
                text = f"window {unit.label} has no events of JEM-X {number} in the archive; leave it out"
                raise BadInput("NoJEMXEvents", text)
            # Steps are told once: the second unit repeats those of the first.
            result = analyse_window(path, number, bands, catalogue, threshold, step=_untold if made else unit.step)
        except BadInput as failure:
            failures.append(failure)
            continue
        made.append((result, window_sources(result.sky, result.facts.attitude)))
    if not made:
        raise failures[0]
    for refused in failures:
        unit.warn(refused.text)
    for result, sources in made:
        for warning in result.warnings:
            unit.warn(warning)
        number = result.exposed.events.unit
        write_fits(unit, sky_file(number), sky_hdus(result, sources))
        _write_preview(unit, number, result, sources)
    unit.summary(**{f"jmx{result.exposed.events.unit}": _summary(result, sources, bands) for result, sources in made})


def _untold(name: str) -> AbstractContextManager[None]:
    del name
    return nullcontext()


def wanted_units(unit: Unit) -> Sequence[int]:
    """Units that the caller asks for."""
    choice = unit.parameters["jemx_num"]
    return UNITS if choice == "both" else (int(choice),)


def event_file(unit: Unit, number: int) -> Path | None:
    """Return the event file of unit 1 or 2, if the archive has it."""
    paths = [path for entry in unit.inputs("events") for path in entry.paths]
    return next((path for path in paths if path.name.startswith(f"jmx{number}_events.fits")), None)


def _summary(result: JemxWindow, sources: Sequence[WindowSource], bands: Bands) -> dict[str, Any]:
    gain = result.exposed.gain
    return {
        "exposure_s": round(result.live_time_s, 3),
        "ontime_s": round(result.ontime_s, 3),
        "gain": round(gain, 4) if gain == gain else None,  # noqa: PLR0124  # NaN where the line is too faint
        "residual_std": [round(maps.residual_std, 4) for maps in result.images],
        "error_scale": [round(maps.noise, 4) for maps in result.images],
        "chi2_per_dof": [round(fit.chi2_per_dof, 4) for fit in result.sky.fits],
        "sources": [source_summary(source, bands) for source in sources],
        "validation": result.exposed.events.validation.report,
    }


def _write_preview(unit: Unit, number: int, result: JemxWindow, sources: Sequence[WindowSource]) -> None:
    images = band_images(result, list(sources))
    names = [(source.name, source.ra, source.dec) for source in sources]
    wcs = window_wcs(result.facts.attitude, result.sky.camera.grid)
    write_preview(unit.out / f"preview_jmx{number}.png", images, wcs, names, unit.title(f"JEM-X {number} {unit.label}"))
