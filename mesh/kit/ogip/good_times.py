"""Good time intervals as an OGIP table (OGIP/93-003)."""

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from mesh.kit.ogip.observation import Observation, ogip_cards, table


def gti_hdu(intervals_s: NDArray[np.float64], observation: Observation, name: str = "GTI") -> fits.BinTableHDU:
    """Return good time intervals.

    Args:
        intervals_s: shape (n, 2), start and stop in seconds (TT) since MJD 51544.
        observation: what was observed.
        name: of the extension.
    """
    columns = [
        fits.Column("START", "1D", unit="s", array=intervals_s[:, 0]),
        fits.Column("STOP", "1D", unit="s", array=intervals_s[:, 1]),
    ]
    cards = [
        *ogip_cards("GTI", "STANDARD", version="1.0.0"),
        *observation.cards("s"),
        ("TIMEZERO", 0.0, "[s] to be added to all times"),
        ("ONTIME", float((intervals_s[:, 1] - intervals_s[:, 0]).sum()), "[s] sum of the intervals"),
    ]
    return table(name, columns, cards)
