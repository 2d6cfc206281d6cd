"""Pictures: a light curve, and a search with its excesses."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from science.bursts.curve import Curve, Floats
from science.bursts.instants import utc_of_seconds
from science.bursts.search import Excess

_MOST_POINTS = 4000
_MARKED = 10  # excesses that a picture of a search shades


def draw_light_curve(path: Path, zero_s: float, times: Floats, rate: Floats, bin_s: float, *, title: str) -> None:
    """Draw a light curve as steps, in seconds after *zero_s*; a long one as mean and range of neighbouring bins."""
    figure, axes = plt.subplots(figsize=(9, 4), layout="constrained")
    _steps(axes, times - zero_s, rate / 1000, bin_s)
    axes.set(xlabel=f"seconds after {utc_of_seconds(zero_s)} UTC", ylabel="1000 counts/s", title=title)
    _save(figure, path)


def draw_search(
    path: Path, zero_s: float, curve: Curve, excesses: tuple[Excess, ...], *, title: str, bin_s: float = 0.5
) -> None:
    """Draw what was searched, in bins of half a second, with the best excesses marked, and their scores below."""
    joined, exposed = curve.rebin(max(1, min(round(bin_s / curve.bin_s), curve.counts.size)))
    used = exposed > 0
    times = joined.start_s + joined.centres[used] - zero_s
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(9, 6), sharex=True, height_ratios=(2, 1), layout="constrained")
    _steps(top, times, joined.counts[used] / exposed[used] / joined.bin_s / 1000, joined.bin_s)
    first = excesses[:_MARKED]
    for spike, colour, name in ((False, "tab:red", "excess"), (True, "tab:gray", "spike, or as short as one")):
        chosen = [one for one in first if one.spike == spike]
        for one in chosen:
            begin = curve.time_s(one.first) - zero_s
            top.axvspan(begin, begin + one.width * curve.bin_s, color=colour, alpha=0.3, lw=0)
        if chosen:
            places = [curve.time_s(one.centre) - zero_s for one in chosen]
            bottom.plot(places, [one.score for one in chosen], "o", color=colour, ms=5, label=name)
    rest = excesses[_MARKED:]
    if rest:
        places = [curve.time_s(one.centre) - zero_s for one in rest]
        bottom.plot(
            places, [one.score for one in rest], "k.", ms=3, label=f"excesses after the first {_MARKED} of the list"
        )
    top.set(ylabel="1000 counts/s", title=f"{title}: excesses, the first {_MARKED} shaded")
    bottom.set(xlabel=f"seconds after {utc_of_seconds(zero_s)} UTC", ylabel="score (sigma)")
    if excesses:
        bottom.legend(fontsize="small")
    _save(figure, path)


def _steps(axes: Axes, times: Floats, rate: Floats, bin_s: float) -> None:
    joined = -(-times.size // _MOST_POINTS)
    if joined > 1:
        whole = times.size // joined * joined
        groups = rate[:whole].reshape(-1, joined)
        middles = times[:whole].reshape(-1, joined).mean(axis=1)
        axes.fill_between(middles, groups.min(axis=1), groups.max(axis=1), color="tab:blue", alpha=0.3, lw=0)
        times, rate = middles, groups.mean(axis=1)
    broken = np.flatnonzero(np.diff(times) > 1.5 * bin_s * joined) + 1  # a line across a gap would be a lie
    axes.step(np.insert(times, broken, np.nan), np.insert(rate, broken, np.nan), where="mid", lw=0.8)


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)
