"""Stage ``spectrum_sum``: the windows' spectra to one OGIP spectrum per source, with the response of ISGRI."""

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
from services.isgri.analysis.camera import CAMERA
from services.isgri.analysis.channels import FIRST_CHANNEL, edges_kev
from services.isgri.analysis.instrument import INSTRUMENT
from services.isgri.analysis.response import Response, facts, response
from services.isgri.analysis.spectrum_stage import SPECTRA_FILE

ARF_FILE, RMF_FILE = "isgri_arf.fits", "isgri_rmf.fits"
_RANGE_KEV = (15.0, 500.0)
_LEAST_KEV = 13.0
"""Channels below are not good: the lower threshold of the pixels is there or above."""
_MAX_PICTURES = 40
_BAND_KEV = (20.0, 40.0)


def run_spectrum_sum(unit: Unit) -> None:
    """Write a spectrum and a picture of each source, one ARF and RMF for all, and ``preview.png``."""
    with unit.step("sum"):
        windows = [read_spectra(entry.path(SPECTRA_FILE), entry.label, INSTRUMENT) for entry in unit.inputs("spectrum")]
        if not windows:
            raise BadInput("EmptyScWList", "no science window gave spectra; ask for other windows or sources")
        sources = sum_spectra(windows, CAMERA)
    with unit.step("response"):
        used = response(unit)
        whole = Observation(
            "IBIS",
            min(source.start_ijd for source in sources),
            max(source.stop_ijd for source in sources),
            detector="ISGRI",
            extra=(("ORIGRESP", used.origin, "response"),),
        )
        arf = arf_hdu(used.energy_kev, used.area_cm2, observation=whole)
        matrix = rmf_hdus(used.energy_kev, edges_kev(), used.matrix, observation=whole, first_channel=FIRST_CHANNEL)
        write_fits(unit, ARF_FILE, fits.HDUList([fits.PrimaryHDU(), arf]))
        write_fits(unit, RMF_FILE, fits.HDUList([fits.PrimaryHDU(), *matrix]))
    with unit.step("spectra"):
        names = [f"isgri_spectrum_{name}" for name in file_names([source.name for source in sources])]
        for source, name in zip(sources, names, strict=True):
            write_fits(unit, f"{name}.fits", fits.HDUList([fits.PrimaryHDU(), _spectrum(source, name)]))
            write_fits(unit, correction_file(f"{name}.fits"), fits.HDUList([fits.PrimaryHDU(), _correction(source)]))
        _draw(unit, sources, names, used)
    for warning in absent_sources(unit.parameters["catalogue"], (source.name for source in sources)):
        unit.warn(warning)
    if used.warning:
        unit.warn(used.warning)
    unit.summary(
        response=used.origin,
        sources=[_summary(source, names[number], number) for number, source in enumerate(sources)],
    )


def _observation(source: SourceSpectrum) -> Observation:
    return Observation("IBIS", source.start_ijd, source.stop_ijd, source.name, source.ra, source.dec, detector="ISGRI")


def _correction(source: SourceSpectrum) -> fits.BinTableHDU:
    return correction_hdu(
        source.common,
        exposure_s=source.exposure_s,
        observation=_observation(source),
        first_channel=FIRST_CHANNEL,
        extra=(("NAME", source.name, "source"),),
    )


def _spectrum(source: SourceSpectrum, name: str) -> fits.BinTableHDU:
    low = edges_kev()[:-1]
    return spectrum_hdu(
        source.rate,
        source.error,
        exposure_s=source.exposure_s,
        observation=_observation(source),
        first_channel=FIRST_CHANNEL,
        systematic=facts()["systematic"]["fraction"],
        quality=np.where(low < _LEAST_KEV, BAD, 0),
        response=RMF_FILE,
        area=ARF_FILE,
        correction=correction_file(f"{name}.fits"),
        name="ISGR-EVTS-SPE",
        extra=(
            ("ISDCLEVL", "SPE", "level of data processing"),
            ("NAME", source.name, "source"),
            ("ONTIME", source.ontime_s, "[s] good time of all windows that see the source"),
            ("SCWS", source.windows, "number of science windows"),
        ),
    )


def _draw(unit: Unit, sources: list[SourceSpectrum], names: list[str], used: Response) -> None:
    crab = facts()["crab"]
    photons = crab["norm"] * -np.diff(used.energy_kev ** (1.0 - crab["index"])) / (crab["index"] - 1.0)
    scale = Scale(edges_kev(), (photons * used.area_cm2) @ used.matrix, crab["norm"], crab["index"], _RANGE_KEV)
    for source, name in list(zip(sources, names, strict=True))[:_MAX_PICTURES]:
        write_spectrum(unit.out / f"{name}.png", source, scale, f"{source.name}   IBIS/ISGRI")
    ranked = sorted(sources, key=lambda source: -_significance(source))
    write_spectra(unit.out / "preview.png", ranked, scale, "IBIS/ISGRI spectra")


def _significance(source: SourceSpectrum) -> float:
    rate, error = source.band(edges_kev(), *_BAND_KEV)
    return rate / error if error > 0.0 else 0.0


def _summary(source: SourceSpectrum, name: str, number: int) -> dict[str, object]:
    rate, error = source.band(edges_kev(), *_BAND_KEV)
    return {
        "name": source.name,
        "files": [
            f"{name}.fits",
            correction_file(f"{name}.fits"),
            *([f"{name}.png"] if number < _MAX_PICTURES else []),
        ],
        "scws": source.windows,
        "exposure_s": round(source.exposure_s, 1),
        "rate_20_40": round(rate, 3),
        "error_20_40": round(error, 3),
    }
