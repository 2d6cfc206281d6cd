"""The stage ``fit``: spectra in, best parameters with errors, fluxes, plot and tables out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mesh.kit import BadInput, Unit
from services.spectral_fit.analysis.curves import Curve, curve
from services.spectral_fit.analysis.data_set import ENOUGH_COUNTS, Choice, DataSet, data_set
from services.spectral_fit.analysis.expression import parse
from services.spectral_fit.analysis.fitting import FitResult, Interval, fitted
from services.spectral_fit.analysis.model import Model
from services.spectral_fit.analysis.model_library import models, set_absorption
from services.spectral_fit.analysis.plot import draw
from services.spectral_fit.analysis.report import content
from services.spectral_fit.analysis.result_files import write_results
from services.spectral_fit.analysis.settings import Start, starts
from services.spectral_fit.analysis.spectrum import Spectrum, spectra_in
from services.spectral_fit.analysis.unavailable import refuse_unavailable

_BAD_FIT = 2.0
_ORDER = ("ISGRI", "JMX1", "JMX2", "")
_SYMBOLS = {"chi2": "$\\chi^2$", "cstat": "C", "wstat": "W", "pgstat": "PG"}
_RANGES = {"ISGRI": "isgri_range", "IBIS": "isgri_range", "JMX1": "jemx_range", "JMX2": "jemx_range"}


def fit(unit: Unit) -> None:
    """Fit the model that the request names to its spectra."""
    asked = unit.parameters
    with unit.step("read"):
        model = Model(parse(asked["model"], models()))
        refuse_unavailable(model)
        begin = list(_with_idle_norms(unit, model, starts(model.places, asked["settings"])))
        spectra = list(_spectra(unit))
        for remark in dict.fromkeys(remark for spectrum in spectra for remark in spectrum.remarks):
            unit.warn(remark)
    with unit.step("fit"):
        set_absorption(asked["abundances"], asked["cross_sections"])
        data = [data_set(spectrum, _choice(asked, spectrum)) for spectrum in spectra]
        _warn_of_data(unit, data)
        confidence = asked["confidence"] / 100.0
        cross = asked["cross_normalisation"] == "free"
        bands = asked["flux_bands"]
        result = fitted(data, model, begin, cross=cross, confidence=confidence, flux_bands=bands)
    with unit.step("write"):
        values = [interval.value for interval in result.parameters]
        curves = [
            curve(spectrum.title, one, folded, model.parts(one.energy_kev, values), factor.value)
            for spectrum, one, folded, factor in zip(spectra, data, result.folded, result.factors, strict=True)
        ]
        statistics = [one.statistic for one in data]
        report = content(asked, model=model, begin=begin, spectra=spectra, statistics=statistics, result=result)
        _warn(unit, report, result, model)
        write_results(unit, report, curves)
        _draw(unit, report, curves)
    unit.summary(
        statistic=result.statistic,
        dof=result.dof,
        reduced=report["reduced"],
        parameters={row["name"]: row["value"] for row in report["parameters"]},
    )


def _spectra(unit: Unit) -> Iterator[Spectrum]:
    """Yield the spectra, ISGRI first: its calibration is that of the model where spectra have factors of their own."""
    source = unit.parameters["source"]
    backgrounds, row = unit.parameters["backgrounds"] == "apply", unit.parameters["row"]
    found: list[Spectrum] = []
    products = {entry.label: entry for entry in unit.inputs("spectra")}
    for key in unit.parameters["spectra"]:
        found += spectra_in(products[key[:16]].paths, source, backgrounds=backgrounds)
    given: dict[str, list[Any]] = {}
    for entry in unit.inputs("files"):
        given.setdefault(entry.label.partition("-")[0], []).extend(entry.paths)
    for number in sorted(given, key=int):
        found += spectra_in(given[number], "", given=True, row=row, backgrounds=backgrounds)
    if not found:
        raise BadInput(
            "NoSpectrum", "name at least one job with spectra (parameter spectra) or files (parameter files)"
        )
    yield from sorted(found, key=lambda one: _ORDER.index(one.instrument if one.instrument in _ORDER else ""))


def _choice(asked: Mapping[str, Any], spectrum: Spectrum) -> Choice:
    return Choice(
        bands_kev=asked[_RANGES.get(spectrum.instrument.upper(), "other_range")],
        group_counts=asked["group_counts"],
        group_snr=asked["group_snr"],
        systematic=asked["systematic"],
        statistic=asked["statistic"],
    )


def _warn_of_data(unit: Unit, data: Sequence[DataSet]) -> None:
    """Warn where the statistic is not what the counts ask for."""
    for one in data:
        if one.few:
            unit.warn(
                f"{one.file}: chi2 of {one.few} of {one.counts.size} groups with fewer than {ENOUGH_COUNTS} counts is "
                f"biased: use statistic auto, or group_counts {ENOUGH_COUNTS}"
            )
        if one.statistic != "chi2" and unit.parameters["systematic"] > 0.0:
            unit.warn(f"{one.file}: the systematic error is not part of its statistic ({one.statistic})")


def _with_idle_norms(unit: Unit, model: Model, begin: Sequence[Start]) -> Iterator[Start]:
    """Freeze one norm behind each convolution that sets the flux: the two would do the same."""
    idle = set()
    for convolution, behind in model.flux_convolutions():
        labels = {one.label for one in behind}
        norms = [
            place.name
            for place, start in zip(model.places, begin, strict=True)
            if place.is_norm and place.component.label in labels and start.free
        ]
        if len(norms) == len(behind):
            idle.add(norms[0])
            unit.warn(f"{norms[0]} is frozen: {convolution.component.label} sets the flux")
    for place, start in zip(model.places, begin, strict=True):
        changed = place.name in idle
        yield Start(start.value, start.minimum, start.maximum, False, start.tie, start.given) if changed else start


def _warn(unit: Unit, report: Mapping[str, Any], result: FitResult, model: Model) -> None:
    reduced = report["reduced"]
    if reduced > _BAD_FIT:
        unit.warn(f"the model does not describe the data (reduced statistic {reduced:.2f}): its errors mean little")
    named = [*zip((place.name for place in model.places), result.parameters, strict=True)]
    named += [(f"factor.{number}", factor) for number, factor in enumerate(result.factors, 1)]
    named += [(f"correction.{number}", one) for number, one in enumerate(result.corrections, 1) if one is not None]
    for name, interval in named:
        if name in result.free:
            _warn_of_limits(unit, name, interval)
    if result.covariance is None:
        unit.warn("the covariance is singular: freeze a parameter that does nothing")
    for flux in result.fluxes:
        if None in flux.energy:
            low, high = flux.band_kev
            unit.warn(
                f"the flux from {low:g} to {high:g} keV has no limit on one side: the data, or frozen norms, set none"
            )


def _warn_of_limits(unit: Unit, name: str, interval: Interval) -> None:
    if interval.at_limit:
        unit.warn(f"{name} = {interval.value:.4g} ends at a limit: widen it or freeze the parameter")
        return
    for side, end, stopped in (
        ("lower", interval.lower, interval.lower_stopped),
        ("upper", interval.upper, interval.upper_stopped),
    ):
        if end is None:
            unit.warn(f"{name} has no {side} confidence limit: the data do not constrain it")
        elif stopped:
            unit.warn(
                f"{name}: its interval ends at {end:.4g} only because the parameter does: the data allow more; widen "
                "its limits to see how much"
            )


def _draw(unit: Unit, report: Mapping[str, Any], curves: Sequence[Curve]) -> None:
    symbol = _SYMBOLS.get(report["statistic_name"], "statistic")
    note = f"{symbol} / dof = {report['statistic']:.1f} / {report['dof']}"
    title = report["model"] if len(report["model"]) <= 60 else f"{report['model'][:57]}..."
    draw(curves, unit.out / "preview.png", title.replace("$", ""), note)
    if not np.all(np.isfinite(np.concatenate([one.model for one in curves]))):
        unit.warn("the model is not finite in all channels")
