"""From a spectrum to the groups of channels that are fitted: counts, errors, background, the counts of a model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mesh.kit import BadInput
from services.spectral_fit.analysis import statistics
from services.spectral_fit.analysis.ogip_files import Array
from services.spectral_fit.analysis.spectrum import Spectrum
from services.spectral_fit.analysis.spectrum_file import Counts
from services.spectral_fit.analysis.statistics import StatisticName

Mask = NDArray[np.bool_]
Total = Callable[[Array], Array]


@dataclass(frozen=True)
class Choice:
    """Which channels are fitted, how they are put together, and compared with the model by what.

    Args:
        bands_kev: a channel is taken when its middle lies in one of them.
        group_counts: net counts that a group must reach; 0 for no grouping.
        group_snr: signal-to-noise ratio that a group must reach; 0 for no grouping.
        systematic: fraction of the rate, added in quadrature to that of the file.
        statistic: ``auto``, ``chi2`` or ``cstat``.
    """

    bands_kev: Sequence[Sequence[float]]
    group_counts: float
    group_snr: float
    systematic: float
    statistic: str


@dataclass(frozen=True)
class Background:
    """A background in the groups of its spectrum.

    Args:
        counts: as they were measured.
        error: 1 sigma, counts.
        ratio: of counts beneath the source to those that were measured.
    """

    counts: Array
    error: Array
    ratio: Array


@dataclass(frozen=True)
class DataSet:
    """A spectrum as it is fitted; one value a group where nothing else is said.

    Args:
        file: its name.
        low_kev: lower edges of the groups.
        high_kev: upper edges.
        counts: as they were measured; of the source alone where the statistic is chi2.
        error: 1 sigma, counts; with systematic errors where the statistic is chi2.
        background: None where there is none, or where it is subtracted.
        statistic: by which the model is compared.
        energy_kev: edges of the energy bins of the model.
        matrix: counts of one photon/cm2/s in each energy bin, shape (energy bins, groups).
        correction: counts of an amplitude of 1; None without a correction.
        exposure_s: live time.
        few: groups whose counts are too few for chi2; 0 with any other statistic.
    """

    file: str
    low_kev: Array
    high_kev: Array
    counts: Array
    error: Array
    background: Background | None
    statistic: StatisticName
    energy_kev: Array
    matrix: Array
    correction: Array | None
    exposure_s: float
    few: int

    def residual(self, model: Array) -> Array:
        """Return the signed roots of the shares of the statistic.

        Args:
            model: expected counts of the source in each group.
        """
        behind = self.background
        if self.statistic == "chi2":
            return statistics.chi2(self.counts, self.error, model)
        if behind is None:
            return statistics.cstat(self.counts, model)
        if self.statistic == "wstat":
            return statistics.wstat(self.counts, behind.counts, behind.ratio, model)
        return statistics.pgstat(self.counts, behind.counts * behind.ratio, behind.error * behind.ratio, model)

    def net(self) -> tuple[Array, Array]:
        """Return counts of the source and their errors, for pictures and tables."""
        if self.background is None:
            return self.counts, self.error
        behind = self.background
        return self.counts - behind.ratio * behind.counts, np.hypot(self.error, behind.ratio * behind.error)


ENOUGH_COUNTS = 25
"""With fewer counts in a group its Poisson error is no Gaussian one, and the fit of chi2 is low."""


def data_set(spectrum: Spectrum, choice: Choice) -> DataSet:
    """Return a spectrum with its chosen channels in groups.

    Raises:
        BadInput: ``EmptyRange``, ``NoGoodChannels``, ``NotPoisson``, ``BadParameter``.
    """
    statistic = statistic_of(spectrum, choice.statistic)
    counts, live = spectrum.counts, spectrum.counts.exposure_s
    chosen = _chosen(spectrum, choice)
    flags = _groups(spectrum, choice, chosen)
    taken = np.flatnonzero(flags)
    if not taken.size:
        text = f"{spectrum.file}: no group of channels reaches what grouping asks for: lower group_counts or group_snr"
        raise BadInput("NoGoodChannels", text)
    begin = np.flatnonzero(flags[taken] == 1)

    def total(values: Array) -> Array:
        return np.asarray(np.add.reduceat(values[..., taken], begin, axis=-1), np.float64)

    measured, error = total(counts.rate * live), np.sqrt(total((counts.error * live) ** 2))
    background = _background(spectrum, total)
    few = 0
    if statistic == "chi2":
        few = int(np.sum(measured < ENOUGH_COUNTS)) if counts.counted else 0
        if background is not None:
            measured = measured - background.ratio * background.counts
            error = np.hypot(error, background.ratio * background.error)
            background = None
        fraction = np.maximum.reduceat(np.hypot(counts.systematic, choice.systematic)[taken], begin)
        error = np.hypot(error, fraction * np.abs(measured))
    kept = error > 0.0 if statistic == "chi2" else np.ones(measured.size, bool)
    if not kept.any():
        raise BadInput("NoGoodChannels", f"{spectrum.file}: no group has an error: use statistic auto")
    response = spectrum.response
    return DataSet(
        file=spectrum.file,
        low_kev=np.minimum.reduceat(response.channel_kev[0][taken], begin)[kept],
        high_kev=np.maximum.reduceat(response.channel_kev[1][taken], begin)[kept],
        counts=measured[kept],
        error=error[kept],
        background=None
        if background is None
        else Background(background.counts[kept], background.error[kept], background.ratio[kept]),
        statistic=statistic,
        energy_kev=response.energy_kev,
        matrix=live * total(response.matrix * counts.area_scale)[:, kept],
        correction=None if spectrum.correction is None else live * total(spectrum.correction)[kept],
        exposure_s=live,
        few=few,
    )


def statistic_of(spectrum: Spectrum, asked: str) -> StatisticName:
    """Return the statistic of a spectrum: what its errors are decides, unless the request asks for chi2.

    Raises:
        BadInput: ``NotPoisson``; the C-statistic is asked for rates with Gaussian errors.
    """
    if asked == "chi2" or (asked == "auto" and not spectrum.counts.poisson):
        return "chi2"
    if not spectrum.counts.poisson:
        text = (
            f"{spectrum.file}: its rates are background-subtracted with Gaussian errors, as in all coded-mask spectra; "
            "the C-statistic is for counts with POISSERR T: use statistic auto or chi2"
        )
        raise BadInput("NotPoisson", text)
    if spectrum.background is None:
        return "cstat"
    return "wstat" if spectrum.background.poisson else "pgstat"


def selected(spectrum: Spectrum, bands_kev: Sequence[Sequence[float]]) -> Mask:
    """Return the channels whose middle lies in one of the bands."""
    middle = spectrum.response.channel_kev.mean(axis=0)
    inside = np.zeros(middle.size, bool)
    for low, high in bands_kev:
        inside |= (middle >= low) & (middle <= high)
    return inside


def _chosen(spectrum: Spectrum, choice: Choice) -> Mask:
    inside = selected(spectrum, choice.bands_kev)
    edges = spectrum.response.channel_kev
    if not inside.any():
        bands = ", ".join(f"{low:g}-{high:g}" for low, high in choice.bands_kev)
        text = f"{spectrum.file} has channels from {edges.min():g} to {edges.max():g} keV, none of them in {bands} keV"
        raise BadInput("EmptyRange", f"{text}: choose a range inside")
    # A channel without response cannot tell anything about the model.
    usable = inside & spectrum.counts.usable & spectrum.response.matrix.any(axis=0)
    if not usable.any():
        text = (
            f"{spectrum.file}: all {int(inside.sum())} channels in the range are flagged, not finite, or without error"
        )
        raise BadInput("NoGoodChannels", f"{text}: choose another range or another spectrum")
    return usable


def _groups(spectrum: Spectrum, choice: Choice, chosen: Mask) -> NDArray[np.int16]:
    """Return 1 where a group begins, -1 inside it, 0 where a channel is left out."""
    import group  # noqa: PLC0415 - of Sherpa, in the image alone; what else is here is of use outside of it

    if choice.group_counts and choice.group_snr:
        raise BadInput("BadParameter", "group_counts and group_snr exclude each other: leave one of them 0")
    counts = spectrum.counts
    net, error = counts.rate * counts.exposure_s, counts.error * counts.exposure_s
    if spectrum.background is not None:
        net, error = _net(counts, spectrum.background)
    if choice.group_counts:
        flags, quality = group.grpNumCounts(np.maximum(net, 0.0), choice.group_counts, tabStops=~chosen)
    elif choice.group_snr:
        flags, quality = group.grpSnr(net, choice.group_snr, tabStops=~chosen, errorCol=error)
    else:
        # Groups of the file go on across a channel that is left out, but must begin with one that is not.
        before = np.concatenate([[False], chosen[:-1]])
        same = np.concatenate([[False], counts.group[1:] == counts.group[:-1]])
        flags, quality = np.where(before & same, -1, 1), np.zeros(chosen.size)
    return np.where(chosen & (np.asarray(quality) == 0), flags, 0).astype(np.int16)


def _ratio(counts: Counts, behind: Counts) -> Array:
    """Return what the counts of a background are multiplied with to be those beneath the source, in each channel."""
    own = counts.exposure_s * counts.area_scale * counts.back_scale
    others = behind.exposure_s * behind.area_scale * behind.back_scale
    return np.divide(own, others, out=np.zeros_like(own), where=others > 0.0)


def _net(counts: Counts, behind: Counts) -> tuple[Array, Array]:
    below = _ratio(counts, behind) * behind.exposure_s
    return counts.rate * counts.exposure_s - below * behind.rate, np.hypot(
        counts.error * counts.exposure_s, below * behind.error
    )


def _background(spectrum: Spectrum, total: Total) -> Background | None:
    behind = spectrum.background
    if behind is None:
        return None
    ratio, live = _ratio(spectrum.counts, behind), behind.exposure_s
    measured, error = total(behind.rate * live), np.sqrt(total((behind.error * live) ** 2))
    # Of channels with different ratios the sum beneath the source must be right.
    beneath, number = total(ratio * behind.rate * live), total(np.ones(ratio.size))
    mean = np.divide(beneath, measured, out=total(ratio) / number, where=measured != 0.0)
    return Background(measured, error, mean)
