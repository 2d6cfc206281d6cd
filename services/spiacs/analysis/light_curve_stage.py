"""Stage ``light_curve``: one light curve over the interval of the job."""

import json
from typing import NamedTuple

import numpy as np
from astropy.io import fits

from mesh.kit import Unit
from mesh.kit.ogip.good_times import gti_hdu
from mesh.kit.ogip.observation import Observation, ogip_cards, table
from mesh.kit.provenance import write_fits
from science.bursts.curve import Floats
from science.bursts.instants import DAY_S, utc_of_seconds
from science.bursts.noise import Noise, noise_of
from science.bursts.search import spaced_widths
from science.bursts.windows import windows_of
from services.spiacs.analysis.counts_file import BIN_S
from services.spiacs.analysis.merge import Merged, merge
from services.spiacs.analysis.plots import draw_light_curve

_NOISE_SCALES_S = 30.0


def run_light_curve(unit: Unit) -> None:
    """Merge, measure the noise, write.

    Raises:
        ScienceFailure: nothing in the interval, and why.
    """
    with unit.step("merge"):
        merged = merge(unit)
        inside = merged.inside
        factor = round(float(unit.parameters["time_bin"]) / BIN_S)
    with unit.step("noise"):
        widths = spaced_widths(round(_NOISE_SCALES_S / BIN_S), 12).tolist()
        noise = noise_of(merged.curve, widths, windows_of(merged.curve))
    with unit.step("write"):
        curve = rates(merged, factor)
        observation = Observation("SPI-ACS", merged.begin_s / DAY_S, merged.end_s / DAY_S, detector="BGO")
        hdus = fits.HDUList(
            [
                fits.PrimaryHDU(),
                _rate_hdu(merged, curve, factor * BIN_S, observation),
                gti_hdu(inside.good_times(), observation),
            ]
        )
        write_fits(unit, "spi_acs_lc.fits", hdus)
        completeness = merged.completeness(merged.begin_s, merged.end_s)
        report = {
            "simulated": unit.simulated or None,
            "interval": list(unit.parameters["interval"]),
            "time_bin_s": factor * BIN_S,
            "live_s": inside.live_s,
            "completeness": completeness,
            "mean_rate": inside.rate,
            "noise": noise_report(noise),
            "missing": [one.row() for one in merged.missing(merged.begin_s, merged.end_s)],
        }
        (unit.out / "spi_acs_lc.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        title = unit.title("INTEGRAL SPI-ACS")
        preview = unit.out / "preview.png"
        draw_light_curve(preview, merged.begin_s, curve.times, curve.rate, factor * BIN_S, title=title)
    if completeness < 1:
        why = merged.why_not(merged.begin_s, merged.end_s)
        unit.warn(f"{100 * (1 - completeness):.2g} % of the interval has no data: {why}")
    unit.summary(bins=curve.times.size, live_s=inside.live_s, mean_rate=inside.rate, completeness=completeness)


def noise_report(noise: Noise) -> list[dict[str, float]]:
    """Return the noise per time scale: its ratio to Poisson noise and the square of it, the excess variance."""
    return [
        {"scale_s": float(width * BIN_S), "ratio": float(ratio), "excess_variance": float(ratio**2)}
        for width, ratio in zip(noise.widths, noise.ratio, strict=True)
    ]


class Rates(NamedTuple):
    """A light curve; shape (n,) each.

    Args:
        times: bin centres, seconds (TT) since MJD 51544.
        rate: counts/s.
        error: Poisson error, counts/s.
        exposed: live fraction of the bin.
    """

    times: Floats
    rate: Floats
    error: Floats
    exposed: Floats


def rates(merged: Merged, factor: int) -> Rates:
    """Return the live bins of the interval, each of *factor* bins of 50 ms.

    The last bin of the interval is left out where the interval is not a multiple of the bin, unless it is the only one.
    """
    inside = merged.inside
    factor = min(factor, inside.counts.size)
    joined, exposed = inside.rebin(factor)
    used = exposed > 0
    seconds = exposed[used] * joined.bin_s
    return Rates(
        joined.start_s + joined.centres[used],
        joined.counts[used] / seconds,
        np.sqrt(np.maximum(joined.counts[used], 1.0)) / seconds,
        exposed[used],
    )


def _rate_hdu(merged: Merged, curve: Rates, bin_s: float, observation: Observation) -> fits.BinTableHDU:
    """Return the table as the public service lays it out: TIME in s after TIMEZERO, RATE and ERROR in counts/s."""
    zero = 0.5 * (merged.begin_s + merged.end_s)
    columns = [
        fits.Column("TIME", "1D", unit="s", array=curve.times - zero),
        fits.Column("RATE", "1D", unit="count/s", array=curve.rate),
        fits.Column("ERROR", "1D", unit="count/s", array=curve.error),
        fits.Column("FRACEXP", "1E", array=curve.exposed),
    ]
    cards = [
        *ogip_cards("LIGHTCURVE", "TOTAL", "RATE", version="1.1.0"),
        *observation.cards("s"),
        ("TIMEZERO", zero, "[s] to be added to all times"),
        ("TIMEDEL", bin_s, "[s] length of a bin"),
        ("TIMEPIXR", 0.5, "times are those of bin centres"),
        ("ONTIME", float((curve.exposed * bin_s).sum()), "[s] good time in all bins"),
        ("TASSIGN", "SATELLITE", "where times were assigned"),
        ("UTC-OBS", utc_of_seconds(merged.begin_s), "start, UTC"),
        ("UTC-END", utc_of_seconds(merged.end_s), "end, UTC"),
        ("E_MIN", 75.0, "[keV] nominal, the threshold is broad"),
        ("E_MAX", 2000.0, "[keV] nominal"),
        ("EUNIT", "keV", "unit of the energy limits"),
    ]
    if merged.orbit.time_s.size:
        cards.append(("EPHS", _ephemeris(merged), "deg deg km, and spans"))
    return table("RATE", columns, cards)


def _ephemeris(merged: Merged) -> str:
    """RA, Dec and distance of the spacecraft in the middle of the interval, and by how much they change in it."""

    def place(time_s: float) -> Floats:
        x, y, z = merged.position_km(time_s)
        distance = float(np.sqrt(x * x + y * y + z * z))
        return np.array([np.degrees(np.arctan2(y, x)) % 360, np.degrees(np.arcsin(z / distance)), distance])

    middle = place(0.5 * (merged.begin_s + merged.end_s))
    change = np.abs(place(merged.end_s) - place(merged.begin_s))
    change[0] = min(change[0], 360 - change[0])
    return "{:.3f} {:.3f} {:.1f} {:.3f} {:.3f} {:.1f}".format(*middle, *change)
