"""The product of a slice: counts on a grid, off times and orbit."""

from pathlib import Path

import numpy as np
from astropy.io import fits

from mesh.kit import BadInput
from science.bursts.curve import Curve
from services.spiacs.analysis.counts_file import OffTime, Orbit, Slice

_NAMES = ("COUNTS", "OFF", "ORBIT")
_DEAD = -1


def slice_hdus(one: Slice) -> fits.HDUList:
    """Return the HDUs of a slice that has counts."""
    if one.curve is None:
        raise ValueError("a slice without counts has no product")
    curve = one.curve
    image = fits.ImageHDU(np.where(curve.live, curve.counts, _DEAD).astype(np.int32), name=_NAMES[0])
    image.header["TSTART"] = (curve.start_s, "[s] start of the first bin since MJD 51544 (TT)")
    image.header["TIMEDEL"] = (curve.bin_s, "[s] length of a bin")
    image.header["BUNIT"] = ("count", "-1: not live")
    off = fits.BinTableHDU.from_columns(
        [
            fits.Column("START", "1D", unit="s", array=[entry.start_s for entry in one.off]),
            fits.Column("STOP", "1D", unit="s", array=[entry.stop_s for entry in one.off]),
            fits.Column("REASON", "16A", array=[entry.reason for entry in one.off]),
        ],
        name=_NAMES[1],
    )
    orbit = fits.BinTableHDU.from_columns(
        [
            fits.Column("TIME", "1D", unit="s", array=one.orbit.time_s),
            fits.Column("POSITION", "3D", unit="km", array=one.orbit.position_km),
            fits.Column("AXIS", "2D", unit="deg", array=one.orbit.axis),
        ],
        name=_NAMES[2],
    )
    return fits.HDUList([fits.PrimaryHDU(), image, off, orbit])


def read_slice(path: Path) -> Slice:
    """Read the product of a slice.

    Raises:
        BadInput: reason ``BadProduct``.
    """
    try:
        with fits.open(path, memmap=False) as hdus:
            image, off, orbit = (hdus[name] for name in _NAMES)
            counts = np.asarray(image.data, dtype=float)
            live = counts != _DEAD
            start, bin_s = float(image.header["TSTART"]), float(image.header["TIMEDEL"])
            times = tuple(OffTime(float(row[0]), float(row[1]), str(row[2]).strip()) for row in off.data)
            path_of = Orbit(
                np.asarray(orbit.data["TIME"], dtype=float),
                np.asarray(orbit.data["POSITION"], dtype=float).reshape(-1, 3),
                np.asarray(orbit.data["AXIS"], dtype=float).reshape(-1, 2),
            )
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise BadInput("BadProduct", f"{path.name} is no product of a slice ({error})") from error
    return Slice(Curve(start, bin_s, np.where(live, counts, 0.0), live), times, path_of)
