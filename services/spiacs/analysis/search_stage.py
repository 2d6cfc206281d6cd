"""Stage ``search``: excesses, bursts, limits and timing of the interval of the job."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from mesh.kit import ScienceFailure, Unit
from mesh.kit.plain import plain
from mesh.kit.provenance import write_fits
from science.bursts.arrival import delay_at_geocentre
from science.bursts.curve import Curve
from science.bursts.description import described, troubles_of
from science.bursts.duration import Burst, Method, TooLittleBackground, measure
from science.bursts.instants import DAY_S, utc_of_seconds
from science.bursts.search import Excess, Search, all_widths, search, spaced_widths
from services.spiacs.analysis.false_alarms import LISTED_FROM, FalseAlarm, Window, false_alarms
from services.spiacs.analysis.light_curve_stage import noise_report
from services.spiacs.analysis.limits import limits_report
from services.spiacs.analysis.merge import Merged, merge
from services.spiacs.analysis.partner_curve import read_partner_curve
from services.spiacs.analysis.plots import draw_search
from services.spiacs.analysis.request import Request, angle_deg, read_request
from services.spiacs.analysis.response import HARD, SYSTEMATIC, fluence, isotropic_energy, relative_response
from services.spiacs.analysis.significance import NOT_ASSOCIATED, association, published_far, stability
from services.spiacs.analysis.tables import search_hdus
from services.spiacs.analysis.timing import Leading, timing_report

_LEAST_COMPLETENESS = 0.3
_EVERY_WIDTH, _LONGEST_WIDTH = 200, 600  # bins: every width to 10 s, then spaced ones to 30 s
_MARGIN_S = 100.0  # searched beyond the window, so that its ends have a background too
_MOST_BURSTS = 50
_MOST_LISTED = 1000


def search_widths() -> list[int]:
    """Widths of the search in bins: all to 10 s, spaced ones to 30 s."""
    long = [int(width) for width in spaced_widths(_LONGEST_WIDTH, 60) if width > _EVERY_WIDTH]
    return [*all_widths(_EVERY_WIDTH).tolist(), *long]


def run_search(unit: Unit) -> None:
    """Merge, search, measure, write.

    Raises:
        BadInput: a parameter cannot be understood.
        ScienceFailure: reason ``NoData``: less than 30 % of the window has data, and why.
    """
    request = read_request(unit.parameters)
    threshold = float(unit.parameters["threshold"])
    with unit.step("merge"):
        named = [path for role in ("partner_curve", "partner_file") for one in unit.inputs(role) for path in one.paths]
        other = read_partner_curve(named) if named else None
        merged = merge(unit)
        begin_s, end_s = _window(request, merged)
        completeness = merged.completeness(begin_s, end_s)
        if completeness < _LEAST_COMPLETENESS:
            text = f"only {100 * completeness:.0f} % of the window has data: {merged.why_not(begin_s, end_s)}"
            raise ScienceFailure("NoData", text)
    with unit.step("search"):
        targeted = request.t0_s is not None
        around = merged.curve.cut(merged.begin_s - _MARGIN_S, merged.end_s + _MARGIN_S)
        found = search(around, search_widths(), min(LISTED_FROM, threshold) if targeted else threshold)
        inside = _inside(found, begin_s, end_s)
    with unit.step("measure"):
        bursts, troubles = _measure(found, inside, threshold, unit.parameters["background"])
        for trouble in troubles:
            unit.warn(trouble)
        chances: list[FalseAlarm] | None = None
        if request.t0_s is not None:
            chances = false_alarms(found, Window(begin_s, end_s, request.t0_s), inside)
            if any(chance.fap_measured is None for chance in chances):
                unit.warn(
                    "no association is said of any excess: the interval has no more time beside the window than in it, "
                    "so false alarms cannot be measured; ask for an interval more than twice as long as the window"
                )
        order = _order(inside, chances)[:_MOST_LISTED]
        ranked = tuple(inside[k] for k in order)
        likely = [None if chances is None else chances[k] for k in order]
        rows = [_describe(one, around, merged, request, by) for one, by in zip(ranked, likely, strict=True)]
    with unit.step("limits"):
        reference_s = request.t0_s if request.t0_s is not None else 0.5 * (begin_s + end_s)
        described = [_describe_burst(one, merged, request, float(unit.parameters["distance"])) for one in bursts]
        report: dict[str, Any] = {
            "simulated": unit.simulated or None,
            "mode": "targeted" if targeted else "blind",
            "window": [utc_of_seconds(begin_s), utc_of_seconds(end_s)],
            "t0": None if request.t0_s is None else utc_of_seconds(request.t0_s),
            "completeness": completeness,
            "live_s": around.cut(begin_s, end_s).live_s,
            "missing": [one.row() for one in merged.missing(begin_s, end_s)],
            "mean_rate": around.rate,
            "noise": noise_report(found.noise),
            "background_is": stability(float(found.noise.at(20))),
            "excesses": rows,
            "bursts": described,
            "axis": _axis(merged, reference_s),
            "limits": limits_report(
                around.rate,
                found.noise,
                _angle(merged, request, reference_s),
                float(unit.parameters["distance"]),
            ),
            "timing": timing_report(merged, request, Leading(_leading(bursts, rows), found.noise, other, reference_s)),
        }
    refused = ((report["timing"] or {}).get("annulus") or {}).get("refused")
    if refused:
        unit.warn(f"no delay and no annulus: {refused}")
    with unit.step("write"):
        text = json.dumps(plain(report), indent=1, allow_nan=False)
        (unit.out / "spi_acs_search.json").write_text(f"{text}\n", encoding="utf-8")
        write_fits(unit, "spi_acs_search.fits", search_hdus(rows, described))
        shown = around.cut(begin_s, end_s)
        title = unit.title("INTEGRAL SPI-ACS")
        draw_search(unit.out / "preview.png", reference_s, shown, _moved(ranked, around, begin_s), title=title)
    if completeness < 1:
        unit.warn(f"{100 * (1 - completeness):.2g} % of the window has no data: {merged.why_not(begin_s, end_s)}")
    unit.summary(excesses=len(inside), bursts=len(bursts), best=max((one.score for one in inside), default=None))


def _window(request: Request, merged: Merged) -> tuple[float, float]:
    if request.t0_s is None:
        return merged.begin_s, merged.end_s
    begin_s = max(merged.begin_s, request.t0_s - request.window_s)
    end_s = min(merged.end_s, request.t0_s + request.window_s)
    if begin_s >= end_s:
        text = "the window around t0 lies outside the interval; ask for an interval that holds it, longer on both sides"
        raise ScienceFailure("NoData", text)
    return begin_s, end_s


def _inside(found: Search, begin_s: float, end_s: float) -> tuple[Excess, ...]:
    return tuple(one for one in found.excesses if begin_s <= found.curve.time_s(one.centre) < end_s)


def _moved(excesses: tuple[Excess, ...], curve: Curve, begin_s: float) -> tuple[Excess, ...]:
    """Return excesses counted from the first bin of the window instead of the first bin that was searched."""
    first = max(0, int(np.ceil(round((begin_s - curve.start_s) / curve.bin_s, 6))))
    return tuple(
        Excess(one.first - first, one.width, one.score, one.counts, one.error, one.background, one.spike)
        for one in excesses
    )


def _measure(
    found: Search, inside: tuple[Excess, ...], threshold: float, method: Method
) -> tuple[list[Burst], list[str]]:
    """Measure every burst above the threshold once; of spikes, which no burst explains, none."""
    bursts: list[Burst] = []
    troubles = []
    for one in inside:
        if one.score < threshold or one.spike or len(bursts) == _MOST_BURSTS:
            continue
        centre = found.curve.time_s(one.centre)
        if any(burst.begin_s <= centre <= burst.end_s for burst in bursts):
            continue
        try:
            bursts.append(measure(found, one, method=method))
        except TooLittleBackground as error:
            troubles.append(f"the excess at {utc_of_seconds(centre)} could not be measured: {error}")
            continue
        troubles += troubles_of(bursts[-1])
    return bursts, troubles


def _leading(bursts: list[Burst], rows: list[dict[str, Any]]) -> Burst | None:
    """Return the burst that the first excess of the list belongs to, else the highest."""
    for row in rows:
        for burst in bursts:
            if burst.begin_s <= row["ijd"] * DAY_S <= burst.end_s:
                return burst
    return max(bursts, key=lambda burst: burst.snr, default=None)


def _order(inside: Sequence[Excess], chances: Sequence[FalseAlarm] | None) -> list[int]:
    """Return how excesses are listed: least likely by chance first; by height in a blind search."""
    if chances is None:
        return sorted(range(len(inside)), key=lambda k: -inside[k].score)
    return sorted(range(len(inside)), key=lambda k: (chances[k].rank, -inside[k].score))


def _describe(one: Excess, curve: Curve, merged: Merged, request: Request, chance: FalseAlarm | None) -> dict[str, Any]:
    scale_s, centre_s = one.width * curve.bin_s, curve.time_s(one.centre)
    row: dict[str, Any] = {
        "utc": utc_of_seconds(centre_s),
        "ijd": centre_s / DAY_S,
        "t_minus_t0_s": None if request.t0_s is None else centre_s - request.t0_s,
        "scale_s": scale_s,
        "snr": one.score,
        "counts": one.counts,
        "counts_error": one.error,
        "background": one.background,
        "spike": one.spike,
        "far_published_hz": published_far(one.score, scale_s),
        "number_published": None if chance is None else chance.number_published,
        "fap_published": None if chance is None else chance.fap_published,
        "far_measured_hz": None if chance is None else chance.far_measured,
        "fap_measured": None if chance is None else chance.fap_measured,
        "association": None,
        "geocentre_utc": None,
    }
    if chance is not None and chance.fap_measured is not None:
        word = association(chance.fap_measured)
        # Spikes count among the false alarms that are measured; by its shape none is told from a short burst.
        alike = one.spike and chance.fap_measured < NOT_ASSOCIATED
        row["association"] = f"{word}, unless a cosmic-ray spike" if alike else word
    if request.position is not None and merged.orbit.time_s.size:
        delay = delay_at_geocentre(merged.position_km(centre_s), *request.position)
        row["geocentre_utc"] = utc_of_seconds(centre_s + delay)
    return row


def _axis(merged: Merged, time_s: float) -> dict[str, float] | None:
    """Return where the X axis pointed; None where the archive has no orbit."""
    if not merged.orbit.time_s.size:
        return None
    ra, dec = merged.axis(time_s)
    return {"ra": float(ra), "dec": float(dec)}


def _angle(merged: Merged, request: Request, time_s: float) -> float | None:
    if request.position is None or not merged.orbit.time_s.size:
        return None
    ra, dec = merged.axis(time_s)
    return angle_deg((float(ra), float(dec)), request.position)


def _describe_burst(burst: Burst, merged: Merged, request: Request, distance_mpc: float) -> dict[str, Any]:
    told: dict[str, Any] = described(burst) | {
        "fluence": None,
        "fluence_error_statistical": None,
        "fluence_error_response": None,
        "isotropic_energy_erg": None,
        "geocentre_peak_utc": None,
    }
    angle = _angle(merged, request, burst.peak_s)
    relative = None if angle is None else relative_response(angle).value
    if relative is not None:
        energy = fluence(burst.counts, HARD, relative)
        told["fluence"] = energy
        told["fluence_error_statistical"] = fluence(burst.error, HARD, relative)
        told["fluence_error_response"] = SYSTEMATIC * energy
        if distance_mpc:
            told["isotropic_energy_erg"] = isotropic_energy(energy, distance_mpc)
    if request.position is not None and merged.orbit.time_s.size:
        delay = delay_at_geocentre(merged.position_km(burst.peak_s), *request.position)
        told["geocentre_peak_utc"] = utc_of_seconds(burst.peak_s + delay)
    return told
