"""Light curves of all sources of one window in one file, and what a merge over windows makes of them.

All windows share one grid of bins: bin n covers n to n + 1 bin lengths after MJD 51544 (TT). Windows can so be joined
and folded without resampling; the first and the last bin of a window are exposed in part.

The pattern of the pixels adds the same number to all bins of a window, and of all windows in which the source casts
its shadow on the same pixels (``common_error``). It is no part of ERROR unless a bin shares it with no other: SYS_ERR
gives it, and SYS_GROUP numbers the bins that share it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray
from scipy import sparse

from mesh.kit import BadInput
from mesh.kit.ogip.good_times import gti_hdu
from mesh.kit.ogip.light_curve import LightCurve
from mesh.kit.ogip.observation import DAY_S, Observation, table
from science.coded_mask.camera import Camera, Instrument
from science.coded_mask.common_error import Constant, constant, shadow_groups, shared_only, weighted_error
from science.coded_mask.pixel_scatter import PixelScatter, pooled_scatter

LEAST_EXPOSED = 0.05
"""Bins with a smaller share of good time are left out: their errors are all they would show."""

_CURVES, _SOURCES, _GTI = "-SRC.-LCR", "-SRC.-CAT", "GTI"

Array = NDArray[np.float64]
Band = tuple[float, float]


@dataclass(frozen=True)
class BandCurves:
    """Curves of one band: ``rate`` and ``error`` (counts/s) of shape (sources, bins), events ``counts`` per bin.

    ``scatter`` is what the pixels add to all bins alike, with the band as its only channel.
    """

    band: Band
    rate: Array
    error: Array
    counts: Array
    scatter: PixelScatter


@dataclass(frozen=True)
class WindowCurves:
    """Curves of one window.

    ``tangents`` are the places of the sources in the field, shape (2, sources). ``first_bin`` is the number of the
    first bin on the grid, ``exposed`` the share of good time of each bin, ``good_times_s`` shape (n, 2) in seconds
    since MJD 51544.
    """

    names: Sequence[str]
    ra: Array
    dec: Array
    tangents: Array
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
            column("Z_TAN", "1D", array=curves.tangents[0]),
            column("Y_TAN", "1D", array=curves.tangents[1]),
            column("ZONE", "1I", array=curves.bands[0].scatter.zone),
            column(
                "SCAT_ERR",
                f"{len(curves.bands)}D",
                unit="count/s",
                array=np.hstack([band.scatter.unit for band in curves.bands]),
            ),
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
                *(
                    (f"EXCESS{zone}", float(value), "variance of forced fits over Poisson, minus 1")
                    for zone, [value] in enumerate(band.scatter.excess)
                ),
                ("BKG_PIX", float(band.scatter.background[0]), "[count] mean background of a pixel"),
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
            unit = np.array(listed.data["SCAT_ERR"], np.float64).reshape(sources, len(tables))
            return WindowCurves(
                names=[str(name) for name in listed.data["NAME"]],
                ra=np.array(listed.data["RA_OBJ"], np.float64),
                dec=np.array(listed.data["DEC_OBJ"], np.float64),
                tangents=np.array([listed.data["Z_TAN"], listed.data["Y_TAN"]], np.float64),
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
                        PixelScatter(
                            np.array([[value] for value in hdu.header["EXCESS*"].values()], np.float64),
                            np.array([hdu.header["BKG_PIX"]], np.float64),
                            np.array(listed.data["ZONE"], np.intp),
                            unit[:, number, None],
                        ),
                    )
                    for number, hdu in enumerate(tables)
                ],
                observation=Observation(header["INSTRUME"], 0.0, 0.0, detector=header.get("DETNAM", "")),
            )
    except (OSError, KeyError, ValueError, TypeError, IndexError) as error:
        raise BadInput(
            "BadWindowProduct", f"the light curves of {label} cannot be read ({error}); analyse the window again"
        ) from error


@dataclass(frozen=True)
class SourceCurves:
    """Light curves of one source in all bands, their means, and the good times of all windows that see it.

    A mean is weighted with exposure and has the error of Poisson noise and pixels together; its chi2 is that of a
    constant with the covariance of the bins.
    """

    name: str
    ra: float
    dec: float
    width_s: float
    curves: list[tuple[Band, LightCurve]]
    means: list[Constant]
    good_times_s: Array


def merge_curves(windows: Sequence[WindowCurves], camera: Camera) -> list[SourceCurves]:
    """Join the curves of each source over windows in the order of time; gaps stay gaps.

    Bins that two windows share are combined, weighted by exposure. Sources come in the order of the windows' lists.

    Args:
        windows: their curves.
        camera: that saw them: it tells in which windows a source casts its shadow on the same pixels.

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
    scatter = [
        pooled_scatter([window.bands[number].scatter for window in windows]) for number in range(len(windows[0].bands))
    ]
    merged = []
    for name in dict.fromkeys(name for window in windows for name in window.names):
        seen = [(window, list(window.names).index(name)) for window in windows if name in window.names]
        seen.sort(key=lambda pair: pair[0].first_bin)
        tz, ty = np.array([window.tangents[:, row] for window, row in seen]).T
        day = np.array([window.good_times_s[0, 0] for window, _ in seen]) / DAY_S
        group = shadow_groups(tz, ty, day, camera)
        curves, means = [], []
        for number, band in enumerate(windows[0].bands):
            parts = [
                _Part(window, window.bands[number], row, scatter[number], int(shared))
                for (window, row), shared in zip(seen, group, strict=True)
            ]
            curve, mean = _joined(parts)
            curves.append((band.band, curve))
            means.append(mean)
        good = np.concatenate([window.good_times_s for window, _ in seen])
        good = good[np.argsort(good[:, 0])]
        merged.append(SourceCurves(name, *places[name], windows[0].width_s, curves, means, good))
    return merged


@dataclass(frozen=True)
class _Part:
    """One source and band in one window: scatter of the pixels in each zone, and the windows of the same shadow."""

    window: WindowCurves
    band: BandCurves
    row: int
    scatter: Array
    group: int

    @property
    def common(self) -> float:
        """Error that all bins have in common, counts/s."""
        return float(self.band.scatter.common(self.scatter)[self.row, 0])


def _joined(parts: Sequence[_Part]) -> tuple[LightCurve, Constant]:
    width = parts[0].window.width_s
    length = [part.window.exposed.size for part in parts]
    number = np.concatenate([part.window.first_bin + np.arange(part.window.exposed.size) for part in parts])
    exposed = np.concatenate([part.window.exposed for part in parts])
    rate = np.concatenate([part.band.rate[part.row] for part in parts])
    error = np.concatenate([part.band.error[part.row] for part in parts])
    counts = np.concatenate([part.band.counts for part in parts])
    group = np.repeat([part.group for part in parts], length)
    common = np.repeat([part.common for part in parts], length)
    valid = np.isfinite(rate) & np.isfinite(error) & (exposed > 0.0)
    bins, place = np.unique(number[valid], return_inverse=True)

    def total(values: Array) -> Array:
        return np.asarray(np.bincount(place, values[valid], minlength=bins.size), np.float64)

    share = total(exposed)
    kept = share >= LEAST_EXPOSED
    of_groups = sparse.csr_array(
        ((common * exposed)[valid] / share[place], (place, group[valid])), shape=(bins.size, int(group.max()) + 1)
    )
    own, shared = shared_only((np.sqrt(total((error * exposed) ** 2)) / share)[kept], of_groups[kept])
    curve = LightCurve(
        time_s=((bins + 0.5) * width)[kept],
        rate=(total(rate * exposed) / share)[kept],
        error=own,
        exposed=np.minimum(share, 1.0)[kept],
        width_s=np.full(int(kept.sum()), width),
        columns={
            "TOT_COUNTS": ("count", total(counts)[kept]),
            "SYS_ERR": ("count/s", np.sqrt(np.asarray(shared.power(2).sum(axis=1)).ravel())),
            "SYS_GROUP": ("", _largest(shared)),
        },
    )
    return curve, _mean(curve, shared)


def _largest(shared: sparse.csr_array) -> NDArray[np.int32]:
    """Return the number of the group, from 1 on, that each bin shares most with; 0 where it shares nothing."""
    if shared.shape[1] == 0:
        return np.zeros(shared.shape[0], np.int32)
    group = np.asarray(shared.argmax(axis=1)).ravel() + 1
    return np.where(np.asarray(shared.max(axis=1).todense()).ravel() > 0.0, group, 0).astype(np.int32)


def _mean(curve: LightCurve, shared: sparse.csr_array) -> Constant:
    weight = curve.exposed * curve.width_s
    if not weight.sum():
        return Constant(np.nan, np.nan, np.nan)
    mean = float((curve.rate * weight).sum() / weight.sum())
    chi2 = constant(curve.rate, curve.error, shared).chi2_per_dof
    return Constant(mean, weighted_error(weight, curve.error, shared), chi2)
