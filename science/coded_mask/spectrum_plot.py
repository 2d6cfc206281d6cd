"""Pictures of spectra: flux density against energy with errors, without a model of the source."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator
from numpy.typing import NDArray

from science.coded_mask.figure import ACCENT, DATA, FAINT, figure
from science.coded_mask.spectrum_sum import SourceSpectrum

_LEAST_SIGMA = 4.0
_SHOWN_SIGMA = 2.0
"""Points below are drawn as upper limits of 3 sigma."""
_WIDEST = 1.35
"""Channels are joined until the point has this significance or spans this ratio of energies."""
_MAX_PANELS = 9
_TICKS_KEV = (3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000)
_CRABS = ((10.0, "10 Crab"), (1.0, "1 Crab"), (0.1, "100 mCrab"), (0.01, "10 mCrab"), (0.001, "1 mCrab"))
_DECADES = 4.5
"""Most of the axis of flux densities; what is fainter is below it."""
_ROOM_FOR_LIMITS = 5.0
"""Upper limits that far above the highest point are still drawn; those of the last channels would squeeze the data."""
_EXPLAINED = "▽ upper limits of 3σ   - - - the Crab and tenths of it"

_NOTE = "#6b7785"

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """What rates are compared with: the same channels of the Crab.

    ``crab`` is its rate per channel (counts/s), ``norm`` and ``index`` its photon spectrum at 1 keV. ``range_kev`` is
    what is drawn.
    """

    edges_kev: Array
    crab: Array
    norm: float
    index: float
    range_kev: tuple[float, float]

    def density(self, energy_kev: Array) -> Array:
        """E^2 times the photon flux of the Crab, keV2 (photons/cm2/s/keV)."""
        result: Array = self.norm * energy_kev ** (2.0 - self.index)
        return result


def write_spectrum(path: Path, spectrum: SourceSpectrum, scale: Scale, title: str) -> None:
    """Draw one spectrum."""
    with figure(path, 8.0, 5.6) as drawn:
        axes = drawn.add_subplot()
        _limit([axes], [_draw(axes, spectrum, scale)], scale)
        axes.set_title(title, loc="left")
        axes.set_xlabel("Energy (keV)")
        axes.set_ylabel("E² × photon flux   (keV² cm⁻² s⁻¹ keV⁻¹)")
        told = f"{spectrum.exposure_s / 1000.0:.1f} ks, {spectrum.windows} science windows"
        axes.set_title(told, loc="right", fontsize=10, weight="normal")
        axes.text(0.01, 0.02, _EXPLAINED, transform=axes.transAxes, fontsize=8, color=_NOTE)


def write_spectra(path: Path, spectra: list[SourceSpectrum], scale: Scale, title: str) -> None:
    """Draw the spectra of the first nine sources side by side."""
    shown = spectra[:_MAX_PANELS]
    columns = int(np.ceil(np.sqrt(len(shown))))
    rows = int(np.ceil(len(shown) / columns))
    with figure(path, 1.5 + 3.6 * columns, 1.0 + 2.7 * rows) as drawn:
        panels = drawn.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
        spans = []
        for axes, spectrum in zip(panels, shown, strict=False):
            spans.append(_draw(axes, spectrum, scale, small=True))
            axes.set_title(spectrum.name, loc="left", fontsize=10, color=DATA)  # above it no point is hidden
        _limit(list(panels[: len(shown)]), spans, scale, small=True)
        for axes in panels[len(shown) :]:
            axes.set_visible(False)
        for axes in panels[max(len(shown) - columns, 0) : len(shown)]:
            axes.tick_params(labelbottom=True)
        drawn.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=12)
        drawn.supxlabel(f"Energy (keV)      {_EXPLAINED}", fontsize=10)
        drawn.supylabel("E² × photon flux   (keV² cm⁻² s⁻¹ keV⁻¹)", fontsize=11)


def _draw(axes: Axes, spectrum: SourceSpectrum, scale: Scale, *, small: bool = False) -> tuple[float, float]:
    """Draw a spectrum; return the lowest and highest flux density that is to be seen."""
    low, high, ratio, error = _points(spectrum, scale)
    middle = np.sqrt(low * high)
    density = scale.density(middle)
    axes.set_xscale("log")
    axes.set_yscale("log")
    seen = ratio > _SHOWN_SIGMA * error
    lower = np.minimum(error, 0.9 * ratio)
    axes.errorbar(
        middle[seen],
        (ratio * density)[seen],
        xerr=[(middle - low)[seen], (high - middle)[seen]],
        yerr=[(lower * density)[seen], (error * density)[seen]],
        fmt="o", ms=2.5 if small else 4.0, color=DATA, elinewidth=1.0 if small else 1.3, zorder=3,
    )  # fmt: skip
    limit = np.maximum(ratio, 0.0) + 3.0 * error
    axes.plot(
        middle[~seen], (limit * density)[~seen], "v", color=ACCENT, ms=3.0 if small else 5.0, mfc="none", zorder=2
    )
    points, limits = (
        values[np.isfinite(values) & (values > 0.0)] for values in ((ratio * density)[seen], (limit * density)[~seen])
    )
    if points.size:
        limits = limits[limits < _ROOM_FOR_LIMITS * points.max()]
    values = np.concatenate([points, limits])
    return (float(values.min()), float(values.max())) if values.size else (1e-3, 1.0)


def _limit(panels: list[Axes], spans: list[tuple[float, float]], scale: Scale, *, small: bool = False) -> None:
    """Set limits and ticks of panels that share their axes, and draw fractions of the Crab for comparison."""
    top = 2.0 * max(high for _, high in spans)
    bottom = max(0.4 * min(low for low, _ in spans), top / 10.0**_DECADES)
    grid = np.geomspace(*scale.range_kev, 50)
    ticks = [tick for tick in _TICKS_KEV if scale.range_kev[0] <= tick <= scale.range_kev[1]]
    ticks = ticks[::2] if small and len(ticks) > 5 else ticks
    for axes in panels:
        for flux, label in _CRABS:
            told = not small or axes is panels[0]
            curve = flux * scale.density(grid)
            axes.plot(grid, curve, color=FAINT, lw=0.8, ls=(0, (4, 3)), zorder=1)
            if told and bottom < curve[-1] < 0.8 * top:
                axes.annotate(
                    label, (grid[-1], curve[-1]), (-2, 4), textcoords="offset points",
                    ha="right", color=_NOTE, fontsize=7 if small else 8,
                )  # fmt: skip
        axes.set_xlim(*scale.range_kev)
        axes.set_ylim(bottom, top)
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
        if top < 100.0 * bottom:  # else the decades alone are enough
            axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _points(spectrum: SourceSpectrum, scale: Scale) -> tuple[Array, Array, Array, Array]:
    """Join channels to points: low and high energy, ratio to the Crab and its error."""
    low, high, ratio, error = [], [], [], []
    inside = (scale.edges_kev[:-1] >= scale.range_kev[0]) & (scale.edges_kev[1:] <= scale.range_kev[1])
    channels = np.flatnonzero(inside & np.isfinite(spectrum.error))
    first = 0
    for last in range(channels.size):
        part = channels[first : last + 1]
        total, spread = spectrum.total(part)
        begin, end = scale.edges_kev[part[0]], scale.edges_kev[part[-1] + 1]
        if total < _LEAST_SIGMA * spread and end < _WIDEST * begin and last + 1 < channels.size:
            continue
        crab = scale.crab[part].sum()
        low.append(begin)
        high.append(end)
        ratio.append(total / crab)
        error.append(spread / crab)
        first = last + 1
    return np.array(low), np.array(high), np.array(ratio), np.array(error)
