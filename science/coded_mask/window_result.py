"""What the analysis of one science window found: the content of its product."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.camera import Instrument
from science.coded_mask.field import Field
from science.coded_mask.geometry import Attitude
from science.coded_mask.search import NOISE_TOLERANCE
from science.coded_mask.sky_map import SkyMap, noise_scale


class WindowFacts(Protocol):
    """What the headers of an event file say. Times in IJD (TT)."""

    @property
    def swid(self) -> str:
        """Identifier of the science window, 12 digits."""

    @property
    def revolution(self) -> int:
        """Number of the revolution."""

    @property
    def tstart_ijd(self) -> float:
        """Start of the window; other times count from here."""

    @property
    def tstop_ijd(self) -> float:
        """End of the window."""

    @property
    def attitude(self) -> Attitude:
        """Orientation of the instrument."""


@dataclass(frozen=True)
class WindowImages:
    """Maps of one band on the pixel pitch (counts/s), and the measured width of the residual significance."""

    residual: SkyMap
    noise: float
    residual_std: float


@dataclass
class WindowResult:
    """Everything that was found in one window. ``gti`` are seconds after the start, shape (intervals, 2)."""

    instrument: Instrument
    facts: WindowFacts
    gti: NDArray[np.float64]
    live_fraction: float
    exposure_map_s: NDArray[np.float32]
    sky: Field
    images: list[WindowImages]
    warnings: list[str] = field(default_factory=list)

    @property
    def ontime_s(self) -> float:
        """Sum of the good time intervals."""
        return float(np.diff(self.gti, axis=1).sum())

    @property
    def live_time_s(self) -> float:
        """Exposure corrected for dead time."""
        return self.ontime_s * self.live_fraction


def window_images(left: SkyMap, noise: float) -> WindowImages:
    """Return the maps of a fitted band, of which this is left; ``noise`` is the factor that its errors need."""
    residual = left.scaled(noise)
    return WindowImages(residual, noise, noise_scale(residual.significance))


def noise_warnings(sky: Field) -> list[str]:
    """Say which bands' residuals are clearly wider than their errors."""
    return [
        f"the residual map of {fit.data.low_kev:g}-{fit.data.high_kev:g} keV is {noise:.2f} times wider than "
        f"its errors (chi2 per degree of freedom {fit.chi2_per_dof:.2f}), as without a map of the pixels' background; "
        "errors are scaled by this factor"
        for fit, noise in zip(sky.fits, sky.noise, strict=True)
        if noise > NOISE_TOLERANCE
    ]
