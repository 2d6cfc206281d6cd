"""Light curves: an OGIP table of rates in seconds, and the same in days under the name that OSA's tools look for.

Times are bin centres. The OGIP table counts seconds from MJDREF with TIMEZERO 0: of all allowed forms the one that
XRONOS and Stingray both place right. RATE is corrected for dead time and for the fraction of the bin that was good
time. In the OGIP table EXPOSURE gives the good time in seconds: Stingray takes a column FRACEXP as something that RATE
is still to be divided by, and sets bins below 0.9 to 0. The table for OSA's tools has that fraction, FRACEXP.
"""

from dataclasses import dataclass, field

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from mesh.kit.ogip.observation import DAY_S, Card, Observation, ogip_cards, table


@dataclass(frozen=True)
class LightCurve:
    """Rates of one source in one band; all arrays have one value per bin.

    Args:
        time_s: bin centres, seconds (TT) since MJD 51544, ascending; gaps are bins that are not there.
        rate: counts/s.
        error: 1 sigma, counts/s.
        exposed: fraction of the bin that was good time, 0 to 1.
        width_s: length of each bin, s.
        columns: further columns, name -> (unit, values); whole numbers stay whole.
    """

    time_s: NDArray[np.float64]
    rate: NDArray[np.float64]
    error: NDArray[np.float64]
    exposed: NDArray[np.float64]
    width_s: NDArray[np.float64]
    columns: dict[str, tuple[str, NDArray[np.float64] | NDArray[np.int32]]] = field(default_factory=dict)


def rate_hdu(
    curve: LightCurve,
    bin_s: float,
    observation: Observation,
    *,
    band_kev: tuple[float, float] | None = None,
    net: bool = True,
    name: str = "RATE",
    extra: tuple[Card, ...] = (),
) -> fits.BinTableHDU:
    """Return the OGIP light curve (OGIP/93-003).

    Args:
        curve: the rates.
        bin_s: nominal length of a bin, s (TIMEDEL).
        observation: what was observed.
        band_kev: energy limits, where they are known.
        net: whether the background is subtracted.
        name: of the extension.
        extra: further keywords.
    """
    column = fits.Column
    columns = [
        column("TIME", "1D", unit="s", array=curve.time_s),
        column("RATE", "1E", unit="count/s", array=curve.rate),
        column("ERROR", "1E", unit="count/s", array=curve.error),
        column("EXPOSURE", "1E", unit="s", array=curve.exposed * curve.width_s),
        column("XAX_E", "1E", unit="s", array=curve.width_s / 2),
        *_further(curve),
    ]
    cards = [*_cards(curve, observation, "s", band_kev, net=net), ("TIMEDEL", float(bin_s), "[s] length of a bin")]
    return table(name, columns, [*cards, *extra])


def osa_light_curve_hdu(
    curve: LightCurve,
    observation: Observation,
    *,
    name: str,
    band_kev: tuple[float, float] | None = None,
    net: bool = True,
    extra: tuple[Card, ...] = (),
) -> fits.BinTableHDU:
    """Return the same light curve with IJD days, e.g. as ``ISGR-SRC.-LCR`` or ``JMX1-SRC.-LCR``."""
    column = fits.Column
    columns = [
        column("TIME", "1D", unit="d", array=curve.time_s / DAY_S),
        column("RATE", "1E", unit="count/s", array=curve.rate),
        column("ERROR", "1E", unit="count/s", array=curve.error),
        column("FRACEXP", "1E", array=curve.exposed),
        column("XAX_E", "1D", unit="d", array=curve.width_s / 2 / DAY_S),
        column("TIMEDEL", "1D", unit="d", array=curve.width_s / DAY_S),
        *_further(curve),
    ]
    return table(name, columns, [*_cards(curve, observation, "d", band_kev, net=net), *extra])


def _further(curve: LightCurve) -> list[fits.Column]:
    return [
        fits.Column(key, "1J" if values.dtype.kind == "i" else "1E", unit=unit or None, array=values)
        for key, (unit, values) in curve.columns.items()
    ]


def _cards(
    curve: LightCurve, observation: Observation, unit: str, band_kev: tuple[float, float] | None, *, net: bool
) -> list[Card]:
    cards: list[Card] = [
        *ogip_cards("LIGHTCURVE", "NET" if net else "TOTAL", "RATE", version="1.1.0"),
        *observation.cards(unit),
        ("TIMEZERO", 0.0, f"[{unit}] to be added to all times"),
        ("TIMEPIXR", 0.5, "times are those of bin centres"),
        ("ONTIME", float((curve.exposed * curve.width_s).sum()), "[s] good time in all bins"),
        ("DEADAPP", True, "rates are corrected for dead time"),
        ("BACKAPP", net, "whether the background is subtracted"),
        ("VIGNAPP", net, "whether rates are those on axis"),
    ]
    if band_kev is not None:
        cards += [
            ("E_MIN", float(band_kev[0]), "[keV] lower energy limit"),
            ("E_MAX", float(band_kev[1]), "[keV] upper energy limit"),
            ("EUNIT", "keV", "unit of the energy limits"),
        ]
    return cards
