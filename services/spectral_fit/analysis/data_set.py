"""From a spectrum to what Sherpa fits: channels chosen and grouped, errors with systematics, the response applied."""

from collections.abc import Sequence
from dataclasses import dataclass

import group
import numpy as np
from numpy.typing import NDArray
from sherpa.astro.data import DataPHA, DataRMF

from mesh.kit import BadInput
from services.spectral_fit.analysis.ogip_files import Array
from services.spectral_fit.analysis.response import Response
from services.spectral_fit.analysis.spectrum import Spectrum

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Choice:
    """Which channels are fitted and how they are put together.

    Args:
        bands_kev: a channel is taken when its middle lies in one of them.
        group_counts: net counts that a group must reach; 0 for no grouping.
        group_snr: signal-to-noise ratio that a group must reach; 0 for no grouping.
        systematic: fraction of the rate, added in quadrature to that of the file.
        chi2: whether errors must be Gaussian.
    """

    bands_kev: Sequence[Sequence[float]]
    group_counts: float
    group_snr: float
    systematic: float
    chi2: bool


def data_set(spectrum: Spectrum, choice: Choice) -> DataPHA:
    """Return a spectrum with its response, its chosen channels and its groups.

    Raises:
        BadInput: ``EmptyRange``, ``NoGoodChannels``, ``NotPoisson``, ``BadParameter``.
    """
    counts = spectrum.counts
    if not choice.chi2 and not counts.poisson:
        text = (
            f"{spectrum.file}: its rates are background-subtracted with Gaussian errors, as in all coded-mask spectra; "
            "the C-statistic is for counts with POISSERR T: use statistic chi2"
        )
        raise BadInput("NotPoisson", text)
    chosen = _chosen(spectrum, choice)
    data = _pha(spectrum.file, spectrum)
    flags = _groups(spectrum, choice, chosen)
    chosen &= flags != 0
    if not chosen.any():
        text = f"{spectrum.file}: no group of channels reaches what grouping asks for: lower group_counts or group_snr"
        raise BadInput("NoGoodChannels", text)
    data.grouping, data.quality = np.where(chosen, flags, 1), np.where(chosen, 0, 2)
    fraction = np.hypot(counts.systematic, choice.systematic)
    if choice.chi2:
        data.syserror = _systematic(fraction, data.counts, flags, chosen)
        if data.get_background() is not None:
            data.subtract()
    data.ignore_bad()
    data.group()
    return data


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
    seen = spectrum.response.matrix.any(axis=0)
    usable = inside & (spectrum.counts.good > 0) & seen
    if choice.chi2 and spectrum.counts.poisson and choice.group_counts == choice.group_snr == 0.0:
        usable &= spectrum.counts.error > 0.0
    if not usable.any():
        text = (
            f"{spectrum.file}: all {int(inside.sum())} channels in the range are flagged, not finite, or without error"
        )
        raise BadInput("NoGoodChannels", f"{text}: choose another range or another spectrum")
    return usable


def _groups(spectrum: Spectrum, choice: Choice, chosen: Mask) -> NDArray[np.int16]:
    """Return 1 where a group begins, -1 inside it, 0 where a channel is left out."""
    if choice.group_counts and choice.group_snr:
        raise BadInput("BadParameter", "group_counts and group_snr exclude each other: leave one of them 0")
    counts = spectrum.counts
    net = counts.rate * counts.exposure_s
    if choice.group_counts:
        flags, quality = group.grpNumCounts(np.maximum(net, 0.0), choice.group_counts, tabStops=~chosen)
    elif choice.group_snr:
        errors = counts.error * counts.exposure_s
        flags, quality = group.grpSnr(net, choice.group_snr, tabStops=~chosen, errorCol=errors)
    else:
        # Groups of the file go on across a channel that is left out, but must begin with one that is not.
        flags = np.where(counts.grouping < 0.0, -1, 1)
        before = np.concatenate([[False], chosen[:-1]])
        flags = np.where(~before, 1, flags)
        quality = np.zeros(flags.size)
    return np.where(chosen & (np.asarray(quality) == 0), flags, 0).astype(np.int16)


def _systematic(fraction: Array, counts: Array, flags: NDArray[np.int16], chosen: Mask) -> Array:
    """Spread the systematic error of each group over its channels so that their sum in quadrature is that error."""
    errors = np.zeros(counts.size)
    number = np.cumsum(flags[chosen] == 1)
    total = np.bincount(number, counts[chosen])
    size = np.bincount(number)
    largest = np.zeros(size.size)
    np.maximum.at(largest, number, fraction[chosen])
    errors[chosen] = (largest * np.abs(total) / np.sqrt(np.maximum(size, 1)))[number]
    return errors


def _pha(name: str, spectrum: Spectrum) -> DataPHA:
    counts = spectrum.counts
    channels = np.arange(1, counts.rate.size + 1)
    data = DataPHA(
        name,
        channels,
        counts.rate * counts.exposure_s,
        staterror=counts.error * counts.exposure_s,
        exposure=counts.exposure_s,
        backscal=counts.scale,
    )
    data.set_rmf(_rmf(name, spectrum.response))
    data.units = "energy"
    if spectrum.background is not None:
        behind = spectrum.background
        values, errors = behind.rate * behind.exposure_s, behind.error * behind.exposure_s
        background = DataPHA(f"{name} background", channels, values, staterror=errors)
        background.exposure, background.backscal = behind.exposure_s, behind.scale
        data.set_background(background)
    return data


def _rmf(name: str, response: Response) -> DataRMF:
    """Pack the matrix: one group of channels an energy, from its first to its last value."""
    there = response.matrix != 0.0
    first = there.argmax(axis=1)
    last = there.shape[1] - there[:, ::-1].argmax(axis=1)
    full = there.any(axis=1)
    values = [row[begin:end] for row, begin, end in zip(response.matrix[full], first[full], last[full], strict=True)]
    return DataRMF(
        name,
        there.shape[1],
        response.energy_kev[:-1],
        response.energy_kev[1:],
        full.astype(np.int16),
        (first + 1)[full],
        (last - first)[full],
        np.concatenate(values),
        offset=1,
        e_min=response.channel_kev[0],
        e_max=response.channel_kev[1],
    )
