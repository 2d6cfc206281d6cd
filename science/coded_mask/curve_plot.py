"""Pictures of light curves: rates with errors against time, one panel a band, gaps left open."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from astropy.time import Time
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mesh.kit.ogip.light_curve import LightCurve
from mesh.kit.ogip.observation import DAY_S, MJDREF
from science.coded_mask.figure import DATA, FAINT, figure
from science.coded_mask.window_curves import SourceCurves

_MAX_POINTS = 400
_MAX_PANELS = 6
_DAYS_FROM_S = 3 * DAY_S

Array = NDArray[np.float64]


def write_curve(path: Path, source: SourceCurves, title: str) -> None:
    """Draw the light curves of one source, a panel for each of the first six bands."""
    shown = source.curves[:_MAX_PANELS]
    start, unit = _origin([source])
    with figure(path, 9.0, 1.2 + 2.6 * len(shown)) as drawn:
        panels = drawn.subplots(len(shown), 1, squeeze=False, sharex=True).ravel()
        for axes, (band, curve) in zip(panels, shown, strict=True):
            points = _draw(axes, curve, source.width_s, start, unit)
            axes.set_ylabel("counts s⁻¹")
            axes.set_title(f"{band[0]:g}-{band[1]:g} keV, {points:g} s", loc="right", fontsize=10, weight="normal")
        panels[0].set_title(title, loc="left")
        panels[-1].set_xlabel(_time_label(start, unit))


def write_curves(path: Path, sources: Sequence[SourceCurves], title: str) -> None:
    """Draw the first band of the first six sources, one below the other."""
    shown = sources[:_MAX_PANELS]
    start, unit = _origin(shown)
    with figure(path, 9.0, 1.2 + 1.7 * len(shown)) as drawn:
        panels = drawn.subplots(len(shown), 1, squeeze=False, sharex=True).ravel()
        for axes, source in zip(panels, shown, strict=True):
            band, curve = source.curves[0]
            points = _draw(axes, curve, source.width_s, start, unit)
            axes.set_title(source.name, loc="left", fontsize=10, color=DATA)
        panels[0].set_title(f"{band[0]:g}-{band[1]:g} keV, {points:g} s", loc="right", fontsize=10, weight="normal")
        drawn.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
        drawn.supylabel("counts s⁻¹", fontsize=11)
        panels[-1].set_xlabel(_time_label(start, unit))


def _draw(axes: Axes, curve: LightCurve, width_s: float, start: float, unit: float) -> float:
    """Draw a curve; return the length of the bins that are drawn, in seconds."""
    time, rate, error, width = _display_bins(curve, width_s)
    axes.axhline(0.0, color=FAINT, lw=0.8, zorder=1)
    x = (time - start) / unit
    axes.errorbar(x, rate, yerr=error, xerr=width / 2 / unit, fmt="o", ms=2.5, color=DATA, elinewidth=0.9, zorder=3)
    if rate.size:
        spread = float(np.median(error))
        axes.set_ylim(min(-1.5 * spread, float(np.min(rate - 1.5 * error))), float(np.max(rate + 2.0 * error)))
    return width


def _display_bins(curve: LightCurve, width_s: float) -> tuple[Array, Array, Array, float]:
    """Join bins of long curves to at most some hundred, weighted by exposure: time, rate, error, length."""
    span = float(np.ptp(curve.time_s)) / width_s + 1.0 if curve.time_s.size else 1.0
    # Only bins with data count: a curve with long gaps is not made coarser by them.
    factor = max(int(np.ceil(min(span, curve.time_s.size) / _MAX_POINTS)), 1)
    if factor == 1:
        return curve.time_s, curve.rate, curve.error, width_s
    group, place = np.unique(np.floor(curve.time_s / (factor * width_s)), return_inverse=True)

    def total(values: Array) -> Array:
        return np.asarray(np.bincount(place, values, minlength=group.size), np.float64)

    exposed = total(curve.exposed)
    return (
        total(curve.time_s * curve.exposed) / exposed,
        total(curve.rate * curve.exposed) / exposed,
        np.sqrt(total((curve.error * curve.exposed) ** 2)) / exposed,
        factor * width_s,
    )


def _origin(sources: Sequence[SourceCurves]) -> tuple[float, float]:
    """Return the start of the first good time and the unit of the time axis (an hour or a day), seconds."""
    start = min(float(source.good_times_s[0, 0]) for source in sources)
    stop = max(float(source.good_times_s[-1, 1]) for source in sources)
    return start, DAY_S if stop - start > _DAYS_FROM_S else 3600.0


def _time_label(start: float, unit: float) -> str:
    since = Time(MJDREF + start / DAY_S, format="mjd", scale="tt").utc
    since.precision = 0
    return f"{'Days' if unit == DAY_S else 'Hours'} since {since.isot.replace('T', ' ')} UTC"
