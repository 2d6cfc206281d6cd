"""Stage ``events``: the events of one slice, in order and on one time scale."""

import numpy as np
from astropy.io import fits

from mesh.kit import ScienceFailure, Unit
from mesh.kit.provenance import write_fits
from science.bursts.instants import utc_of_seconds
from services.polar.analysis.events import ANGLE_BIN, EVENTS, Events
from services.polar.analysis.merge import slice_span
from services.polar.analysis.raw_events import read_raw_events


def run_events(unit: Unit) -> None:
    """Read, clean and store one slice.

    Raises:
        BadInput: the file is damaged, or does not say what its times count from.
        ScienceFailure: reason ``NoPOLAREvents``: the slice is empty.
    """
    with unit.step("read"):
        raw = read_raw_events(unit.inputs("events")[0].paths[0], slice_span(unit.label))
        events, response = raw.events, raw.responses
    with unit.step("clean"):
        if not events.time_s.size:
            text = f"slice {unit.label} has no events: POLAR was off, or over the South Atlantic Anomaly"
            raise ScienceFailure("NoPOLAREvents", text)
        write_fits(
            unit,
            "polar_events.fits.gz",
            fits.HDUList([fits.PrimaryHDU(), _table(events, raw.angle_bin_deg), *response]),
        )
    for note in raw.notes:
        unit.warn(note)
    unit.summary(
        events=events.time_s.size,
        first=utc_of_seconds(float(events.time_s[0])),
        last=utc_of_seconds(float(events.time_s[-1])),
        scattered=int(np.isfinite(events.angle_deg).sum()),
        response=bool(response),
    )


def _table(events: Events, angle_bin_deg: float) -> fits.BinTableHDU:
    table = fits.BinTableHDU.from_columns(
        [
            fits.Column("TIME", "1D", unit="s", array=events.time_s),
            fits.Column("ENERGY", "1E", unit="keV", array=events.energy_kev),
            fits.Column("DEADFRAC", "1E", array=events.dead),
            fits.Column("SA", "1E", unit="deg", array=events.angle_deg),
        ],
        name=EVENTS,
    )
    table.header["MJDREF"] = 51544.0
    table.header["TIMESYS"] = "TT"
    table.header[ANGLE_BIN] = (angle_bin_deg, "[deg] bins of SA; 0: not binned")
    return table
