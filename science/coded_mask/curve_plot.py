"""Pictures of light curves: rates with errors against time, one panel a band, gaps left open."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from astropy.time import Time
from matplotlib.axes import Axes
from numpy.typing import NDArray

from mesh.kit.ogip.light_curve import LightCurve
from mesh.kit.ogip.observation import DAY_S, MJDREF
from science.coded_mask.figure import ACCENT, DATA, FAINT, figure
from science.coded_mask.window_curves import SourceCurves

_MAX_POINTS = 400
_MAX_PANELS = 6
_MAX_COLUMNS = 3
_AROUND = 100
"""Bins to each side of the highest one that are drawn as they were asked for."""
_TYPICAL = 4.0
"""Bins whose error is this many times the usual one do not set the limits of the axis."""
_DAYS_FROM_S = 3 * DAY_S

Array = NDArray[np.float64]


def write_curve(path: Path, source: SourceCurves, title: str) -> None:
    """Draw the light curves of one source, a panel for each of the first six bands.

    Where a curve has more bins than can be told apart, some are joined, and a second panel shows those around the
    highest one as they were asked for.
    """
    shown = source.curves[:_MAX_PANELS]
    start, unit = _origin([source])
    close = any(_joined_bins(curve, source.width_s) > 1 for _, curve in shown)
    with figure(path, 12.0 if close else 9.0, 1.2 + 2.6 * len(shown)) as drawn:
        ratios = (2, 1) if close else (1,)
        panels = drawn.subplots(len(shown), len(ratios), squeeze=False, sharex="col", width_ratios=ratios)
        peak = _peak_s(shown) if close else 0.0
        for (axes, *beside), (band, curve) in zip(panels, shown, strict=True):
            points = _draw(axes, curve, source.width_s, start, unit)
            axes.set_ylabel("counts s⁻¹")
            axes.set_title(f"{band[0]:g}-{band[1]:g} keV, {points:g} s", loc="right", fontsize=10, weight="normal")
            for zoom in beside:
                _draw(zoom, _around(curve, peak, source.width_s), source.width_s, peak, 1.0)
                told = f"highest bin, {source.width_s:g} s"
                zoom.set_title(told, loc="right", fontsize=10, weight="normal")
                axes.axvspan(
                    (peak - _AROUND * source.width_s - start) / unit, (peak + _AROUND * source.width_s - start) / unit,
                    color=ACCENT, alpha=0.2, lw=0,
                )  # fmt: skip
        panels[0, 0].set_title(title, loc="left")
        panels[-1, 0].set_xlabel(_time_label(start, unit))
        if close:
            panels[-1, 1].set_xlabel(f"Seconds from {_utc(peak, 3)} UTC")


def write_curves(path: Path, sources: Sequence[SourceCurves], title: str) -> None:
    """Draw the first six sources, one below the other, with a column for each of the first three bands."""
    shown = sources[:_MAX_PANELS]
    bands = [band for band, _ in shown[0].curves][:_MAX_COLUMNS]
    start, unit = _origin(shown)
    with figure(path, 3.0 + 6.0 * len(bands) if len(bands) > 1 else 9.0, 1.2 + 1.7 * len(shown)) as drawn:
        panels = drawn.subplots(len(shown), len(bands), squeeze=False, sharex=True)
        for row, source in zip(panels, shown, strict=True):
            row[0].set_title(source.name, loc="left", fontsize=10, color=DATA)
            for axes, (band, curve) in zip(row, source.curves, strict=False):
                points = _draw(axes, curve, source.width_s, start, unit)
                axes.set_title(f"{band[0]:g}-{band[1]:g} keV, {points:g} s", loc="right", fontsize=9, weight="normal")
        drawn.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
        drawn.supylabel("counts s⁻¹", fontsize=11)
        for axes in panels[-1]:
            axes.set_xlabel(_time_label(start, unit))


def _draw(axes: Axes, curve: LightCurve, width_s: float, start: float, unit: float) -> float:
    """Draw a curve; return the length of the bins that are drawn, in seconds."""
    time, rate, error, width = _display_bins(curve, width_s)
    axes.axhline(0.0, color=FAINT, lw=0.8, zorder=1)
    x = (time - start) / unit
    axes.errorbar(x, rate, yerr=error, xerr=width / 2 / unit, fmt="o", ms=2.5, color=DATA, elinewidth=0.9, zorder=3)
    typical = error <= _TYPICAL * np.median(error) if error.size else error > 0.0
    if typical.any():
        spread, known, scatter = float(np.median(error)), rate[typical], error[typical]
        axes.set_ylim(min(-1.5 * spread, float(np.min(known - 1.5 * scatter))), float(np.max(known + 2.0 * scatter)))
    return width


def _peak_s(curves: Sequence[tuple[tuple[float, float], LightCurve]]) -> float:
    """Return the time of the bin that stands highest above the middle of its curve, in its errors."""
    best, place = -np.inf, 0.0
    for _, curve in curves:
        if curve.time_s.size:
            height = (curve.rate - np.median(curve.rate)) / curve.error
            index = int(np.argmax(height))
            if height[index] > best:
                best, place = float(height[index]), float(curve.time_s[index])
    return place


def _around(curve: LightCurve, peak_s: float, width_s: float) -> LightCurve:
    near = np.abs(curve.time_s - peak_s) <= _AROUND * width_s
    return LightCurve(curve.time_s[near], curve.rate[near], curve.error[near], curve.exposed[near], curve.width_s[near])


def _joined_bins(curve: LightCurve, width_s: float) -> int:
    """Return how many bins of a curve are drawn as one."""
    span = float(np.ptp(curve.time_s)) / width_s + 1.0 if curve.time_s.size else 1.0
    # Only bins with data count: a curve with long gaps is not made coarser by them.
    return max(int(np.ceil(min(span, curve.time_s.size) / _MAX_POINTS)), 1)


def _display_bins(curve: LightCurve, width_s: float) -> tuple[Array, Array, Array, float]:
    """Join bins of long curves to at most some hundred, weighted by exposure: time, rate, error, length."""
    factor = _joined_bins(curve, width_s)
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
    return f"{'Days' if unit == DAY_S else 'Hours'} since {_utc(start, 0)} UTC"


def _utc(time_s: float, digits: int) -> str:
    instant = Time(MJDREF + time_s / DAY_S, format="mjd", scale="tt").utc
    instant.precision = digits
    return str(instant.isot).replace("T", " ")
