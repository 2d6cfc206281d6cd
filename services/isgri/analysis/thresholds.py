"""Low thresholds of the detector and of its modules in one window, and what they mean for a band."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.fit import LEAST_COVERED
from science.coded_mask.low_threshold import band_warning, covered_share, half_density_kev, low_threshold
from services.isgri.analysis.dead_time import MODULES
from services.isgri.analysis.detector import module_map

_RANGE_KEV = (16.0, 200.0)
_RISE_KEV = (12.0, 100.0)
_SLIP = 0.25
"""Share of the density of counts above a threshold that may be left below: thresholds of real windows that rise slowly
over 10 keV leave more, and are part of the response."""
_ALIKE_KEV = 3.0
"""Low thresholds of modules differ by so much without harm."""


@dataclass(frozen=True)
class Thresholds:
    """Energies below which no events were taken, keV; 0 where none is seen. ``modules`` has shape (8,).

    Below ``half`` the detector took few.
    """

    detector: float = 0.0
    modules: NDArray[np.float64] = field(default_factory=lambda: np.zeros(MODULES))
    half: float = 0.0

    def covered(self, low_kev: float, high_kev: float) -> float:
        """Return the share of a source's counts in a band that lie above the threshold of the detector."""
        return covered_share(low_kev, high_kev, self.detector)

    def high(self, low_kev: float) -> NDArray[np.bool_]:
        """Which modules lack events from an energy on that others have, shape (8,)."""
        high: NDArray[np.bool_] = self.modules > max(low_kev, self.detector) + _ALIKE_KEV
        return high

    def counting(self, low_kev: float) -> NDArray[np.bool_]:
        """Return the pixels of the modules that count from an energy on, as far as the detector does."""
        return np.asarray(np.append(~self.high(low_kev), False)[module_map()])  # -1 between modules is the last

    def warnings(self, bands: Sequence[tuple[float, float]]) -> list[str]:
        """Say which bands begin below the threshold of the detector, or of some modules, or where it rises slowly."""
        texts = []
        for low, high in bands:
            if (text := band_warning(low, high, self.detector, self.half)) is not None:
                texts.append(text)
            if self.covered(low, high) <= LEAST_COVERED:
                continue
            listed = [
                f"{module} (none below {self.modules[module]:.1f} keV)" for module in np.flatnonzero(self.high(low))
            ]
            if listed:
                texts.append(
                    f"modules that lack events in {low:g}-{high:g} keV take no part in it: {', '.join(listed)}"
                )
        return texts


def low_thresholds(energy_kev: NDArray[np.float32], module: NDArray[np.int8]) -> Thresholds:
    """Return the thresholds that the energies of events, and the modules that took them, show."""
    parts = [energy_kev, *(energy_kev[module == number] for number in range(MODULES))]
    detector, *modules = (low_threshold(part, *_RANGE_KEV, _SLIP) for part in parts)
    return Thresholds(detector, np.array(modules), half_density_kev(energy_kev, *_RISE_KEV))
