"""Reads the light curve of another spacecraft, an OGIP file of an earlier job or of the archive."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from mesh.kit import BadInput
from science.bursts.curve import Curve, Floats
from science.bursts.instants import column_unit, keyword_unit, origin_s, seconds_per

_MOST_BINS = 5_000_000
_OFF_GRID = 0.1  # of a bin


@dataclass(frozen=True)
class PartnerCurve:
    """What another spacecraft saw.

    Args:
        name: of the instrument, as its header says it.
        curve: rates times the bin.
        variance: of each bin, counts^2, shape (n,).
    """

    name: str
    curve: Curve
    variance: Floats

    def rebin(self, factor: int) -> "PartnerCurve":
        """Return it in bins *factor* times as long; only those that are live as a whole."""
        joined, exposed = self.curve.rebin(factor)
        whole = self.variance[: joined.counts.size * factor].reshape(-1, factor).sum(axis=1)
        live = exposed > 1 - 1e-9
        return PartnerCurve(self.name, Curve(joined.start_s, joined.bin_s, joined.counts, live), whole)


def read_partner_curve(paths: Iterable[Path]) -> PartnerCurve:
    """Read the first light curve of the only file that has one.

    Raises:
        BadInput: reason ``BadPartner``: no light curve, several files with one, or one that cannot be understood.
    """
    found: dict[Path, PartnerCurve] = {}
    for path in paths:
        if path.suffix in {".json", ".png", ".txt", ".reg"}:
            continue
        try:
            with fits.open(path, memmap=False) as hdus:
                table = next((hdu for hdu in hdus[1:] if _is_light_curve(hdu)), None)
                if table is not None:
                    found[path] = _on_grid(table.data, table.header)
        except (OSError, EOFError, KeyError, ValueError, TypeError, IndexError) as error:
            raise BadInput("BadPartner", f"{path.name} cannot be read as an OGIP light curve ({error})") from error
    if len(found) != 1:
        names = ", ".join(sorted(path.name for path in found)) or "none"
        text = f"one file with a light curve (HDUCLAS1 LIGHTCURVE) is needed to compare with; there is {names}"
        raise BadInput("BadPartner", text)
    return next(iter(found.values()))


def _is_light_curve(hdu: Any) -> bool:
    return str(hdu.header.get("HDUCLAS1", "")).strip().upper() == "LIGHTCURVE"


def _on_grid(rows: Any, header: fits.Header) -> PartnerCurve:
    scale = seconds_per(column_unit(header, "TIME") or keyword_unit(header, "TIME"))
    times = np.asarray(rows["TIME"], dtype=float) * scale
    bin_s = _bin_s(times, header)
    middle = times + (0.5 - float(header.get("TIMEPIXR", 0.5))) * bin_s
    names = {str(name).upper() for name in rows.names}
    name, per_s = ("RATE", 1.0) if "RATE" in names else ("COUNTS", bin_s)
    rate = np.asarray(rows[name], dtype=float) / per_s
    if "ERROR" in names:
        error = np.asarray(rows["ERROR"], dtype=float) / per_s
    else:
        error = np.sqrt(np.maximum(rate * bin_s, 1.0)) / bin_s  # counts of single photons
    good = np.isfinite(middle) & np.isfinite(rate) & np.isfinite(error) & (error > 0)
    if good.sum() < 2:
        raise ValueError("fewer than two bins with a rate and an error")
    first = float(middle[good].min())
    places = (middle[good] - first) / bin_s
    if np.abs(places - np.round(places)).max() > _OFF_GRID:
        raise ValueError(f"its bins do not lie on one grid of {bin_s:g} s")
    size = int(np.round(places.max())) + 1
    if size > _MOST_BINS:
        raise ValueError(f"it spans {size} bins; {_MOST_BINS} are the most")
    counts, variance, live = np.zeros(size), np.ones(size), np.zeros(size, dtype=bool)
    cells = np.round(places).astype(int)
    counts[cells], variance[cells], live[cells] = rate[good] * bin_s, (error[good] * bin_s) ** 2, True
    start_s = origin_s(header) + first - 0.5 * bin_s
    return PartnerCurve(str(header.get("INSTRUME", "partner")).strip(), Curve(start_s, bin_s, counts, live), variance)


def _bin_s(times: Floats, header: fits.Header) -> float:
    """Return the length of the bins, s: TIMEDEL in that of its likely units that fits their distance, or that distance.

    Raises:
        ValueError: TIMEDEL fits the distance of the bins in no unit.
    """
    steps = np.diff(np.sort(times[np.isfinite(times)]))
    steps = steps[steps > 0]
    if not steps.size:
        raise ValueError("fewer than two bins with a time")
    step = float(np.median(steps))
    if "TIMEDEL" not in header:
        return step
    given = float(header["TIMEDEL"])
    units = (keyword_unit(header, "TIMEDEL"), column_unit(header, "TIME") or "s", "s", "d")
    lengths = [given * seconds_per(unit) for unit in units]
    # Gaps leave the distance of bins a whole number of them; of several units that fit it is the longest.
    fitting = [one for one in lengths if one > 0 and abs(step / one - max(1, round(step / one))) < _OFF_GRID]
    if fitting:
        return max(fitting)
    raise ValueError(f"TIMEDEL {given:g} does not fit bins that are {step:g} s apart")
