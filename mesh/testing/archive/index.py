"""Writes idx/scw/GNRL-SCWG-GRP-IDX.fits, the archive's index of science windows, in the layout of the real one."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.io import fits

from mesh.archive.times import utc_from_ijd
from mesh.testing.archive.on_board_time import OBT_PER_TICK, TICK_S, on_board_time
from mesh.testing.archive.pointing import Pointing

_COLUMNS = (
    ("MEMBER_XTENSION", "8A", ""),
    ("MEMBER_NAME", "32A", ""),
    ("MEMBER_VERSION", "1J", ""),
    ("MEMBER_POSITION", "1J", ""),
    ("MEMBER_LOCATION", "256A", ""),
    ("MEMBER_URI_TYPE", "3A", ""),
    ("ISDCLEVL", "5A", ""),
    ("DATE", "19A", ""),
    ("ERTFIRST", "30A", ""),
    ("ERTLAST", "30A", ""),
    ("REVOL", "1I", ""),
    ("SWID", "12A", ""),
    ("SW_TYPE", "12A", ""),
    ("SWBOUND", "11A", ""),
    ("BCPPID", "8A", ""),
    ("OBTSTART", "20A", ""),
    ("OBTEND", "20A", ""),
    ("PCKSTART", "1I", ""),
    ("PCKEND", "1I", ""),
    ("EXPID", "8A", ""),
    ("EXPIDEND", "8A", ""),
    ("PODV", "4A", ""),
    ("PODV_END", "4A", ""),
    ("TSTART", "1D", "d"),
    ("TSTOP", "1D", "d"),
    ("TELAPSE", "1D", "s"),
    ("RA_SCX", "1E", "deg"),
    ("DEC_SCX", "1E", "deg"),
    ("RA_SCZ", "1E", "deg"),
    ("DEC_SCZ", "1E", "deg"),
    ("L2_SCX", "1E", "deg"),
    ("B2_SCX", "1E", "deg"),
    ("L2_SCZ", "1E", "deg"),
    ("B2_SCZ", "1E", "deg"),
    ("POSANGLE", "1E", "deg"),
    ("SPIMODE", "1B", ""),
    ("IBISMODE", "1B", ""),
    ("JMX1MODE", "1B", ""),
    ("JMX2MODE", "1B", ""),
    ("OMCMODE", "1B", ""),
    ("OBSTYPE", "32A", ""),
)
_UNSIGNED = ("REVOL", "PCKSTART", "PCKEND")
_KEYWORDS = (
    ("EXTVER", 1, "Grouping Table vers. (this file)"),
    ("GRPNAME", "GNRL-SCWG-GRP-IDX", "Grouping Table name"),
    ("IDXMEMBR", "GNRL-SCWG-GRP", "Extname of the members of the index"),
    ("EXTREL", "7.0", "ISDC release number"),
    ("BASETYPE", "DAL_GROUP", "Data Access Layer base type"),
    ("TELESCOP", "INTEGRAL", "Telescope or mission name"),
    ("ORIGIN", "ISDC", "Origin of FITS file"),
    ("INSTRUME", "String", "Instrument name"),
    ("ISDCLEVL", "String", "ISDC level of data processing"),
    ("CREATOR", "odamesh simulator", "Program that created this FITS file"),
    ("CONFIGUR", "odamesh", "Software configuration"),
    ("MJDREF", 51544.0, "Modified Julian Date of time origin"),
    ("TIMESYS", "TT", "Time frame system"),
    ("TIMEUNIT", "d", "Time unit"),
    ("TIMEREF", "LOCAL", "Time reference frame"),
    ("RADECSYS", "FK5", "Stellar reference frame"),
    ("EQUINOX", 2000.0, "Coordinate system equinox"),
)


def write_index(path: Path, pointings: Sequence[Pointing], span_s: float) -> None:
    """Write the index of an archive; same arguments, same bytes.

    Args:
        path: file to write; its folder is made, an older file is replaced.
        pointings: one per science window.
        span_s: length of every window [s].
    """
    rows = [_row(pointing, span_s) for pointing in pointings]
    columns = []
    for place, (name, form, unit) in enumerate(_COLUMNS):
        values = np.array([row[place] for row in rows])
        unsigned = {"bzero": 32768} if name in _UNSIGNED else {}
        columns.append(fits.Column(name, form, unit=unit or None, array=values, **unsigned))
    table = fits.BinTableHDU.from_columns(columns, name="GROUPING")
    for card in _KEYWORDS:
        table.header.append(card, end=True)
    table.header.append(("DATE", rows[-1][7], "End of the last window (not a clock time)"), end=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(path, overwrite=True)


def _row(pointing: Pointing, span_s: float) -> tuple[object, ...]:
    """Values of one window in the order of the columns."""
    swid = pointing.swid
    stop = pointing.t_start_ijd + span_s / 86400.0
    utc = (utc_from_ijd(pointing.t_start_ijd, 0), utc_from_ijd(stop, 0))
    obt = on_board_time(pointing.t_start_ijd)
    obt_end = obt + OBT_PER_TICK * round(span_s / TICK_S)
    x_axis = SkyCoord(pointing.ra_x, pointing.dec_x, unit="deg")
    z_axis = SkyCoord(pointing.ra_z, pointing.dec_z, unit="deg")
    return (
        "BINTABLE",
        "GROUPING",
        1,
        2,
        f"../../scw/{swid[:4]}/{swid}.{pointing.version}/swg.fits",
        "URL",
        "COR",
        utc[1],
        *utc,
        pointing.revolution,
        swid,
        "POINTING",
        "OTF",
        swid[:8],
        f"{obt:020d}",
        f"{obt_end:020d}",
        obt >> 20 & 0xFFFF,
        obt_end >> 20 & 0xFFFF,
        swid[:8],
        swid[:8],
        "0001",
        "0001",
        pointing.t_start_ijd,
        stop,
        span_s,
        pointing.ra_x,
        pointing.dec_x,
        pointing.ra_z,
        pointing.dec_z,
        x_axis.galactic.l.deg,
        x_axis.galactic.b.deg,
        z_axis.galactic.l.deg,
        z_axis.galactic.b.deg,
        float(x_axis.position_angle(z_axis).wrap_at("180d").deg),
        *(41, 41, 255, 255, 255),
        "General",
    )
