"""Writes isgri_events.fits.gz in the layout of the INTEGRAL archive (ISGR-EVTS-ALL and IBIS-GNRL-GTI)."""

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.io import fits
from numpy.typing import NDArray

from mesh.archive.times import utc_from_ijd
from mesh.testing.archive.on_board_time import OBT_PER_TICK, TICK_S, Interval, obt_words, on_board_time
from mesh.testing.archive.pointing import Pointing
from services.isgri.simulator.detector import CENTRE_Y, CENTRE_Z, PITCH_MM

Cards = list[tuple[str, object, str]]

_EVENT_COLUMNS = (
    ("DELTA_TIME", "1B", "Delta time to previous event"),
    ("RISE_TIME", "1B", "Event rise time"),
    ("ISGRI_PHA", "1I", "Pulse height in the ISGRI layer"),
    ("ISGRI_Y", "1B", "Y location in the ISGRI layer"),
    ("ISGRI_Z", "1B", "Z location in the ISGRI layer"),
    ("DETY", "1B", "Detector Y coordinate"),
    ("DETZ", "1B", "Detector Z coordinate"),
    ("OB_TIME", "4I", "Full on-board time of the event"),
    ("ISGRI_PI", "1B", "Corrected rise time for ISGRI"),
    ("ISGRI_ENERGY", "1E", "Deposited energy in the ISGRI layer"),
    ("SELECT_FLAG", "1B", "Selection flag"),
    ("TIME", "1D", "Time of event in INTEGRAL Julian Date units"),
)
_GTI_COLUMNS = (
    ("START", "1D", "IJD of start of the GTI"),
    ("STOP", "1D", "IJD of end of the GTI"),
    ("OBT_START", "4I", "On-board time of start of the GTI"),
    ("OBT_END", "4I", "On-board time of end of the GTI"),
    ("UTC_START", "32A", "UTC of start of the GTI"),
    ("UTC_END", "32A", "UTC of end of the GTI"),
)
_LEGAL = ((1, 0, 255), (2, 0, 255), (3, 0, 2047), (4, 0, 127), (5, 0, 127), (6, 0, 129), (7, 0, 133))
_GTI_ROW = np.dtype(
    [
        ("START", ">f8"),
        ("STOP", ">f8"),
        ("OBT_START", ">i2", 4),
        ("OBT_END", ">i2", 4),
        ("UTC_START", "S32"),
        ("UTC_END", "S32"),
    ]
)


@dataclass(frozen=True)
class WindowFacts:
    """What the headers of one window state.

    Args:
        pointing: identifier, attitude, start.
        ticks: length of the window in ticks.
        live_fraction: DEADC.
        gti: good time intervals.
        provenance: text of the SIMULATD card: what the file is.
    """

    pointing: Pointing
    ticks: int
    live_fraction: float
    gti: tuple[Interval, ...]
    provenance: str

    def ijd(self, tick: int) -> float:
        """IJD of a tick."""
        return self.pointing.t_start_ijd + tick * (TICK_S / 86400.0)


def write_event_file(path: Path, rows: NDArray[np.void], facts: WindowFacts, *, level: int = 1) -> None:
    """Write one event file; same arguments, same bytes.

    Args:
        path: file to write, .fits or .fits.gz; its folder is made.
        rows: rows of the event table (telemetry.ROW) in time order.
        facts: what the headers state.
        level: gzip level.
    """
    primary = fits.PrimaryHDU()
    primary.header["COMMENT"] = "Simulated ISGRI events in the layout of the INTEGRAL archive."
    body = b"".join(
        [
            primary.header.tostring().encode("ascii"),
            _table_bytes("ISGR-EVTS-ALL", _EVENT_COLUMNS, rows, _event_cards(rows, facts)),
            _table_bytes("IBIS-GNRL-GTI", _GTI_COLUMNS, _gti_rows(facts), _gti_cards(facts)),
        ]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(body, compresslevel=level, mtime=0) if path.suffix == ".gz" else body)


def _table_bytes(name: str, columns: tuple[tuple[str, str, str], ...], rows: NDArray[np.void], cards: Cards) -> bytes:
    """One BINTABLE extension, header and data, padded to FITS blocks."""
    header = fits.Header()
    structure: Cards = [
        ("XTENSION", "BINTABLE", "Binary table extension"),
        ("BITPIX", 8, "8-bit bytes"),
        ("NAXIS", 2, "2-dimensional binary table"),
        ("NAXIS1", rows.dtype.itemsize, "width of table in bytes"),
        ("NAXIS2", rows.size, "number of rows in table"),
        ("PCOUNT", 0, "size of special data area"),
        ("GCOUNT", 1, "one data group (required keyword)"),
        ("TFIELDS", len(columns), "number of fields in each row"),
    ]
    for number, (column, form, comment) in enumerate(columns, 1):
        structure += [(f"TTYPE{number}", column, comment), (f"TFORM{number}", form, f"Format of column {column}")]
        if form == "4I":
            structure += [
                (f"TZERO{number}", 32768, "offset for unsigned integers"),
                (f"TSCAL{number}", 1, "data are not scaled"),
            ]
    for key, value, comment in [*structure, ("EXTNAME", name, "Extension name"), *cards]:
        header.append((key, value, comment), end=True)
    data = rows.tobytes()
    return str(header.tostring()).encode("ascii") + data + bytes(-len(data) % 2880)


def _common_cards(facts: WindowFacts, level: str, release: str) -> Cards:
    """Keywords that every extension of a science window carries."""
    p, end = facts.pointing, facts.ijd(facts.ticks)
    obt = on_board_time(p.t_start_ijd)
    received = (utc_from_ijd(p.t_start_ijd, 0), utc_from_ijd(end, 0))
    return [
        ("EXTREL", release, "ISDC release number"),
        ("BASETYPE", "DAL_TABLE", "Data Access Layer base type"),
        ("TELESCOP", "INTEGRAL", "Telescope or mission name"),
        ("ORIGIN", "ISDC", "Origin of FITS file"),
        ("INSTRUME", "IBIS", "Instrument name"),
        ("ISDCLEVL", level, "ISDC level of data processing"),
        ("CREATOR", "odamesh simulator", "Executable which created this data"),
        ("CONFIGUR", "odamesh", "Software system configuration"),
        ("SIMULATD", facts.provenance, "Content"),
        ("DATE", received[1], "End of the window (not a clock time)"),
        ("MJDREF", 51544.0, "Modified Julian Date of time origin"),
        ("TIMESYS", "TT", "Time frame system"),
        ("TIMEUNIT", "d", "Time unit"),
        ("TIMEREF", "LOCAL", "Time reference frame"),
        ("ERTFIRST", received[0], "Earth received time of the first packet"),
        ("ERTLAST", received[1], "Earth received time of the last packet"),
        ("REVOL", p.revolution, "Revolution number"),
        ("SWID", p.swid, "Science Window identifier"),
        ("SW_TYPE", "POINTING", "Type of the Science Window"),
        ("SWBOUND", "OTF", "Reason for Science Window ending"),
        ("BCPPID", p.swid[:8], "Broadcast packet pointing ID at ScW start"),
        ("PREVSWID", f"{int(p.swid[:8]) - 1:08d}0021", "Previous Science Window"),
        ("OBTSTART", f"{obt:020d}", "OBT of the start of the Science Window"),
        ("OBTEND", f"{obt + OBT_PER_TICK * facts.ticks:020d}", "OBT of the end of the Science Window"),
        ("TSTART", p.t_start_ijd, "Start time of the Science Window"),
        ("TSTOP", end, "End time of the Science Window"),
        ("TELAPSE", facts.ticks * TICK_S, "[s] Total observation elapsed time"),
        ("HDUCLASS", "OGIP", "Format conforms mostly to OGIP standards"),
        ("RA_SCX", p.ra_x, "[deg] Right ascension of spacecraft X-axis"),
        ("DEC_SCX", p.dec_x, "[deg] Declination of spacecraft X-axis"),
        ("RA_SCZ", p.ra_z, "[deg] Right ascension of spacecraft Z-axis"),
        ("DEC_SCZ", p.dec_z, "[deg] Declination of spacecraft Z-axis"),
        ("EXTVER", 1, "auto assigned by template parser"),
    ]


def _event_cards(rows: NDArray[np.void], facts: WindowFacts) -> Cards:
    """Keywords of ISGR-EVTS-ALL after the columns."""
    p = facts.pointing
    galactic = [SkyCoord(*axis, unit="deg").galactic for axis in ((p.ra_x, p.dec_x), (p.ra_z, p.dec_z))]
    cards = _common_cards(facts, "COR", "7.9")
    cards += [
        ("DETNAM", "ISGRI", "Name of the detector layer"),
        ("HDUCLAS1", "EVENTS", "Dataset contains events"),
        ("HDUCLAS2", "ALL", "2nd subclass of OGIP classification"),
        ("RADECSYS", "FK5", "Stellar reference frame"),
        ("EQUINOX", 2000.0, "Coordinate system equinox"),
    ]
    for axis, place in zip("XZ", galactic, strict=True):
        cards += [
            (f"L2_SC{axis}", float(place.l.deg), f"[deg] Galactic L2 coordinate of s/c {axis}-axis"),
            (f"B2_SC{axis}", float(place.b.deg), f"[deg] Galactic B2 coordinate of s/c {axis}-axis"),
        ]
    cards += [
        ("TIMEDEL", TICK_S / 86400.0, "[d] Time resolution"),
        ("TIMEPIXR", 0.5, "Relative position [0,1] of time stamp in bins"),
        ("TIMECORR", 0, "Time correction flag"),
        ("DEADC", facts.live_fraction, "Live fraction: recorded over incident events"),
        # As in real files: a template value that nobody filled in. Readers must not take it for a number.
        ("E_MIN", "Real", "[keV] Low energy limit"),
        ("E_MAX", "Real", "[keV] High energy limit"),
        ("TFIRST", float(rows["TIME"][0]) if rows.size else p.t_start_ijd, "Time of the first event"),
        ("TLAST", float(rows["TIME"][-1]) if rows.size else p.t_start_ijd, "Time of the last event"),
    ]
    for number, low, high in _LEGAL:
        column = _EVENT_COLUMNS[number - 1][0]
        cards += [
            (f"TLMIN{number}", low, f"Minimum legal value of column {column}"),
            (f"TLMAX{number}", high, f"Maximum legal value of column {column}"),
        ]
    for number, centre in ((6, CENTRE_Y), (7, CENTRE_Z)):
        column = _EVENT_COLUMNS[number - 1][0]
        cards += [
            (f"TCRPX{number}", centre, f"Reference pixel of column {column}"),
            (f"TCRVL{number}", 0.0, f"Reference value of column {column}"),
            (f"TCDLT{number}", PITCH_MM, f"[mm] Pixel increment of column {column}"),
        ]
    cards += [
        ("TNULL9", 255, "Default for column ISGRI_PI"),
        ("TUNIT10", "keV", "Unit of column ISGRI_ENERGY"),
        ("TUNIT12", "d", "Unit of column TIME"),
        ("GRPID1", -1, "EXTVER of Group containing this HDU"),
        ("GRPLC1", "swg.fits", "URL of file containing Group"),
    ]
    return cards


def _gti_cards(facts: WindowFacts) -> Cards:
    """Keywords of IBIS-GNRL-GTI after the columns."""
    return [
        *_common_cards(facts, "GTI", "7.0"),
        ("HDUCLAS1", "GTI", "Dataset contains good time intervals"),
        ("HDUCLAS2", "STANDARD", "2nd subclass of OGIP classification"),
        ("GTI_NAME", "MERGED_ISGRI", "GTI category"),
        ("TUNIT1", "d", "Unit of column START"),
        ("TUNIT2", "d", "Unit of column STOP"),
    ]


def _gti_rows(facts: WindowFacts) -> NDArray[np.void]:
    """Rows of the GTI table."""
    rows = np.zeros(len(facts.gti), dtype=_GTI_ROW)
    obt = on_board_time(facts.pointing.t_start_ijd)
    for row, interval in zip(rows, facts.gti, strict=True):
        for tick, time, words, utc in (
            (interval.start, "START", "OBT_START", "UTC_START"),
            (interval.stop, "STOP", "OBT_END", "UTC_END"),
        ):
            row[time] = facts.ijd(tick)
            row[words] = obt_words(np.array([obt + OBT_PER_TICK * tick]))[0]
            row[utc] = utc_from_ijd(facts.ijd(tick), 6).encode("ascii")
    return rows
