"""Previews: the significance images of all bands, north up, with a sky grid and the names of the sources, as a PNG."""

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
from matplotlib.image import AxesImage
from numpy.typing import NDArray

from science.coded_mask.figure import PACKING
from science.coded_mask.label_places import write_labels
from science.coded_mask.tan_image import BandImage, Cards, wcs_cards

_DPI = 110
_SINGLE, _SEVERAL = (7.3, 7.0), (5.2, 5.0)
"""Width and height of a panel, inches: of the only one, and of one of several."""
_LEFT, _RIGHT, _BOTTOM, _TOP, _GAP, _HEAD = 1.0, 1.35, 0.75, 0.42, 0.12, 0.32
"""Margins of the figure, and between panels and above each, inches."""
_MOST_PANELS = 12
_SAMPLES = 100
"""Points of a grid line, and of a side of the frame: enough for curves as gentle as these."""
_LEAST_HIGH, _MOST_HIGH = 8.0, 40.0

Sources = Sequence[tuple[str, float, float]]


def write_preview(path: Path, images: Sequence[BandImage], wcs: Cards, sources: Sources, title: str) -> None:
    """Draw the significance of every band; the same input gives the same bytes.

    Args:
        path: PNG file to write.
        images: of one field; those of the kind SIGNIFICANCE are drawn, the first twelve of them.
        wcs: their world coordinate keywords.
        sources: name, right ascension, declination (degrees) of what to mark, the most important first.
        title: text above the images.
    """
    bands = [image for image in images if image.kind == "SIGNIFICANCE"]
    shown = bands[:_MOST_PANELS]
    peaks = [float(np.nanmax(image.pixels, initial=_LEAST_HIGH)) for image in shown]
    high = min(max(peaks), _MOST_HIGH)
    columns = 1 if len(shown) == 1 else int(np.ceil(np.sqrt(len(shown))))
    rows = -(-len(shown) // columns)
    width, height = _SINGLE if len(shown) == 1 else _SEVERAL
    with (
        mpl.rc_context({"font.family": "DejaVu Sans", "font.size": 11 if len(shown) == 1 else 10}),
        conf.set_temp("grid_samples", _SAMPLES),
        conf.set_temp("frame_boundary_samples", _SAMPLES),
    ):
        size = (
            _LEFT + columns * (width + _GAP) - _GAP + _RIGHT,
            _BOTTOM + rows * (height + _HEAD) + _TOP,
        )
        figure = Figure(figsize=size, dpi=_DPI)
        FigureCanvasAgg(figure)
        for number, image in enumerate(shown):
            row, column = divmod(number, columns)
            place = (
                (_LEFT + column * (width + _GAP)) / size[0],
                (_BOTTOM + (rows - 1 - row) * (height + _HEAD)) / size[1],
                width / size[0],
                height / size[1],
            )
            last = number + columns >= len(shown)
            drawn = _panel(figure, place, image, wcs, high, labels=(last, column == 0), sources=sources)
        ticks = [tick for tick in (0, 5, 10, 15, 20, 30, 40) if tick <= high]
        bar_place = (1.0 - (_RIGHT - 0.25) / size[0], _BOTTOM / size[1], 0.2 / size[0], height / size[1])
        bar = figure.colorbar(drawn, cax=figure.add_axes(bar_place), ticks=ticks)
        bar.set_label("significance (sigma)")
        more = "" if len(shown) == len(bands) else f", the first {len(shown)} of {len(bands)} bands"
        figure.text(
            _LEFT / size[0], 1.0 - 0.25 / size[1], f"{title}{more}", ha="left", va="center", weight="bold", fontsize=12
        )
        figure.savefig(path, metadata={"Software": None}, pil_kwargs=PACKING)


def _panel(
    figure: Figure,
    place: tuple[float, float, float, float],
    image: BandImage,
    wcs: Cards,
    high: float,
    *,
    labels: tuple[bool, bool],
    sources: Sources,
) -> AxesImage:
    """Draw one band; *labels* says whether right ascensions and declinations are written at its axes."""
    pixels, cards = north_up(image.pixels, wcs)
    header = fits.Header()
    for key, value, _ in cards:
        header[key] = value
    frame = WCS(header)
    axes = WCSAxes(figure, place, wcs=frame)
    figure.add_axes(axes)
    # A root brings out faint sources beside bright ones.
    norm = PowerNorm(0.7, vmin=-2.0, vmax=high)
    drawn: AxesImage = axes.imshow(
        pixels, origin="lower", cmap="inferno", norm=norm, interpolation="nearest", aspect="equal"
    )
    axes.set_facecolor("#1b1b24")  # names stand there too
    axes.coords.grid(color="#909090", alpha=0.6, linewidth=0.6, linestyle="dotted")
    names = ("Right ascension (J2000)", "Declination (J2000)")
    for coordinate, shown, name, side in zip(axes.coords, labels, names, "bl", strict=True):
        coordinate.set_ticks_position(side)
        coordinate.set_ticklabel_position(side)
        coordinate.set_axislabel_position(side)
        coordinate.set_ticklabel(simplify=False, exclude_overlapping=True)
        coordinate.set_ticklabel_visible(shown)
        coordinate.set_axislabel(name if shown else " ")
    axes.coords[0].set_separator(("h", "m", "s"))  # raised letters would be set as a formula
    axes.set_title(f"{image.low_kev:g}-{image.high_kev:g} keV", loc="left", fontsize=11)
    rows, columns = _filled(pixels)
    axes.set_xlim(columns[0] - 0.5, columns[1] + 0.5)
    axes.set_ylim(rows[0] - 0.5, rows[1] + 0.5)
    places = [tuple(float(v) for v in frame.wcs_world2pix(ra, dec, 0)) for _, ra, dec in sources]
    write_labels(axes, [(name, x, y) for (name, _, _), (x, y) in zip(sources, places, strict=True)])
    return drawn


def _filled(pixels: NDArray[np.float32]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the first and last row and column with a value, a little more on each side."""
    known = np.isfinite(pixels)
    found = []
    for axis in (1, 0):
        inside = np.flatnonzero(known.any(axis=axis))
        first, last = (int(inside[0]), int(inside[-1])) if inside.size else (0, pixels.shape[1 - axis] - 1)
        margin = max(2, (last - first) // 50)
        found.append((first - margin, last + margin))
    return found[0], found[1]


def north_up(pixels: NDArray[np.float32], wcs: Cards) -> tuple[NDArray[np.float32], Cards]:
    """Return an image turned so that north is up and east to the left, nearest pixels, and its keywords.

    Args:
        pixels: of a TAN image with a CD matrix in any orientation; others must be north up already.
        wcs: its keywords.
    """
    facts = {key: value for key, value, _ in wcs}
    matrix = np.array([[facts["CD1_1"], facts["CD1_2"]], [facts["CD2_1"], facts["CD2_2"]]], float)
    if matrix[0, 1] == 0.0 and matrix[1, 0] == 0.0 and matrix[0, 0] < 0.0 < matrix[1, 1]:
        return pixels, wcs
    step = float(np.sqrt(abs(np.linalg.det(matrix))))
    reference = np.array([facts["CRPIX1"], facts["CRPIX2"]], float) - 1.0
    # Both images lie in one tangential plane: degrees east and north of the reference point.
    sides = np.array([[x, y] for x in (0, pixels.shape[1] - 1) for y in (0, pixels.shape[0] - 1)], float)
    plane = (sides - reference) @ matrix.T
    west, south = -plane[:, 0].max(), plane[:, 1].min()
    shape = np.ceil(np.ptp(plane, axis=0) / step).astype(int) + 1
    columns, rows = np.meshgrid(np.arange(shape[0]), np.arange(shape[1]))
    there = np.stack([-(west + columns * step), south + rows * step], axis=-1)
    source = np.round(there @ np.linalg.inv(matrix).T + reference).astype(int)
    x, y = source[..., 0], source[..., 1]
    inside = (x >= 0) & (x < pixels.shape[1]) & (y >= 0) & (y < pixels.shape[0])
    turned = np.full(inside.shape, np.nan, np.float32)
    turned[inside] = pixels[y[inside], x[inside]]
    projection = str(facts["CTYPE1"])[-3:]
    centre = (float(str(facts["CRVAL1"])), float(str(facts["CRVAL2"])))
    return turned, wcs_cards(projection, centre, (1.0 - west / step, 1.0 - south / step), ((-step, 0.0), (0.0, step)))
