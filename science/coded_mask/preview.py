"""Previews: the significance image with a sky grid and the names of the sources, as a PNG."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from astropy.io import fits
from astropy.visualization.wcsaxes import WCSAxes, conf
from astropy.wcs import WCS
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from science.coded_mask.figure import PACKING
from science.coded_mask.tan_image import Cards

_WIDTH, _HEIGHT, _DPI = 9.6, 8.4, 110
_MAX_NAMES = 40
_SAMPLES = 150
"""Points of a grid line, and of a side of the frame: enough for curves as gentle as these."""


def write_preview(
    path: Path,
    significance: NDArray[np.float32],
    wcs: Cards,
    sources: Sequence[tuple[str, float, float]],
    title: str,
) -> None:
    """Draw a significance image; the same input gives the same bytes.

    Args:
        path: PNG file to write.
        significance: image, NaN outside the field.
        wcs: its world coordinate keywords.
        sources: name, right ascension, declination (degrees) of what to mark.
        title: text above the image.
    """
    header = fits.Header()
    for key, value, _ in wcs:
        header[key] = value
    frame = WCS(header)
    with (
        mpl.rc_context({"font.family": "DejaVu Sans", "font.size": 11}),
        conf.set_temp("grid_samples", _SAMPLES),
        conf.set_temp("frame_boundary_samples", _SAMPLES),
    ):
        figure = Figure(figsize=(_WIDTH, _HEIGHT), dpi=_DPI)
        FigureCanvasAgg(figure)
        axes = WCSAxes(figure, (0.1, 0.09, 0.76, 0.84), wcs=frame)
        figure.add_axes(axes)
        high = float(np.clip(np.nanmax(significance, initial=8.0), 8.0, 40.0))
        # A root brings out faint sources beside bright ones.
        shown = axes.imshow(
            significance,
            origin="lower",
            cmap="inferno",
            norm=PowerNorm(0.7, vmin=-2.0, vmax=high),
            interpolation="nearest",
        )
        axes.coords.grid(color="white", alpha=0.45, linewidth=0.6, linestyle="dotted")
        axes.coords[0].set_axislabel("Right ascension (J2000)")
        axes.coords[0].set_separator(("h", "m", "s"))  # raised letters would be set as a formula
        axes.coords[1].set_axislabel("Declination (J2000)")
        axes.set_title(title, loc="left", fontsize=12, fontweight="bold")
        ticks = [tick for tick in (0, 5, 10, 15, 20, 30, 40) if tick <= high]
        bar = figure.colorbar(shown, cax=figure.add_axes((0.885, 0.09, 0.022, 0.84)), ticks=ticks)
        bar.set_label("significance (sigma)")
        for name, ra, dec in sources[:_MAX_NAMES]:
            x, y = frame.wcs_world2pix(ra, dec, 0)
            axes.plot(x, y, "o", mfc="none", mec="#7fe7ff", ms=13, mew=1.1)
            axes.annotate(
                name,
                (x, y),
                (9, 6),
                textcoords="offset points",
                color="white",
                fontsize=10,
                clip_on=True,
                path_effects=[withStroke(linewidth=2.0, foreground="black")],
            )
        axes.set_xlim(-0.5, significance.shape[1] - 0.5)
        axes.set_ylim(-0.5, significance.shape[0] - 0.5)
        figure.savefig(path, metadata={"Software": None}, pil_kwargs=PACKING)
