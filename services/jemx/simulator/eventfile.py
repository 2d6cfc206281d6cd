"""Writes jmx1_events.fits.gz and jmx2_events.fits.gz: JMXi-FULL-ALL and JMXi-GNRL-GTI.

Names and meaning of the columns are those of the JEM-X manual. Their FITS formats are not known in public: they follow
the ISGRI tables (B, I, E, D), and are ours.
"""

import gzip
from io import BytesIO
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from mesh.testing.archive.on_board_time import OBT_PER_TICK, TICK_S, Interval, obt_words, on_board_time
from mesh.testing.archive.pointing import Pointing
from services.jemx.simulator.detector import DetectorState, raw
from services.jemx.simulator.photons import Events
from services.jemx.simulator.spectra import channels

_NEXT_TO_DEAD, _HOT_SPOT = 32, 8192
"""Bits of STATUS."""


def write_event_file(
    path: Path,
    unit: int,
    events: Events,
    state: DetectorState,
    pointing: Pointing,
    *,
    gti: tuple[Interval, ...],
    ticks: int,
    live_fraction: float,
    grey: NDArray[np.uint8],
) -> None:
    """Write the events of one unit in one window; same arguments, same bytes.

    Args:
        path: file to write, .fits or .fits.gz; its folder is made.
        unit: 1 or 2.
        events: in any order; those on dead anodes and outside the window are left out.
        state: condition of the detector.
        pointing: identifier, attitude, start.
        gti: good time intervals.
        ticks: length of the window.
        live_fraction: DEADC.
        grey: setting of the grey filter at each event.
    """
    tick = (events.time_s / TICK_S).astype(np.int64)
    raw_x, raw_y = raw(events.y_mm), raw(events.z_mm)
    kept = np.flatnonzero((tick >= 0) & (tick < ticks) & ~np.isin(raw_x, state.dead_anodes))
    kept = kept[np.argsort(tick[kept], kind="stable")]
    tick, raw_x, raw_y = tick[kept], raw_x[kept], raw_y[kept]
    status = np.zeros(kept.size, np.int16)
    beside = {anode + side for anode in state.dead_anodes for side in (-1, 1)}
    status[np.isin(raw_x, sorted(beside))] |= _NEXT_TO_DEAD
    for x, y in state.hot_spots:
        status[(raw_x == x) & (raw_y == y)] |= _HOT_SPOT
    energy = events.energy_kev[kept] * state.gain
    pulse = channels(energy)
    column = fits.Column
    obt = on_board_time(pointing.t_start_ijd)
    table = fits.BinTableHDU.from_columns(
        [
            column("DELTA_TIME", "1B", array=tick & 0xFF),
            column("GREY_FILTER", "1B", array=grey[kept]),
            column("FULL_PHA", "1I", array=np.clip(energy * 100.0, 0, 4095).astype(np.int16)),
            column("RAWX", "1B", array=raw_x),
            column("RAWY", "1B", array=raw_y),
            column("PI", "1B", array=pulse),
            column("DETX", "1E", unit="mm", array=events.y_mm[kept]),
            column("DETY", "1E", unit="mm", array=events.z_mm[kept]),
            column("STATUS", "1I", array=status),
            column("OB_TIME", "4I", array=obt_words(obt + OBT_PER_TICK * tick).astype(np.int16)),
            column("TIME", "1D", unit="d", array=pointing.t_start_ijd + tick * (TICK_S / 86400.0)),
        ],
        name=f"JMX{unit}-FULL-ALL",
    )
    start = pointing.t_start_ijd
    spans = [[start + edge * (TICK_S / 86400.0) for edge in (part.start, part.stop)] for part in gti]
    times = np.array(spans, np.float64).reshape(-1, 2)
    good = fits.BinTableHDU.from_columns(
        [column("START", "1D", unit="d", array=times[:, 0]), column("STOP", "1D", unit="d", array=times[:, 1])],
        name=f"JMX{unit}-GNRL-GTI",
    )
    good.header["GTI_NAME"] = (f"MERGED_JMX{unit}", "GTI category")
    for hdu in (table, good):
        _set_cards(hdu.header, unit, pointing, ticks, live_fraction)
    stream = BytesIO()
    fits.HDUList([fits.PrimaryHDU(), table, good]).writeto(stream)
    path.parent.mkdir(parents=True, exist_ok=True)
    body = stream.getvalue()
    path.write_bytes(gzip.compress(body, compresslevel=1, mtime=0) if path.suffix == ".gz" else body)


def _set_cards(header: fits.Header, unit: int, pointing: Pointing, ticks: int, live_fraction: float) -> None:
    """Keywords that every extension of a science window carries."""
    for key, value, comment in (
        ("TELESCOP", "INTEGRAL", "telescope"),
        ("INSTRUME", f"JMX{unit}", "instrument"),
        ("CREATOR", "odamesh simulator", "program that made this file"),
        ("SIMULATD", "odamesh simulator", "simulated data"),
        ("MJDREF", 51544.0, "modified Julian date of the time origin"),
        ("TIMESYS", "TT", "time frame"),
        ("TIMEUNIT", "d", "time unit"),
        ("REVOL", pointing.revolution, "revolution"),
        ("SWID", pointing.swid, "science window"),
        ("SW_TYPE", "POINTING", "type of the science window"),
        ("TSTART", pointing.t_start_ijd, "start of the window"),
        ("TSTOP", pointing.t_start_ijd + ticks * (TICK_S / 86400.0), "end of the window"),
        ("TELAPSE", ticks * TICK_S, "[s] length of the window"),
        ("DEADC", live_fraction, "live fraction"),
        ("RA_SCX", pointing.ra_x, "[deg] right ascension of spacecraft X axis"),
        ("DEC_SCX", pointing.dec_x, "[deg] declination of spacecraft X axis"),
        ("RA_SCZ", pointing.ra_z, "[deg] right ascension of spacecraft Z axis"),
        ("DEC_SCZ", pointing.dec_z, "[deg] declination of spacecraft Z axis"),
    ):
        header[key] = (value, comment)
