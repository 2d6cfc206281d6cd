"""Stage ``light_curve``: count rates in energy bands."""

import numpy as np
from astropy.io import fits

from mesh.kit import ScienceFailure, Unit
from mesh.kit.ogip.good_times import gti_hdu
from mesh.kit.ogip.light_curve import LightCurve, rate_hdu
from mesh.kit.ogip.observation import Card, Observation, table
from mesh.kit.provenance import write_fits
from science.bursts.curve import Curve
from science.bursts.instants import DAY_S, utc_of_seconds
from services.polar.analysis.merge import Merged, merge
from services.polar.analysis.plots import draw_bands


def run_light_curve(unit: Unit) -> None:
    """Merge and write.

    Raises:
        ScienceFailure: nothing in the interval.
    """
    with unit.step("merge"):
        merged = merge(unit)
        bin_s = float(unit.parameters["time_bin"])
        bands = [(float(low), float(high)) for low, high in unit.parameters["bands"]]
        curves = [merged.curve(band, bin_s) for band in bands]
        if not curves[0].live.any():
            raise ScienceFailure("NoData", f"the interval holds no whole bin of {bin_s:g} s with data")
    with unit.step("write"):
        made = [_light_curve(curve) for curve in curves]
        observation = observation_of(merged)
        hdus = fits.HDUList([fits.PrimaryHDU()])
        # The standard table first: readers take the first that they find.
        for version, (one, band) in enumerate(zip(made, bands, strict=True), 1):
            number: Card = ("EXTVER", version, "number of the band")
            hdus.append(rate_hdu(one, bin_s, observation, band_kev=band, net=False, extra=(number,)))
        hdus.append(gti_hdu(curves[0].good_times(), observation))
        for version, (one, band) in enumerate(zip(made, bands, strict=True), 1):
            hdus.append(_polar_lc(one, bin_s, observation, band))
            hdus[-1].header["EXTVER"] = (version, "number of the band")
        write_fits(unit, "polar_lc.fits", hdus)
        draw_bands(unit.out / "preview.png", unit.title("POLAR"), merged.begin_s, made, bands)
    live = curves[0].live_s / (merged.end_s - merged.begin_s)
    if live < 0.999:
        unit.warn(f"{100 * (1 - live):.2g} % of the interval has no data")
    unit.summary(bins=int(curves[0].live.sum()), bands=bands, rates=[curve.rate for curve in curves])


def observation_of(merged: Merged) -> Observation:
    """Say what was observed, for headers."""
    cards = (
        ("UTC-OBS", utc_of_seconds(merged.begin_s), "start, UTC"),
        ("UTC-END", utc_of_seconds(merged.end_s), "end, UTC"),
    )
    return Observation("POLAR", merged.begin_s / DAY_S, merged.end_s / DAY_S, telescope="Tiangong-2", extra=cards)


def _light_curve(curve: Curve) -> LightCurve:
    used = curve.live
    seconds = curve.bin_s * curve.share[used]
    return LightCurve(
        time_s=curve.start_s + curve.centres[used],
        rate=curve.counts[used] / seconds,
        error=np.sqrt(np.maximum(curve.counts[used], 1.0)) / seconds,
        exposed=np.ones(int(used.sum())),
        width_s=np.full(int(used.sum()), curve.bin_s),
    )


def _polar_lc(curve: LightCurve, bin_s: float, observation: Observation, band: tuple[float, float]) -> fits.BinTableHDU:
    """Return the table as the public service names it: time, rate, rate_err."""
    columns = [
        fits.Column("time", "1D", unit="s", array=curve.time_s),
        fits.Column("rate", "1D", unit="count/s", array=curve.rate),
        fits.Column("rate_err", "1D", unit="count/s", array=curve.error),
    ]
    cards = [
        *observation.cards("s"),
        ("TIMEZERO", 0.0, "[s] to be added to all times"),
        ("TIMEDEL", bin_s, "[s] length of a bin"),
        ("TIMEPIXR", 0.5, "times are those of bin centres"),
        ("E_MIN", band[0], "[keV] lower energy limit"),
        ("E_MAX", band[1], "[keV] upper energy limit"),
    ]
    return table("POLAR_LC", columns, cards)
