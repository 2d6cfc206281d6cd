"""The fit: Sherpa's statistics, minimisers and confidence intervals on the model of an expression."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from sherpa.astro.data import DataPHA
from sherpa.astro.instrument import Response1D
from sherpa.data import DataSimulFit
from sherpa.estmethods import Confidence, Covariance
from sherpa.fit import Fit
from sherpa.models.basic import Scale1D
from sherpa.models.model import ArithmeticModel, SimulFitModel
from sherpa.models.parameter import Parameter
from sherpa.optmethods import LevMar, NelderMead
from sherpa.stats import Chi2, CStat, Stat, WStat
from sherpa.utils.err import SherpaErr

from mesh.kit import BadInput, ScienceFailure
from services.spectral_fit.analysis.model import Model
from services.spectral_fit.analysis.ogip_files import Array
from services.spectral_fit.analysis.settings import Start

logging.getLogger("sherpa").setLevel(logging.ERROR)

_EVALUATIONS = 3_000
_NOT_FINITE = 1e30  # photons/cm2/s: the minimiser turns away from here
_NOWHERE = 1e40  # a statistic that only such a spectrum has
_CROSS_LIMITS = (0.01, 100.0)


class SourceModel(ArithmeticModel):
    """The model of an expression as Sherpa calls it."""

    def __init__(self, model: Model, starts: Sequence[Start]) -> None:
        self._model = model
        pars = [
            Parameter("source", f"p{index}", start.value, start.minimum, start.maximum, frozen=not start.free)
            for index, start in enumerate(starts)
        ]
        names = [place.name for place in model.places]
        for par, start in zip(pars, starts, strict=True):
            if start.tie is not None:
                par.link = pars[names.index(start.tie)]
        super().__init__("source", pars)
        self.integrate = True

    def calc(self, p: Array, xlo: Array, xhi: Array, **_: object) -> Array:
        """Return photons/cm2/s in each bin."""
        values = self._model.photons(np.append(xlo, xhi[-1:]), p)
        if not np.all(np.isfinite(values)):
            values = np.where(np.isfinite(values), values, _NOT_FINITE)
        return values


@dataclass(frozen=True)
class Interval:
    """Best value of a parameter, with its confidence limits where it is free and they were found."""

    value: float
    lower: float | None
    upper: float | None
    at_limit: bool = False


@dataclass(frozen=True)
class FitResult:
    """What came out.

    Args:
        parameters: of the model, in its order.
        factors: of the cross-normalisation, one a spectrum.
        statistic: its value.
        dof: degrees of freedom.
        bins: number of groups of channels, for each spectrum.
        contributions: statistic of each spectrum.
        covariance: of the free parameters, in the order of *free*; None where it is singular.
        free: names of the free parameters.
        folded: model counts of each spectrum, in its groups.
    """

    parameters: tuple[Interval, ...]
    factors: tuple[Interval, ...]
    statistic: float
    dof: int
    bins: tuple[int, ...]
    contributions: tuple[float, ...]
    covariance: Array | None
    free: tuple[str, ...]
    folded: tuple[Array, ...]


class Fitting:
    """Fits one model to one spectrum or to several.

    Args:
        data: the spectra.
        model: of the source.
        starts: of its parameters.
        chi2: chi-squared, else the C-statistic (W where there is a background).
        cross: whether each spectrum after the first has a free factor.
    """

    def __init__(
        self, data: Sequence[DataPHA], model: Model, starts: Sequence[Start], *, chi2: bool, cross: bool
    ) -> None:
        self.data, self.model = tuple(data), model
        self._source = SourceModel(model, starts)
        self._factors = [_factor(index, free=cross and index > 0) for index in range(len(data))]
        self._folded = [Response1D(one)(factor * self._source) for one, factor in zip(data, self._factors, strict=True)]
        self._statistic = _statistic(data, chi2=chi2)
        self._fit = self._make(LevMar())
        self._starts = tuple(starts)

    def run(self, confidence: float) -> FitResult:
        """Fit, then find the limits of every free parameter.

        Args:
            confidence: level of the intervals, 0 to 1.

        Raises:
            BadInput: ``TooFewChannels``.
            ScienceFailure: ``NotConverged``.
        """
        bins = tuple(one.get_dep(filter=True).size for one in self.data)
        free = len(self._fit.model.thawedpars)
        if sum(bins) <= free:
            text = (
                f"{sum(bins)} channels cannot fix {free} free parameters: widen the range, group less, or freeze some"
            )
            raise BadInput("TooFewChannels", text)
        if free == 0:
            raise BadInput("NothingToFit", "every parameter is frozen: leave one free")
        self._scale()
        self._minimise()
        intervals = self._intervals(confidence)
        covariance = self._covariance()
        folded = tuple(one.eval_model_to_fit(model) for one, model in zip(self.data, self._folded, strict=True))
        shares = tuple(
            float(Fit(one, model, self._statistic).calc_stat())
            for one, model in zip(self.data, self._folded, strict=True)
        )
        return FitResult(
            parameters=tuple(self._interval(par, intervals) for par in self._source.pars),
            factors=tuple(self._interval(factor.c0, intervals) for factor in self._factors),
            statistic=float(self._fit.calc_stat()),
            dof=sum(bins) - free,
            bins=bins,
            contributions=shares,
            covariance=covariance,
            free=tuple(self._name(par) for par in self._free()),
            folded=folded,
        )

    def _make(self, method: LevMar | NelderMead) -> Fit:
        if len(self.data) == 1:
            return Fit(self.data[0], self._folded[0], self._statistic, method, Confidence())
        data = DataSimulFit("spectra", self.data)
        return Fit(data, SimulFitModel("models", self._folded), self._statistic, method, Confidence())

    def _free(self) -> list[Parameter]:
        pars = [*self._source.pars, *(factor.c0 for factor in self._factors)]
        return [par for par in pars if not par.frozen and par.link is None]

    def _name(self, par: Parameter) -> str:
        for place, own in zip(self.model.places, self._source.pars, strict=True):
            if own is par:
                return place.name
        return next(f"factor.{index + 1}" for index, factor in enumerate(self._factors) if factor.c0 is par)

    def _scale(self) -> None:
        """Start with the brightness of the data where the request does not say it: a good start saves the fit."""
        level = counted = 0.0
        for one, model in zip(self.data, self._folded, strict=True):
            observed, expected = one.get_dep(filter=True), one.eval_model_to_fit(model)
            weight = (
                1.0 / np.maximum(one.get_error(filter=True), 1e-300) ** 2
                if not _poisson(one)
                else np.ones(observed.size)
            )
            level += float(np.sum(weight * observed * expected))
            counted += float(np.sum(weight * expected**2))
        if not (level > 0.0 and counted > 0.0 and np.isfinite(level / counted)):
            return
        ratio = level / counted
        set_by_flux = {one.label for _, behind in self.model.flux_convolutions() for one in behind}
        for place, par, start in zip(self.model.places, self._source.pars, self._starts, strict=True):
            if par.frozen or par.link is not None or start.given:
                continue
            if place.is_norm and place.component.label not in set_by_flux:
                par.val = min(max(par.val * ratio, par.min), par.max)
            elif place.parameter.name.startswith("lg10"):
                par.val = min(max(par.val + np.log10(ratio), par.min), par.max)

    def _minimise(self) -> None:
        try:
            result = self._fit.fit()
            if not result.succeeded:
                self._fit = self._make(NelderMead())
                self._fit.method.config["maxfev"] = _EVALUATIONS
                self._fit.fit()
                self._fit = self._make(LevMar())
                result = self._fit.fit()
        except (SherpaErr, ValueError, FloatingPointError) as error:
            raise ScienceFailure("NotConverged", f"the fit failed: {error}; {_ADVICE}") from error
        if not result.succeeded or not np.isfinite(result.statval):
            raise ScienceFailure("NotConverged", f"the fit ended without a minimum ({result.message}); {_ADVICE}")
        if result.statval > _NOWHERE:
            raise ScienceFailure("NotConverged", f"the model has no finite spectrum where the fit looks; {_ADVICE}")

    def _intervals(self, confidence: float) -> dict[str, tuple[float | None, float | None]]:
        method = Confidence()
        method.config.update(sigma=float(norm.ppf(0.5 + confidence / 2.0)), max_rstat=1e30, parallel=False, numcores=1)
        self._fit.estmethod = method
        try:
            found = self._fit.est_errors()
        except (SherpaErr, ValueError) as error:
            raise ScienceFailure("NoErrors", f"confidence intervals cannot be found: {error}; {_ADVICE}") from error
        return {
            name: (_number(low), _number(high))
            for name, low, high in zip(found.parnames, found.parmins, found.parmaxes, strict=True)
        }

    def _covariance(self) -> Array | None:
        method = Covariance()
        method.config["max_rstat"] = 1e30
        self._fit.estmethod = method
        try:
            matrix = self._fit.est_errors().extra_output
        except (SherpaErr, ValueError, np.linalg.LinAlgError):
            return None
        if matrix is None or not np.all(np.isfinite(matrix)) or np.any(np.diag(matrix) <= 0.0):
            return None
        return np.asarray(matrix, np.float64)

    def _interval(self, par: Parameter, found: dict[str, tuple[float | None, float | None]]) -> Interval:
        lower, upper = found.get(par.fullname, (None, None))
        span = 1e-6 * max(abs(par.min), abs(par.max)) if max(abs(par.min), abs(par.max)) < 1e10 else 0.0
        near = par.fullname in found and (par.val - par.min <= min(span, abs(par.val)) or par.max - par.val <= span)
        value = float(par.val)
        return Interval(
            value,
            None if lower is None else value + lower,
            None if upper is None else value + upper,
            at_limit=bool(near),
        )


_ADVICE = "give starting values near the truth (parameter settings), freeze a parameter, or choose a simpler model"


def _factor(index: int, *, free: bool) -> Scale1D:
    factor = Scale1D(f"factor{index + 1}")
    factor.c0.set(1.0, min=_CROSS_LIMITS[0], max=_CROSS_LIMITS[1], frozen=not free)
    return factor


def _statistic(data: Sequence[DataPHA], *, chi2: bool) -> Stat:
    if chi2:
        return Chi2()
    behind = [one.get_background() is not None for one in data]
    if any(behind) and not all(behind):
        text = "some of the spectra have a background and some have none: fit them alone, or with statistic chi2"
        raise BadInput("MixedBackgrounds", text)
    return WStat() if any(behind) else CStat()


def _poisson(data: DataPHA) -> bool:
    return bool(np.any(data.get_error(filter=True) <= 0.0))


def _number(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)
