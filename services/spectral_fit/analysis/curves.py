"""What is drawn and tabled of a fit: data and model for each group of channels, in counts/s."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.spectral_fit.analysis.data_set import DataSet
from services.spectral_fit.analysis.ogip_files import Array


@dataclass(frozen=True)
class Curve:
    """One fitted spectrum; one value a group.

    Args:
        title: source and instrument.
        low_kev: lower edges of the groups.
        high_kev: upper edges.
        rate: counts/s of the source.
        error: counts/s, systematic errors included.
        model: counts/s of the source, correction included.
        parts: counts/s of each additive component.
        residual: data minus model in sigma: the signed root of the group's share of the statistic.
    """

    title: str
    low_kev: Array
    high_kev: Array
    rate: Array
    error: Array
    model: Array
    parts: tuple[tuple[str, Array], ...]
    residual: Array


def curve(title: str, data: DataSet, folded: Array, parts: Sequence[tuple[str, Array]], factor: float) -> Curve:
    """Return what is tabled of one spectrum.

    Args:
        title: source and instrument.
        data: as it was fitted.
        folded: expected counts of its groups.
        parts: photons/cm2/s of each additive component on the energies of its response.
        factor: of its cross-normalisation.
    """
    net, error = data.net()
    seconds = data.exposure_s
    return Curve(
        title,
        data.low_kev,
        data.high_kev,
        net / seconds,
        # Counts of photons have the spread that the model says where none was counted.
        np.where(error > 0.0, error, np.sqrt(np.maximum(folded, 1e-300))) / seconds,
        folded / seconds,
        tuple((name, factor * (photons @ data.matrix) / seconds) for name, photons in parts),
        data.residual(folded),
    )


def for_the_eye(one: Curve, least_snr: float, most: int) -> Curve:
    """Return neighbouring groups put together until each stands out; groups with a gap between them stay apart.

    Args:
        one: as it was fitted.
        least_snr: signal-to-noise ratio that a drawn bin should have.
        most: groups of one drawn bin.
    """
    begin = [0]
    rate = variance = 0.0
    for at in range(one.rate.size):
        gap = at > 0 and one.low_kev[at] > one.high_kev[at - 1] * (1.0 + 1e-5)
        if at > begin[-1] and (gap or at - begin[-1] >= most or rate >= least_snr * np.sqrt(variance)):
            begin.append(at)
            rate = variance = 0.0
        rate, variance = rate + one.rate[at], variance + one.error[at] ** 2
    if len(begin) == one.rate.size:
        return one

    def total(values: Array) -> Array:
        return np.asarray(np.add.reduceat(values, begin), np.float64)

    joined, error, model = total(one.rate), np.sqrt(total(one.error**2)), total(one.model)
    return Curve(
        one.title,
        np.minimum.reduceat(one.low_kev, begin),
        np.maximum.reduceat(one.high_kev, begin),
        joined,
        error,
        model,
        tuple((name, total(part)) for name, part in one.parts),
        (joined - model) / error,
    )
