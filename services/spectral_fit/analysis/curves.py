"""What is drawn and tabled of a fit: data and model for each group of channels, in counts/s/keV."""

from dataclasses import dataclass

import numpy as np
from sherpa.astro.data import DataPHA

from services.spectral_fit.analysis.ogip_files import Array
from services.spectral_fit.analysis.spectrum import Spectrum


@dataclass(frozen=True)
class Curve:
    """One fitted spectrum.

    Args:
        title: source and instrument.
        low_kev: lower edges of the groups.
        high_kev: upper edges.
        rate: counts/s.
        error: counts/s, systematic errors included.
        model: counts/s.
        parts: counts/s of each additive component.
        exposure_s: live time.
    """

    title: str
    low_kev: Array
    high_kev: Array
    rate: Array
    error: Array
    model: Array
    parts: tuple[tuple[str, Array], ...]
    exposure_s: float

    @property
    def residual(self) -> Array:
        """Data minus model, in sigma."""
        return (self.rate - self.model) / self.error


def curve(spectrum: Spectrum, data: DataPHA, folded: Array, parts: list[tuple[str, Array]], factor: float) -> Curve:
    """Return what is drawn of one spectrum.

    Args:
        spectrum: with its response.
        data: as it was fitted.
        folded: model counts of its groups.
        parts: photons/cm2/s of each additive component on the energies of its response.
        factor: of its cross-normalisation.
    """
    edges = spectrum.response.channel_kev
    exposure = spectrum.counts.exposure_s
    chosen = data.quality == 0
    begin = np.flatnonzero(data.grouping[chosen] == 1)
    low = np.minimum.reduceat(edges[0][chosen], begin)
    high = np.maximum.reduceat(edges[1][chosen], begin)
    observed, error = data.get_dep(filter=True), data.get_error(filter=True)
    # Counts of photons have the spread that the model says where none was counted.
    error = np.where(error > 0.0, error, np.sqrt(np.maximum(folded, 1e-300)))
    groups = [
        (name, factor * np.add.reduceat((photons @ spectrum.response.matrix)[chosen], begin)) for name, photons in parts
    ]
    return Curve(
        spectrum.title,
        low,
        high,
        observed / exposure,
        error / exposure,
        folded / exposure,
        tuple(groups),
        exposure,
    )
