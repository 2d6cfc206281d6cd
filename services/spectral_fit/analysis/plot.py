"""Draws a fit as astronomers do: counts/s/keV with the folded model above, residuals in sigma below."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter

from services.spectral_fit.analysis.curves import Curve

_COLOURS = ("#0b3c5d", "#c0392b", "#2e7d32", "#8e44ad", "#d68910", "#117a65", "#5d4037", "#34495e")
_DECADES = 4.5


def draw(curves: Sequence[Curve], path: Path, title: str, note: str) -> None:
    """Write the plot as PNG.

    Args:
        curves: the fitted spectra.
        path: where to.
        title: first line, e.g. the model.
        note: statistic and degrees of freedom.
    """
    figure = Figure(figsize=(8.0, 6.0), dpi=110, layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    for number, curve in enumerate(curves):
        colour = _COLOURS[number % len(_COLOURS)]
        _spectrum(above, curve, colour)
        middle, half = (curve.low_kev + curve.high_kev) / 2, (curve.high_kev - curve.low_kev) / 2
        below.errorbar(middle, curve.residual, yerr=1.0, xerr=half, fmt="none", ecolor=colour, elinewidth=0.8)
        below.plot(middle, curve.residual, ".", color=colour, markersize=3)
    below.axhline(0.0, color="black", linewidth=0.8)
    above.set_xscale("log")
    above.set_yscale("log")
    above.set_ylim(*_heights(curves))
    above.set_ylabel("counts s$^{-1}$ keV$^{-1}$")
    below.set_ylabel("(data - model) / $\\sigma$")
    below.set_xlabel("Energy [keV]")
    below.xaxis.set_major_formatter(LogFormatter(labelOnlyBase=False, minor_thresholds=(1.5, 0.7)))
    below.xaxis.set_minor_formatter(LogFormatter(labelOnlyBase=False, minor_thresholds=(1.5, 0.7)))
    above.legend(frameon=False, fontsize=9)
    above.set_title(title, fontsize=11, loc="left")
    above.set_title(note, fontsize=10, loc="right")
    for axes in (above, below):
        axes.tick_params(which="both", direction="in", top=True, right=True)
    figure.savefig(path, metadata={"Software": None})


def _spectrum(axes: Axes, curve: Curve, colour: str) -> None:
    width = curve.high_kev - curve.low_kev
    middle = (curve.low_kev + curve.high_kev) / 2
    axes.errorbar(
        middle,
        curve.rate / width,
        yerr=curve.error / width,
        xerr=width / 2,
        fmt="none",
        ecolor=colour,
        elinewidth=0.9,
        label=curve.title,
    )
    edges, density = _steps(curve, curve.model / width)
    axes.plot(edges, density, color=colour, linewidth=1.2, alpha=0.8)
    for number, (_, part) in enumerate(curve.parts):
        edges, density = _steps(curve, part / width)
        axes.plot(edges, density, color=colour, linewidth=0.8, linestyle=("--", ":", "-.")[number % 3])


def _steps(curve: Curve, density: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the outline of a histogram, interrupted where channels are left out."""
    gap = np.append(curve.low_kev[1:] > curve.high_kev[:-1] * (1 + 1e-5), False)
    x = np.column_stack([curve.low_kev, curve.high_kev, np.where(gap, np.nan, curve.high_kev)]).ravel()
    y = np.column_stack([density, density, np.where(gap, np.nan, density)]).ravel()
    return x, y


def _heights(curves: Sequence[Curve]) -> tuple[float, float]:
    """Return limits that show the model and the data above it, not the noise far below."""
    model = np.concatenate([curve.model / (curve.high_kev - curve.low_kev) for curve in curves])
    data = np.concatenate([(curve.rate + curve.error) / (curve.high_kev - curve.low_kev) for curve in curves])
    positive = model[model > 0.0]
    highest = max(float(data.max()), float(positive.max()) if positive.size else 1e-10)
    lowest = float(positive.min()) if positive.size else highest / 1e3
    return max(lowest / 3.0, highest / 10**_DECADES), highest * 2.0
