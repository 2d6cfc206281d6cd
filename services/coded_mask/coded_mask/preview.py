"""Previews: the significance image with a sky grid and the names of the sources, as a PNG."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from astropy.io import fits
from astropy.visualization.wcsaxes import WCSAxes
from astropy.wcs import WCS
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from coded_mask.tan_image import Cards

_INCHES, _DPI = 7.0, 100
_MAX_NAMES = 40


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
    with mpl.rc_context({"font.family": "DejaVu Sans", "font.size": 8}):
        figure = Figure(figsize=(_INCHES, _INCHES), dpi=_DPI)
        FigureCanvasAgg(figure)
        axes = WCSAxes(figure, (0.12, 0.08, 0.8, 0.84), wcs=frame)
        figure.add_axes(axes)
        high = float(np.clip(np.nanmax(significance, initial=8.0), 8.0, 30.0))
        axes.imshow(significance, origin="lower", cmap="inferno", vmin=-3.0, vmax=high, interpolation="nearest")
        axes.coords.grid(color="white", alpha=0.25, linewidth=0.5)
        axes.coords[0].set_axislabel("Right ascension (J2000)")
        axes.coords[1].set_axislabel("Declination (J2000)")
        axes.set_title(title)
        for name, ra, dec in sources[:_MAX_NAMES]:
            x, y = frame.wcs_world2pix(ra, dec, 0)
            axes.plot(x, y, "o", mfc="none", mec="cyan", ms=9, mew=0.8)
            axes.annotate(name, (x, y), (5, 5), textcoords="offset points", color="cyan", fontsize=7, clip_on=True)
        axes.set_xlim(-0.5, significance.shape[1] - 0.5)
        axes.set_ylim(-0.5, significance.shape[0] - 0.5)
        figure.savefig(path, metadata={"Software": None})
