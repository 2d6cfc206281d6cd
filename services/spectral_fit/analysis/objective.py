"""What the fit makes small: the statistics of all spectra together, as a function of the parameters that are free."""

from collections.abc import Sequence

import numpy as np

from services.spectral_fit.analysis.data_set import DataSet, Mask
from services.spectral_fit.analysis.model import Model
from services.spectral_fit.analysis.ogip_files import Array
from services.spectral_fit.analysis.settings import Start

_NOT_FINITE = 1e30  # photons/cm2/s: the minimiser turns away from here
_CROSS_LIMITS = (0.01, 100.0)
_CORRECTION_LIMIT = 100.0  # sigma; the prior holds it far from there
_STEP = 3.4e-4
"""Relative step of derivatives: the root of the precision of single precision, in which many models compute."""
_LEAST_STEP = 1e-4


class Objective:
    """Residuals of all spectra for one list of numbers: free parameters of the model, factors, corrections.

    A correction of amplitude a adds a c to the expected counts and a^2 to the statistic: it is known to be 0 +- 1.

    Args:
        data: the spectra.
        model: of the source.
        starts: of its parameters.
        cross: whether each spectrum after the first has a free factor.

    Attributes:
        names: of the numbers: ``powerlaw.norm``, ``factor.2``, ``correction.1``.
        start: their values at the start.
        lower: their lower limits.
        upper: their upper limits.
    """

    def __init__(self, data: Sequence[DataSet], model: Model, starts: Sequence[Start], *, cross: bool) -> None:
        self.data, self.model, self._starts = tuple(data), model, tuple(starts)
        self._reach = [_reach(one, whole=model.wide) for one in data]
        self._free = [index for index, start in enumerate(starts) if start.free and start.tie is None]
        own = [place.name for place in model.places]
        self._ties = [(at, own.index(start.tie)) for at, start in enumerate(starts) if start.tie is not None]
        self._factors = list(range(1, len(data))) if cross else []
        self._corrections = [index for index, one in enumerate(data) if one.correction is not None]
        self.names = (
            *(own[index] for index in self._free),
            *(f"factor.{index + 1}" for index in self._factors),
            *(f"correction.{index + 1}" for index in self._corrections),
        )
        factors, corrections = len(self._factors), len(self._corrections)
        self.start = np.array([*(starts[index].value for index in self._free), *[1.0] * factors, *[0.0] * corrections])
        limits = [(starts[index].minimum, starts[index].maximum) for index in self._free]
        limits += [_CROSS_LIMITS] * factors + [(-_CORRECTION_LIMIT, _CORRECTION_LIMIT)] * corrections
        self.lower, self.upper = (np.array([pair[side] for pair in limits], np.float64) for side in (0, 1))

    @property
    def bins(self) -> tuple[int, ...]:
        """Groups of each spectrum."""
        return tuple(one.counts.size for one in self.data)

    @property
    def dof(self) -> int:
        """Groups less free parameters; a correction brings its own datum, the prior."""
        return sum(self.bins) - self.start.size + len(self._corrections)

    def parameters(self, values: Array) -> Array:
        """Return all parameters of the model, frozen and tied ones too."""
        every = np.array([start.value for start in self._starts], np.float64)
        every[self._free] = values[: len(self._free)]
        for tied, other in self._ties:
            every[tied] = every[other]
        return every

    def factor(self, values: Array, index: int) -> float:
        """Return the factor of a spectrum."""
        return float(values[self.names.index(f"factor.{index + 1}")]) if index in self._factors else 1.0

    def source(self, values: Array) -> list[Array]:
        """Return the counts of the source that are expected in the groups of each spectrum."""
        every = self.parameters(values)
        expected = []
        for index, one in enumerate(self.data):
            reach = self._reach[index]
            photons = self.model.photons(one.energy_kev[reach.start : reach.stop + 1], every)
            photons = np.where(np.isfinite(photons), photons, _NOT_FINITE)
            expected.append(self.factor(values, index) * (photons @ one.matrix[reach]))
        return expected

    def expected(self, values: Array) -> list[Array]:
        """Return source and correction, as :meth:`source`."""
        found = self.source(values)
        for place, index in enumerate(self._corrections):
            amplitude = values[len(self._free) + len(self._factors) + place]
            found[index] = found[index] + amplitude * self.data[index].correction
        return found

    def residual(self, values: Array) -> Array:
        """Return the signed roots of all shares of the statistic, priors last."""
        parts = [one.residual(model) for one, model in zip(self.data, self.expected(values), strict=True)]
        amplitudes = values[len(self._free) + len(self._factors) :]
        whole: Array = np.nan_to_num(np.concatenate([*parts, amplitudes]), nan=_NOT_FINITE, posinf=_NOT_FINITE)
        return whole

    def statistic(self, values: Array) -> float:
        """Return the statistic."""
        found = self.residual(values)
        return float(found @ found)

    def shares(self, values: Array) -> tuple[float, ...]:
        """Return the share of each spectrum in the statistic, that of its correction included."""
        parts = np.split(self.residual(values), np.cumsum(self.bins))
        shares = [float(part @ part) for part in parts[:-1]]
        for index, amplitude in zip(self._corrections, parts[-1], strict=True):
            shares[index] += float(amplitude**2)
        return tuple(shares)

    def jacobian(self, values: Array, varied: Mask) -> Array:
        """Return derivatives of the residuals, shape (residuals, varied numbers), from steps within the limits."""
        here = self.residual(values)
        columns = []
        for index in np.flatnonzero(varied):
            moved = values.copy()
            moved[index] += self.step(values, index)
            columns.append((self.residual(moved) - here) / (moved[index] - values[index]))
        return np.column_stack(columns)

    def step(self, values: Array, index: int | np.intp) -> float:
        """Return the step of a number from which a derivative is taken; it leads to no value beyond its limit."""
        value = values[index]
        step = max(_STEP * abs(value), 0.0 if self._is_norm(index) and value else _LEAST_STEP)
        return float(-step if value + step > self.upper[index] else step)

    def scaled(self) -> Array:
        """Return the start with the brightness of the data where the request does not say it: it saves the fit."""
        level = counted = 0.0
        for one, expected in zip(self.data, self.source(self.start), strict=True):
            net, error = one.net()
            weight = 1.0 / error**2 if one.statistic == "chi2" else np.ones(net.size)
            level += float(np.sum(weight * net * expected))
            counted += float(np.sum(weight * expected**2))
        values = self.start.copy()
        if not (level > 0.0 and counted > 0.0 and np.isfinite(level / counted)):
            return values
        for index, at in enumerate(self._free):
            if self._starts[at].given:
                continue
            if self.is_logarithm(index):
                values[index] += np.log10(level / counted)
            elif self.is_scale(index):
                values[index] *= level / counted
        return np.asarray(np.clip(values, self.lower, self.upper), np.float64)

    def is_scale(self, index: int) -> bool:
        """Return whether a number scales the spectrum, or a component of it."""
        if index >= len(self._free):
            return False
        place = self.model.places[self._free[index]]
        set_by_flux = {one.label for _, behind in self.model.flux_convolutions() for one in behind}
        return self.is_logarithm(index) or (place.is_norm and place.component.label not in set_by_flux)

    def is_logarithm(self, index: int) -> bool:
        """Return whether a number is the logarithm of what scales."""
        return index < len(self._free) and self.model.places[self._free[index]].parameter.name.startswith("lg10")

    def _is_norm(self, index: int | np.intp) -> bool:
        return bool(index < len(self._free)) and self.model.places[self._free[index]].is_norm


def _reach(data: DataSet, *, whole: bool) -> slice:
    """Return the energy bins of which photons are counted in the groups; a convolution needs those beside them too."""
    there = np.flatnonzero(data.matrix.any(axis=1))
    return slice(0, data.matrix.shape[0]) if whole else slice(int(there[0]), int(there[-1]) + 1)
