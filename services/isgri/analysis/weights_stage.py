"""Stage ``weights``: the events of one window with the weight that each has for each source.

The sum of the weights of any set of events over its share of the exposure is the flux of the source, so that a fold
of weights needs no background: Z^2_n with weights is ``2 / sum w^2 * sum_k |sum w exp(2 pi i k phase)|^2``.
"""

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from mesh.kit import Unit
from mesh.kit.ogip.events import events_hdu
from mesh.kit.ogip.good_times import gti_hdu
from mesh.kit.ogip.observation import DAY_S, table
from mesh.kit.provenance import write_fits
from science.coded_mask.barycentric import asked, unit_orbit
from science.coded_mask.extraction import absent_sources
from science.timing.barycentre import EPHEMERIS, barycentric_s
from services.isgri.analysis.image_stage import event_file
from services.isgri.analysis.lc_stage import band_weights, fit_bands, in_band
from services.isgri.analysis.window_fit import pixel_of

EVENTS_FILE = "isgri_weighted_events.fits"
_RESOLUTION_S = 7.06425e-10 * DAY_S
"""TIMEDEL of the archive's event tables: 61 microseconds."""


def run_weights(unit: Unit) -> None:
    """Write the events of the bands with columns ``WEIGHT_1``, ``WEIGHT_2``, ... in the order of the source table.

    Where barycentric times are asked for, ``BARYTIME_1``, ... are those for the place of each source (TDB).
    """
    bands = [(float(low), float(high)) for low, high in unit.parameters["bands"]]
    window, found, _ = fit_bands(unit, bands)
    # Nothing is made of all windows together, which could say it.
    names = [target.name for target in found.targets]
    for warning in absent_sources(unit.parameters["catalogue"], names, "this window does not show"):
        unit.warn(warning)
    with unit.step("weights"):
        events = window.events
        weights = np.zeros((len(found.targets), events.time_s.size), np.float32)
        taken = np.zeros(events.time_s.size, bool)
        pixel = pixel_of(window)
        # Of bands that overlap the first has the event.
        for channel, band in enumerate(bands):
            new = in_band(window, band) & ~taken
            weights[:, new] = band_weights(found, channel).weights[:, pixel[new]]
            taken |= new
        seen = window.observation(found.targets[0].name, found.targets[0].ra, found.targets[0].dec)
        time = events.tstart_ijd * DAY_S + events.time_s[taken]
        columns: dict[str, tuple[str, NDArray[np.floating]]]
        columns = {f"WEIGHT_{n}": ("count/s", row[taken]) for n, row in enumerate(weights, 1)}
        if asked(unit):
            orbit = unit_orbit(unit, event_file(unit), window.good_times_ijd_s().ravel())
            columns |= {
                f"BARYTIME_{n}": ("s", barycentric_s(time, target.ra, target.dec, orbit))
                for n, target in enumerate(found.targets, 1)
            }
        listed = table(
            "ISGR-SRC.-CAT",
            [
                fits.Column("WEIGHT", "16A", array=[f"WEIGHT_{n}" for n in range(1, len(found.targets) + 1)]),
                fits.Column("NAME", "64A", array=[target.name for target in found.targets]),
                fits.Column("RA_OBJ", "1D", unit="deg", array=[target.ra for target in found.targets]),
                fits.Column("DEC_OBJ", "1D", unit="deg", array=[target.dec for target in found.targets]),
            ],
            seen.cards("s"),
        )
        list_hdu = events_hdu(
            time,
            events.energy_kev[taken],
            seen,
            columns=columns,
            resolution_s=_RESOLUTION_S,
            extra=(("PLEPHEM", EPHEMERIS, "ephemeris of BARYTIME (TDB)"),) if asked(unit) else (),
            name="ISGR-EVTS-ALL",
        )
        good = gti_hdu(window.good_times_ijd_s(), seen, "IBIS-GNRL-GTI")
        write_fits(unit, EVENTS_FILE, fits.HDUList([fits.PrimaryHDU(), list_hdu, good, listed]))
    unit.summary(
        exposure_s=round(window.live_time_s, 3),
        events=int(taken.sum()),
        validation=window.events.validation.report,
        sources=[
            {"name": target.name, "column": f"WEIGHT_{n}", "square_sum": float((row.astype(np.float64) ** 2).sum())}
            for n, (target, row) in enumerate(zip(found.targets, weights, strict=True), 1)
        ],
    )
