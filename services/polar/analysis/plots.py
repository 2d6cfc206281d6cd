"""Pictures: light curves in bands, and a burst with its background and blocks."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from mesh.kit.ogip.light_curve import LightCurve
from science.bursts.duration import Burst
from science.bursts.instants import utc_of_seconds

_BESIDE = 0.75
"""What is drawn on each side of a burst, in lengths of the time that its counts are summed over."""


def draw_bands(
    path: Path, title: str, zero_s: float, curves: Sequence[LightCurve], bands: Sequence[tuple[float, float]]
) -> None:
    """Draw a light curve per band, below each other."""
    figure, panels = plt.subplots(
        len(curves), 1, figsize=(9, 2 + 2 * len(curves)), sharex=True, squeeze=False, layout="constrained"
    )
    for axes, curve, band in zip(panels[:, 0], curves, bands, strict=True):
        broken = np.flatnonzero(np.diff(curve.time_s) > 1.5 * curve.width_s[:-1]) + 1
        times = np.insert(curve.time_s - zero_s, broken, np.nan)
        axes.step(times, np.insert(curve.rate, broken, np.nan), where="mid", lw=0.8)
        axes.set(ylabel="counts/s", title=f"{title}, {band[0]:g}-{band[1]:g} keV")
    panels[-1, 0].set_xlabel(f"seconds after {utc_of_seconds(zero_s)} UTC")
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def draw_burst(path: Path, burst: Burst) -> None:
    """Draw a burst, its background and its blocks, and shade what T90 holds."""
    figure, axes = plt.subplots(figsize=(9, 4), layout="constrained")
    curve, zero_s = burst.curve, burst.begin_s
    times = curve.start_s - zero_s + curve.centres
    factor = max(1, curve.counts.size // 2000)
    joined, exposed = curve.rebin(factor)
    used = exposed > 0
    rate = joined.counts[used] / exposed[used] / joined.bin_s
    axes.step(joined.start_s - zero_s + joined.centres[used], rate, where="mid", lw=0.8)
    level = burst.background.counts * curve.share / curve.bin_s
    level = np.where(curve.live, level, np.nan)
    axes.plot(times, level, color="tab:orange", label="background")
    for number, block in enumerate(burst.blocks):
        edges = [curve.time_s(block.first) - zero_s, curve.time_s(block.last) - zero_s]
        share = curve.share[block.first : block.last]
        height = float(np.nanmean(level[block.first : block.last])) + block.rate * float(share[share > 0].mean())
        label = "Bayesian blocks" if number == 0 else None
        axes.plot(edges, [height, height], color="tab:red", lw=1.2, label=label)
    if burst.duration_missing is None:
        start, told = burst.t05_s - zero_s, f"T90 = {burst.t90_s:.3g} ± {burst.t90_error_s:.2g} s"
        axes.axvspan(start, start + burst.t90_s, color="tab:green", alpha=0.15, lw=0, label=told)
    summed = [burst.summed_from_s - zero_s, burst.summed_to_s - zero_s]
    # As much beside the burst as it lasts: the background is fitted to more, which would hide it.
    margin = _BESIDE * (summed[1] - summed[0])
    axes.set_xlim(max(times[0], summed[0] - margin), min(times[-1], summed[1] + margin))
    for edge in summed:
        axes.axvline(edge, color="tab:gray", lw=0.8, ls=":", label="counts are summed" if edge == summed[0] else None)
    axes.set(xlabel=f"seconds after {utc_of_seconds(zero_s)} UTC", ylabel="counts/s", title="POLAR")
    axes.legend()
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)
