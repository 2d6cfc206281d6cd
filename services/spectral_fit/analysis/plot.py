"""Draws a fit as astronomers do: counts/s/keV with the folded model above, residuals in sigma below."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter

from services.spectral_fit.analysis.curves import Curve, for_the_eye
from services.spectral_fit.analysis.ogip_files import Array

_COLOURS = ("#0b3c5d", "#c0392b", "#2e7d32", "#8e44ad", "#d68910", "#117a65", "#5d4037", "#34495e")
_DECADES = 4.5
_SNR, _MOST_JOINED = 3.0, 16
_TICKS = np.outer(10.0 ** np.arange(-3, 7), [1.0, 2.0, 3.0, 5.0, 7.0]).ravel()


def draw(curves: Sequence[Curve], path: Path, title: str, note: str) -> None:
    """Write the plot as PNG: bins are put together for the eye, the model stays in the groups of the fit.

    Args:
        curves: the fitted spectra.
        path: where to.
        title: first line, e.g. the model.
        note: statistic and degrees of freedom.
    """
    figure = Figure(figsize=(8.0, 6.0), dpi=110, layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    drawn = [for_the_eye(one, _SNR, _MOST_JOINED) for one in curves]
    for number, (one, bins) in enumerate(zip(curves, drawn, strict=True)):
        colour = _COLOURS[number % len(_COLOURS)]
        _spectrum(above, one, bins, colour)
        middle, half = (bins.low_kev + bins.high_kev) / 2, (bins.high_kev - bins.low_kev) / 2
        below.errorbar(middle, bins.residual, yerr=1.0, xerr=half, fmt="none", ecolor=colour, elinewidth=0.8)
        below.plot(middle, bins.residual, ".", color=colour, markersize=3)
    below.axhline(0.0, color="black", linewidth=0.8)
    above.set_xscale("log")
    above.set_yscale("log")
    above.set_ylim(*_heights(drawn))
    low, high = (float(side) for side in _range(curves))
    above.set_xlim(low, high)
    _energy_ticks(below, low, high)
    above.yaxis.set_minor_formatter(NullFormatter())
    above.set_ylabel("counts s$^{-1}$ keV$^{-1}$")
    below.set_ylabel("(data - model) / $\\sigma$")
    below.set_xlabel("Energy [keV]")
    above.legend(frameon=False, fontsize=9)
    above.set_title(title, fontsize=11, loc="left")
    above.set_title(note, fontsize=10, loc="right")
    for axes in (above, below):
        axes.tick_params(which="both", direction="in", top=True, right=True)
    figure.savefig(path, metadata={"Software": None})


def _spectrum(axes: Axes, one: Curve, bins: Curve, colour: str) -> None:
    width, middle = bins.high_kev - bins.low_kev, (bins.low_kev + bins.high_kev) / 2
    rate, error = bins.rate / width, bins.error / width
    # A logarithmic axis has no place for a bar that reaches below zero: it ends at the lower edge of the picture.
    axes.errorbar(
        middle,
        rate,
        yerr=[np.minimum(error, np.maximum(rate, 0.0) * (1 - 1e-6)), error],
        xerr=width / 2,
        fmt="none",
        ecolor=colour,
        elinewidth=0.9,
        label=one.title,
    )
    fine = one.high_kev - one.low_kev
    edges, density = _steps(one, one.model / fine)
    axes.plot(edges, density, color=colour, linewidth=1.2, alpha=0.8)
    for number, (_, part) in enumerate(one.parts):
        edges, density = _steps(one, part / fine)
        axes.plot(edges, density, color=colour, linewidth=0.8, linestyle=("--", ":", "-.")[number % 3])


def _steps(one: Curve, density: Array) -> tuple[Array, Array]:
    """Return the outline of a histogram, interrupted where channels are left out."""
    gap = np.append(one.low_kev[1:] > one.high_kev[:-1] * (1 + 1e-5), False)
    x = np.column_stack([one.low_kev, one.high_kev, np.where(gap, np.nan, one.high_kev)]).ravel()
    y = np.column_stack([density, density, np.where(gap, np.nan, density)]).ravel()
    return x, y


def _range(curves: Sequence[Curve]) -> tuple[float, float]:
    low = min(float(one.low_kev[one.low_kev > 0.0].min(initial=np.inf)) for one in curves)
    high = max(float(one.high_kev.max()) for one in curves)
    return (low if np.isfinite(low) else high / 1e3) / 1.05, high * 1.05


def _energy_ticks(axes: Axes, low: float, high: float) -> None:
    """Label energies as numbers, so many that a narrow range has some and a wide one no crowd."""
    inside = _TICKS[(low <= _TICKS) & (high >= _TICKS)]
    if inside.size > 9:
        inside = inside[np.isin(np.round(inside / 10.0 ** np.floor(np.log10(inside) + 1e-9)), (1, 3))]
    if inside.size < 3:
        inside = np.unique([float(f"{value:.2g}") for value in np.geomspace(low, high, 6)[1:-1]])
    axes.xaxis.set_major_locator(FixedLocator(list(inside)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(LogLocator(subs="all"))
    axes.xaxis.set_minor_formatter(NullFormatter())


def _heights(curves: Sequence[Curve]) -> tuple[float, float]:
    """Return limits that show the model and the data above it, not the noise far below."""
    model = np.concatenate([one.model / (one.high_kev - one.low_kev) for one in curves])
    data = np.concatenate([(one.rate + one.error) / (one.high_kev - one.low_kev) for one in curves])
    positive = model[model > 0.0]
    highest = max(float(data.max()), float(positive.max()) if positive.size else 1e-10)
    lowest = float(positive.min()) if positive.size else highest / 1e3
    return max(lowest / 3.0, highest / 10**_DECADES), highest * 2.0
