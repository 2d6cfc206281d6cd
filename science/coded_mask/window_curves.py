"""Light curves of all sources of one window in one file, and what a merge over windows makes of them.

All windows share one grid of bins: bin n covers n to n + 1 bin lengths after MJD 51544 (TT). Windows can so be joined
and folded without resampling; the first and the last bin of a window are exposed in part.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from mesh.kit import BadInput
from mesh.kit.ogip.good_times import gti_hdu
from mesh.kit.ogip.light_curve import LightCurve
from mesh.kit.ogip.observation import Observation, table
from science.coded_mask.camera import Instrument

LEAST_EXPOSED = 0.05
"""Bins with a smaller share of good time are left out: their errors are all they would show."""

_CURVES, _SOURCES, _GTI = "-SRC.-LCR", "-SRC.-CAT", "GTI"

Array = NDArray[np.float64]
Band = tuple[float, float]


@dataclass(frozen=True)
class BandCurves:
    """Curves of one band: ``rate`` and ``error`` (counts/s) of shape (sources, bins), events ``counts`` per bin."""

    band: Band
    rate: Array
    error: Array
    counts: Array


@dataclass(frozen=True)
class WindowCurves:
    """Curves of one window.

    ``first_bin`` is the number of the first bin on the grid, ``exposed`` the share of good time of each bin,
    ``good_times_s`` shape (n, 2) in seconds since MJD 51544.
    """

    names: Sequence[str]
    ra: Array
    dec: Array
    first_bin: int
    width_s: float
    exposed: Array
    good_times_s: Array
    bands: Sequence[BandCurves]
    observation: Observation


def first_bin(time_s: float, width_s: float) -> int:
    """Return the number of the bin that holds a time in seconds since MJD 51544."""
    return int(np.floor(time_s / width_s + 1e-9))


def curves_hdus(curves: WindowCurves, instrument: Instrument) -> fits.HDUList:
    """Return the file: sources, a table of rates for each band, good times."""
    column, sources = fits.Column, len(curves.names)
    cards = curves.observation.cards("s")
    listed = table(
        instrument.structure + _SOURCES,
        [
            column("NAME", "64A", array=list(curves.names)),
            column("RA_OBJ", "1D", unit="deg", array=curves.ra),
            column("DEC_OBJ", "1D", unit="deg", array=curves.dec),
        ],
        cards,
    )
    hdus = fits.HDUList([fits.PrimaryHDU(), listed])
    number = curves.first_bin + np.arange(curves.exposed.size)
    for version, band in enumerate(curves.bands, 1):
        rates = table(
            instrument.structure + _CURVES,
            [
                column("TIME", "1D", unit="s", array=(number + 0.5) * curves.width_s),
                column("FRACEXP", "1D", array=curves.exposed),
                column("TOT_COUNTS", "1D", unit="count", array=band.counts),
                column("RATE", f"{sources}D", unit="count/s", array=band.rate.T.reshape(-1, sources)),
                column("ERROR", f"{sources}D", unit="count/s", array=band.error.T.reshape(-1, sources)),
            ],
            [
                *cards,
                ("EXTVER", version, "number of the band"),
                ("E_MIN", band.band[0], "[keV] lower energy limit"),
                ("E_MAX", band.band[1], "[keV] upper energy limit"),
                ("TIMEDEL", curves.width_s, "[s] length of a bin"),
                ("FIRSTBIN", curves.first_bin, "bins from MJDREF to the first"),
            ],
        )
        hdus.append(rates)
    hdus.append(gti_hdu(curves.good_times_s, curves.observation, _GTI))
    return hdus


def read_curves(path: Path, label: str, instrument: Instrument) -> WindowCurves:
    """Read what ``curves_hdus`` wrote.

    Raises:
        BadInput: BadWindowProduct: the file is no such product.
    """
    try:
        with fits.open(path, memmap=False) as hdus:
            listed = hdus[instrument.structure + _SOURCES]
            tables = [hdu for hdu in hdus if hdu.name == instrument.structure + _CURVES]
            good, header, sources = hdus[_GTI].data, tables[0].header, len(listed.data)
            return WindowCurves(
                names=[str(name) for name in listed.data["NAME"]],
                ra=np.array(listed.data["RA_OBJ"], np.float64),
                dec=np.array(listed.data["DEC_OBJ"], np.float64),
                first_bin=int(header["FIRSTBIN"]),
                width_s=float(header["TIMEDEL"]),
                exposed=np.array(tables[0].data["FRACEXP"], np.float64),
                good_times_s=np.column_stack([good["START"], good["STOP"]]).astype(np.float64),
                bands=[
                    BandCurves(
                        (float(hdu.header["E_MIN"]), float(hdu.header["E_MAX"])),
                        np.array(hdu.data["RATE"], np.float64).reshape(-1, sources).T,
                        np.array(hdu.data["ERROR"], np.float64).reshape(-1, sources).T,
                        np.array(hdu.data["TOT_COUNTS"], np.float64),
                    )
                    for hdu in tables
                ],
                observation=Observation(header["INSTRUME"], 0.0, 0.0, detector=header.get("DETNAM", "")),
            )
    except (OSError, KeyError, ValueError, TypeError, IndexError) as error:
        raise BadInput(
            "BadWindowProduct", f"the light curves of {label} cannot be read ({error}); analyse the window again"
        ) from error


@dataclass(frozen=True)
class SourceCurves:
    """Light curves of one source in all bands, and the good times of all windows that see it."""

    name: str
    ra: float
    dec: float
    width_s: float
    curves: list[tuple[Band, LightCurve]]
    good_times_s: Array


def merge_curves(windows: Sequence[WindowCurves]) -> list[SourceCurves]:
    """Join the curves of each source over windows in the order of time; gaps stay gaps.

    Bins that two windows share are combined, weighted by exposure. Sources come in the order of the windows' lists.

    Raises:
        BadInput: MixedBands: the windows have different bins or bands.
    """
    if len({(window.width_s, tuple(band.band for band in window.bands)) for window in windows}) > 1:
        raise BadInput("MixedBands", "the windows have light curves of different bins or bands; make all with the same")
    places = {
        name: (float(window.ra[row]), float(window.dec[row]))
        for window in reversed(windows)
        for row, name in enumerate(window.names)
    }
    merged = []
    for name in dict.fromkeys(name for window in windows for name in window.names):
        seen = [(window, list(window.names).index(name)) for window in windows if name in window.names]
        seen.sort(key=lambda pair: pair[0].first_bin)
        curves = [
            (band.band, _joined([(window, window.bands[number], row) for window, row in seen]))
            for number, band in enumerate(windows[0].bands)
        ]
        good = np.concatenate([window.good_times_s for window, _ in seen])
        merged.append(SourceCurves(name, *places[name], windows[0].width_s, curves, good[np.argsort(good[:, 0])]))
    return merged


def _joined(parts: Sequence[tuple[WindowCurves, BandCurves, int]]) -> LightCurve:
    width = parts[0][0].width_s
    number = np.concatenate([window.first_bin + np.arange(window.exposed.size) for window, _, _ in parts])
    exposed = np.concatenate([window.exposed for window, _, _ in parts])
    rate = np.concatenate([band.rate[row] for _, band, row in parts])
    error = np.concatenate([band.error[row] for _, band, row in parts])
    counts = np.concatenate([band.counts for _, band, _ in parts])
    valid = np.isfinite(rate) & np.isfinite(error) & (exposed > 0.0)
    bins, place = np.unique(number[valid], return_inverse=True)

    def total(values: Array) -> Array:
        return np.asarray(np.bincount(place, values[valid], minlength=bins.size), np.float64)

    share = total(exposed)
    kept = share >= LEAST_EXPOSED
    return LightCurve(
        time_s=((bins + 0.5) * width)[kept],
        rate=(total(rate * exposed) / share)[kept],
        error=(np.sqrt(total((error * exposed) ** 2)) / share)[kept],
        exposed=np.minimum(share, 1.0)[kept],
        width_s=np.full(int(kept.sum()), width),
        columns={"TOT_COUNTS": ("count", total(counts)[kept])},
    )
