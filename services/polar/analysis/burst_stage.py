"""Stage ``burst``: the brightest burst of the interval, measured."""

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from astropy.io import fits

from mesh.kit import Unit
from mesh.kit.plain import plain
from mesh.kit.provenance import write_fits
from science.bursts.description import described, troubles_of
from science.bursts.instants import utc_of_seconds
from services.polar.analysis.burst_search import brightest_burst
from services.polar.analysis.events import Responses
from services.polar.analysis.merge import merge
from services.polar.analysis.plots import draw_burst
from services.polar.analysis.polarisation import Polarisation, TooFewEvents, measure_polarisation
from services.polar.analysis.polarisation_response import POLARISATION, Modulation, read_modulation
from services.polar.analysis.response import for_fits
from services.polar.analysis.spectra import BACKGROUND_FILE, RESPONSE_FILE, OnOff, on_and_off, spectra, spectral


def run_burst(unit: Unit) -> None:
    """Search, measure and write.

    Raises:
        ScienceFailure: nothing in the interval, no burst, or too little background beside it.
    """
    with unit.step("merge"):
        merged = merge(unit)
        band = unit.parameters["bands"][0]
    with unit.step("search"):
        threshold, bin_s = float(unit.parameters["threshold"]), float(unit.parameters["time_bin"])
        burst = brightest_burst(merged, band, bin_s, threshold, unit.parameters["background"])
        for trouble in troubles_of(burst):
            unit.warn(trouble)
    with unit.step("spectrum"):
        responses, notes = merged.responses_at(burst.begin_s)
        for note in notes:
            unit.warn(note)
        response = spectral(responses)
        events = on_and_off(merged, burst)
        spectrum, background = spectra(burst, events, response)
    with unit.step("polarisation"):
        answer, why = _answer(responses, float(unit.parameters["modulation"]), band)
        polarisation = None
        if answer is not None:
            polarisation, why = _polarisation(events, answer, merged.angle_bin_deg)
        if why:
            unit.warn(f"no polarisation: {why}")
    with unit.step("write"):
        report = {
            "interval": list(unit.parameters["interval"]),
            "band_kev": band,
            "burst": described(burst),
            "polarisation": None if polarisation is None else asdict(polarisation),
            "polarisation_missing": why,
            "modulation": None if answer is None else _told(answer, given=bool(unit.parameters["modulation"])),
            "channels": len(spectrum.data),
            "background": BACKGROUND_FILE,
            "response": RESPONSE_FILE if response else None,
        }
        text = json.dumps(plain(report), indent=1, allow_nan=False)
        (unit.out / "polar_burst.json").write_text(f"{text}\n", encoding="utf-8")
        write_fits(unit, "polar_spectrum.pha", fits.HDUList([fits.PrimaryHDU(), spectrum]))
        write_fits(unit, BACKGROUND_FILE, fits.HDUList([fits.PrimaryHDU(), background]))
        if response:
            write_fits(unit, RESPONSE_FILE, fits.HDUList([fits.PrimaryHDU(), *for_fits(response)]))
        draw_burst(unit.out / "preview.png", burst)
    figures = plain({"t90_s": burst.t90_s, "counts": burst.counts, "snr": burst.snr})
    unit.summary(**figures, peak=utc_of_seconds(burst.peak_s))


def _told(answer: Modulation, *, given: bool) -> dict[str, Any]:
    return {
        "amplitude": answer.amplitude,
        "between": answer.between,
        "error": answer.error,
        "from": "the request" if given else "the polarisation response",
        "band_kev": answer.band_kev,
        "turn_deg": answer.turn_deg,
    }


def _answer(responses: Responses, given: float, band: list[float]) -> tuple[Modulation | None, str | None]:
    """Return the modulation of polarised light, or why it is not known."""
    if given:
        return Modulation(given, 0.0, np.ones(1), (band[0], band[1])), None
    found = tuple(hdu for hdu in responses if hdu.name in POLARISATION)
    if not found:
        return None, (
            "the archive has no polarisation response for the time of the burst: name one (responses), or give the "
            "modulation of light polarised to 100 % (modulation)"
        )
    read = read_modulation(found)
    return (read if read.band_kev is not None else replace(read, band_kev=(band[0], band[1]))), None


def _polarisation(events: OnOff, answer: Modulation, bin_deg: float) -> tuple[Polarisation | None, str | None]:
    low, high = answer.band_kev or (0.0, np.inf)
    angles = [part.in_band(low, high).angle_deg for part in (events.on, events.off)]
    angles = [values[np.isfinite(values)] for values in angles]
    if not angles[0].size:
        return None, "the events have no scattering angles"
    # Bins blur the modulation by the sine of their width over the width.
    blur = float(np.sinc(np.radians(bin_deg) / np.pi))
    try:
        found = measure_polarisation(
            angles[0],
            angles[1],
            events.share,
            answer.amplitude * blur,
            answer.flat,
            modulation_error=answer.error * blur,
        )
    except TooFewEvents as error:
        return None, str(error)
    turned = {name: (getattr(found, name) - answer.turn_deg) % 180 for name in ("angle_deg", "angle_median_deg")}
    return replace(found, **turned), None
