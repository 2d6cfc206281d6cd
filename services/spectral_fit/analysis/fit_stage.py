"""The stage ``fit``: spectra in, best parameters with errors, fluxes, plot and tables out."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mesh.kit import BadInput, Unit
from services.spectral_fit.analysis.curves import Curve, curve
from services.spectral_fit.analysis.data_set import Choice, data_set
from services.spectral_fit.analysis.expression import parse
from services.spectral_fit.analysis.fitting import FitResult, Fitting
from services.spectral_fit.analysis.flux import fluxes
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
_RANGES = {"ISGRI": "isgri_range", "IBIS": "isgri_range", "JMX1": "jemx_range", "JMX2": "jemx_range"}


def fit(unit: Unit) -> None:
    """Fit the model that the request names to its spectra."""
    asked = unit.parameters
    with unit.step("read"):
        model = Model(parse(asked["model"], models()))
        refuse_unavailable(model)
        begin = list(_with_idle_norms(unit, model, starts(model.places, asked["settings"])))
        spectra = list(_spectra(unit))
    with unit.step("fit"):
        set_absorption(asked["abundances"], asked["cross_sections"])
        chi2 = asked["statistic"] == "chi2"
        data = [data_set(spectrum, _choice(asked, spectrum, chi2=chi2)) for spectrum in spectra]
        cross = asked["cross_normalisation"] == "free"
        fitting = Fitting(data, model, begin, chi2=chi2, cross=cross)
        confidence = asked["confidence"] / 100.0
        result = fitting.run(confidence)
    with unit.step("flux"):
        found = fluxes(model, begin, result, asked["flux_bands"], confidence)
    with unit.step("write"):
        values = [interval.value for interval in result.parameters]
        curves = [
            curve(spectrum, one, folded, model.parts(spectrum.response.energy_kev, values), factor.value)
            for spectrum, one, folded, factor in zip(spectra, data, result.folded, result.factors, strict=True)
        ]
        report = content(asked, model=model, begin=begin, spectra=spectra, result=result, found=found)
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
    found: list[Spectrum] = []
    products = {entry.label: entry for entry in unit.inputs("spectra")}
    for key in unit.parameters["spectra"]:
        found += spectra_in(products[key[:16]].paths, source)
    given: dict[str, list[Any]] = {}
    for entry in unit.inputs("files"):
        given.setdefault(entry.label.partition("-")[0], []).extend(entry.paths)
    for number in sorted(given, key=int):
        found += spectra_in(given[number], "")
    if not found:
        raise BadInput(
            "NoSpectrum", "name at least one job with spectra (parameter spectra) or files (parameter files)"
        )
    yield from sorted(found, key=lambda one: _ORDER.index(one.instrument if one.instrument in _ORDER else ""))


def _choice(asked: Mapping[str, Any], spectrum: Spectrum, *, chi2: bool) -> Choice:
    return Choice(
        bands_kev=asked[_RANGES.get(spectrum.instrument.upper(), "other_range")],
        group_counts=asked["group_counts"],
        group_snr=asked["group_snr"],
        systematic=asked["systematic"],
        chi2=chi2,
    )


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
    for name, interval in named:
        if interval.at_limit:
            unit.warn(f"{name} = {interval.value:.4g} ends at a limit: widen it or freeze the parameter")
        elif name in result.free and (interval.lower is None or interval.upper is None):
            side = "lower" if interval.lower is None else "upper"
            unit.warn(f"{name} has no {side} confidence limit: the data do not constrain it")
    if result.covariance is None:
        unit.warn("the covariance is singular, so that fluxes have no errors: freeze a parameter that does nothing")


def _draw(unit: Unit, report: Mapping[str, Any], curves: Sequence[Curve]) -> None:
    symbol = "$\\chi^2$" if report["statistic_name"] == "chi2" else "C"
    note = f"{symbol} / dof = {report['statistic']:.1f} / {report['dof']}"
    title = report["model"] if len(report["model"]) <= 60 else f"{report['model'][:57]}..."
    draw(curves, unit.out / "preview.png", title.replace("$", ""), note)
    if not np.all(np.isfinite(np.concatenate([one.model for one in curves]))):
        unit.warn("the model is not finite in all channels")
