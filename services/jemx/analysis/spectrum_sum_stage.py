"""Stage ``spectrum_sum``: the windows' spectra to OGIP spectra of every source and unit, with the response.

Each source has a spectrum in the 256 PI channels and one in the 16 standard channels; both share the effective area.
"""

from typing import Any

import numpy as np
from astropy.io import fits

from mesh.kit import BadInput, Unit
from mesh.kit.ogip.observation import Observation
from mesh.kit.ogip.response import arf_hdu, rmf_hdus
from mesh.kit.ogip.spectrum import BAD, correction_hdu, spectrum_hdu
from mesh.kit.provenance import write_fits
from science.coded_mask.extraction import absent_sources
from science.coded_mask.figure import file_names
from science.coded_mask.spectrum_plot import Scale, write_spectra, write_spectrum
from science.coded_mask.spectrum_sum import SourceSpectrum, correction_file, sum_spectra
from science.coded_mask.window_spectra import read_spectra
from services.jemx.analysis.camera import camera
from services.jemx.analysis.channels import FIRST_CHANNEL, edges_kev, joined, standard_edges, standard_edges_kev
from services.jemx.analysis.instrument import UNITS, instrument
from services.jemx.analysis.response import (
    CRAB_INDEX,
    CRAB_NORM,
    SYSTEMATIC,
    crab_rate,
    response,
)
from services.jemx.analysis.spectrum_stage import spectra_file

_RANGE_KEV = (3.0, 35.0)
_MAX_PICTURES = 40
_STANDARD = "_16"
"""Ends the names of files in the standard channels."""


def run_spectrum_sum(unit: Unit) -> None:
    """Write spectra and a picture of each source, one ARF and two RMFs for each unit, and ``preview.png``."""
    with unit.step("sum"):
        found: dict[int, list[SourceSpectrum]] = {}
        for number in UNITS:
            name = spectra_file(number)
            windows = [
                read_spectra(path, entry.label, instrument(number))
                for entry in unit.inputs("spectrum")
                for path in entry.paths
                if path.name == name
            ]
            if windows:
                found[number] = sum_spectra(windows, camera(number, *_RANGE_KEV))
        if not found:
            raise BadInput("EmptyScWList", "no science window gave spectra; ask for other windows or sources")
    with unit.step("response"):
        origin = {f"jmx{number}": _write_response(unit, number, sources) for number, sources in found.items()}
    with unit.step("spectra"):
        listed: dict[str, dict[str, Any]] = {}
        for number, sources in found.items():
            _write_spectra(unit, number, sources, listed)
        number, sources = next(iter(found.items()))
        ranked = sorted(sources, key=lambda source: -_significance(source))
        write_spectra(unit.out / "preview.png", ranked, _scale(), f"JEM-X {number} spectra")
    for warning in absent_sources(unit.parameters["catalogue"], listed):
        unit.warn(warning)
    unit.summary(response=origin, sources=list(listed.values()))


def _write_response(unit: Unit, number: int, sources: list[SourceSpectrum]) -> str:
    """Write the area and the matrices of one unit; return what they are in words."""
    used = response(unit, number)
    whole = Observation(
        f"JMX{number}",
        min(source.start_ijd for source in sources),
        max(source.stop_ijd for source in sources),
        extra=(("ORIGRESP", used.origin, "response"),),
    )
    arf = arf_hdu(used.energy_kev, used.area_cm2, observation=whole)
    write_fits(unit, f"jmx{number}_arf.fits", fits.HDUList([fits.PrimaryHDU(), arf]))
    for ending, channels, shares in (("", edges_kev(), used.fine), (_STANDARD, standard_edges_kev(), used.standard)):
        matrix = rmf_hdus(used.energy_kev, channels, shares, observation=whole, first_channel=FIRST_CHANNEL)
        write_fits(unit, f"jmx{number}_rmf{ending}.fits", fits.HDUList([fits.PrimaryHDU(), *matrix]))
    return used.origin


def _write_spectra(unit: Unit, number: int, sources: list[SourceSpectrum], listed: dict[str, dict[str, Any]]) -> None:
    """Write the files of one unit and list them under the names of their sources."""
    names = [f"jmx{number}_spectrum_{name}" for name in file_names([source.name for source in sources])]
    for place, source in enumerate(sources):
        files = [f"{names[place]}{ending}.fits" for ending in ("", _STANDARD)]
        for file, ending in zip(tuple(files), ("", _STANDARD), strict=True):
            write_fits(unit, file, fits.HDUList([fits.PrimaryHDU(), _spectrum(number, source, file, ending)]))
            files.append(correction_file(file))
            write_fits(unit, files[-1], fits.HDUList([fits.PrimaryHDU(), _correction(number, source, ending)]))
        if place < _MAX_PICTURES:
            files.append(f"{names[place]}.png")
            write_spectrum(unit.out / files[-1], source, _scale(), f"{source.name}   JEM-X {number}")
        rate, error = source.band(edges_kev(), *_RANGE_KEV)
        entry = listed.setdefault(source.name, {"name": source.name, "files": []})
        entry["files"] += files
        entry[f"jmx{number}"] = {
            "scws": source.windows,
            "exposure_s": round(source.exposure_s, 1),
            "rate_3_35": round(rate, 3),
            "error_3_35": round(error, 3),
        }


def _observation(number: int, source: SourceSpectrum) -> Observation:
    return Observation(f"JMX{number}", source.start_ijd, source.stop_ijd, source.name, source.ra, source.dec)


def _correction(number: int, source: SourceSpectrum, ending: str) -> fits.BinTableHDU:
    return correction_hdu(
        joined(np.nan_to_num(source.common)) if ending else source.common,
        exposure_s=source.exposure_s,
        observation=_observation(number, source),
        first_channel=FIRST_CHANNEL,
        extra=(("NAME", source.name, "source"),),
    )


def _spectrum(number: int, source: SourceSpectrum, file: str, ending: str) -> fits.BinTableHDU:
    rate, error = source.rate, source.error
    if ending:
        rate, error = joined(rate), joined(error, squares=True)
        quality = np.zeros(rate.size, np.int16)
    else:
        channel, edges = np.arange(rate.size), standard_edges()
        quality = np.where((channel >= edges[0]) & (channel < edges[-1]), 0, BAD).astype(np.int16)
    return spectrum_hdu(
        rate,
        error,
        exposure_s=source.exposure_s,
        observation=_observation(number, source),
        first_channel=FIRST_CHANNEL,
        systematic=SYSTEMATIC,
        quality=quality,
        response=f"jmx{number}_rmf{ending}.fits",
        area=f"jmx{number}_arf.fits",
        correction=correction_file(file),
        name=f"JMX{number}-PHA1-SPE",
        extra=(
            ("ISDCLEVL", "SPE", "level of data processing"),
            ("NAME", source.name, "source"),
            ("ONTIME", source.ontime_s, "[s] good time of all windows that see the source"),
            ("SCWS", source.windows, "number of science windows"),
        ),
    )


def _scale() -> Scale:
    return Scale(edges_kev(), crab_rate(edges_kev()), CRAB_NORM, CRAB_INDEX, _RANGE_KEV)


def _significance(source: SourceSpectrum) -> float:
    rate, error = source.band(edges_kev(), *_RANGE_KEV)
    return rate / error if error > 0.0 else 0.0
