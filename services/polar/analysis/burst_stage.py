"""Stage ``burst``: the brightest burst of the interval, measured."""

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from astropy.io import fits

from mesh.kit import ScienceFailure, Unit
from mesh.kit.ogip.observation import Observation
from mesh.kit.ogip.spectrum import spectrum_hdu
from mesh.kit.plain import plain
from mesh.kit.provenance import write_fits
from science.bursts.curve import Curve, Flags, Floats
from science.bursts.description import described
from science.bursts.duration import Burst, TooLittleBackground, measure
from science.bursts.instants import DAY_S, utc_of_seconds
from science.bursts.search import search, spaced_widths
from services.polar.analysis.events import RESPONSE, Events, Responses
from services.polar.analysis.light_curve_stage import alive_share, observation_of
from services.polar.analysis.merge import Merged, merge
from services.polar.analysis.plots import draw_burst
from services.polar.analysis.polarisation import Polarisation, TooFewEvents, measure_polarisation
from services.polar.analysis.polarisation_response import POLARISATION, Modulation, read_modulation
from services.polar.analysis.response import for_fits, read_response

RESPONSE_FILE = "polar_response.rsp"
_LONGEST_S = 30.0
_PAD_S = 2.0  # between the burst and the times that its background is taken from
_CHANNELS_KEV = np.linspace(0.0, 757.5, 151)  # those of the responses that were published


def run_burst(unit: Unit) -> None:
    """Search, measure and write.

    Raises:
        ScienceFailure: nothing in the interval, no burst, or too little background beside it.
    """
    with unit.step("merge"):
        merged = merge(unit)
        band = unit.parameters["bands"][0]
        curve = merged.curve(band, float(unit.parameters["time_bin"]))
    with unit.step("search"):
        burst = _measured(curve, float(unit.parameters["threshold"]), unit.parameters["background"], band)
        beside = _beside(burst)
    with unit.step("spectrum"):
        responses = merged.responses_at(burst.begin_s)
        response = tuple(hdu for hdu in responses if hdu.name in RESPONSE)
        spectrum, channels = _spectrum(merged, burst, beside, response)
    with unit.step("polarisation"):
        answer, why = _answer(responses, float(unit.parameters["modulation"]), band)
        polarisation = None
        if answer is not None:
            polarisation, why = _polarisation(merged, burst, beside, answer)
        if why:
            unit.warn(f"no polarisation: {why}")
    with unit.step("write"):
        report = {
            "interval": list(unit.parameters["interval"]),
            "band_kev": band,
            "burst": described(burst),
            "polarisation": None if polarisation is None else asdict(polarisation),
            "polarisation_missing": why,
            "modulation": None
            if answer is None
            else {
                "amplitude": answer.amplitude,
                "from": "the request" if unit.parameters["modulation"] else "the polarisation response",
                "band_kev": answer.band_kev,
                "turn_deg": answer.turn_deg,
            },
            "channels": channels,
            "response": RESPONSE_FILE if response else None,
        }
        text = json.dumps(plain(report), indent=1, allow_nan=False)
        (unit.out / "polar_burst.json").write_text(f"{text}\n", encoding="utf-8")
        write_fits(unit, "polar_spectrum.pha", fits.HDUList([fits.PrimaryHDU(), spectrum]))
        if response:
            write_fits(unit, RESPONSE_FILE, fits.HDUList([fits.PrimaryHDU(), *for_fits(response)]))
        draw_burst(unit.out / "preview.png", burst)
    unit.summary(t90_s=burst.t90_s, counts=burst.counts, snr=burst.snr, peak=utc_of_seconds(burst.peak_s))


def _measured(curve: Curve, threshold: float, method: Any, band: list[float]) -> Burst:
    widths = spaced_widths(max(1, round(_LONGEST_S / curve.bin_s)))
    found = search(curve, widths, threshold)
    best = next((one for one in found.excesses if not (one.spike and one.width == 1)), None)
    if best is None:
        highest = max((float(value) for value in found.score if np.isfinite(value)), default=0.0)
        text = (
            f"nothing above {threshold:g} sigma in {band[0]:g}-{band[1]:g} keV; the highest score is {highest:.1f}. "
            "The search takes a minute of background on both sides of a burst: ask for a longer interval"
        )
        raise ScienceFailure("NoBurst", text)
    try:
        return measure(found, best, method=method)
    except TooLittleBackground as error:
        raise ScienceFailure("TooLittleBackground", f"{error}; ask for a longer interval") from error


def _beside(burst: Burst) -> Flags:
    """Flag the bins that the background of spectrum and polarisation is taken from."""
    curve = burst.curve
    times = curve.start_s + curve.centres
    length = burst.end_s - burst.begin_s
    return curve.live & ((times < burst.begin_s - _PAD_S) | (times > burst.end_s + _PAD_S + 0.5 * length))


def _on_off(merged: Merged, burst: Burst, beside: Flags) -> tuple[Events, Events, float, float]:
    """Return the events of the burst and beside it, and the live seconds of both."""
    curve = burst.curve
    alive = alive_share(merged, curve) * curve.bin_s
    edges = curve.start_s + curve.edges
    place = np.searchsorted(edges, merged.events.time_s, side="right") - 1
    inside = (place >= 0) & (place < curve.counts.size)
    off_events = np.zeros(place.size, dtype=bool)
    off_events[inside] = beside[place[inside]]
    burst_bins = (edges[:-1] >= burst.begin_s - 1e-6) & (edges[1:] <= burst.end_s + 1e-6) & curve.live
    on_events = np.zeros(place.size, dtype=bool)
    on_events[inside] = burst_bins[place[inside]]
    return (
        merged.events.chosen(on_events),
        merged.events.chosen(off_events),
        float(alive[burst_bins].sum()),
        float(alive[beside].sum()),
    )


def _spectrum(merged: Merged, burst: Burst, beside: Flags, response: Responses) -> tuple[fits.BinTableHDU, int]:
    on, off, on_s, off_s = _on_off(merged, burst, beside)
    edges, first = _CHANNELS_KEV, 1
    if response:
        read = read_response(response)
        edges, first = np.append(read.channel_kev[:, 0], read.channel_kev[-1, 1]), read.first_channel
    counts, below = (np.histogram(events.energy_kev, edges)[0].astype(np.float64) for events in (on, off))
    rate: Floats = counts / on_s - below / off_s
    # One count at least: an empty channel is uncertain by one count, not certain.
    error = np.sqrt(np.maximum(counts, 1.0) / on_s**2 + below / off_s**2)
    observation = Observation(
        "POLAR", burst.begin_s / DAY_S, burst.end_s / DAY_S, telescope="Tiangong-2", extra=observation_of(merged).extra
    )
    hdu = spectrum_hdu(
        rate,
        error,
        exposure_s=on_s,
        observation=observation,
        first_channel=first,
        response=RESPONSE_FILE if response else "",
    )
    return hdu, rate.size


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


def _polarisation(
    merged: Merged, burst: Burst, beside: Flags, answer: Modulation
) -> tuple[Polarisation | None, str | None]:
    on, off, on_s, off_s = _on_off(merged, burst, beside)
    low, high = answer.band_kev or (0.0, np.inf)
    angles = [events.in_band(low, high).angle_deg for events in (on, off)]
    angles = [values[np.isfinite(values)] for values in angles]
    if not angles[0].size:
        return None, "the events have no scattering angles"
    try:
        found = measure_polarisation(angles[0], angles[1], on_s / off_s, answer.amplitude, answer.flat)
    except TooFewEvents as error:
        return None, str(error)
    turned = {name: (getattr(found, name) - answer.turn_deg) % 180 for name in ("angle_deg", "angle_median_deg")}
    return replace(found, **turned), None
