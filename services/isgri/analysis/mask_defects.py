"""Screws and glue in the holes of the mask: the transmission of each cell, where it is known.

No such map is public. An operator who has one - measured on bright sources, or the standard software's - puts it into
the image as ``data/official/isgri_mask_transmission.fits``: 95 x 95 cells ``[Z, Y]``, 0 to 1, read in open cells only.
Dirt is taken to lie in the middle of the mask: the light of a pixel is that through the clean mask times the mean
transmission of the open cells that the pixel sees there.
"""

from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from services.isgri.analysis.detector import PIXEL_MM, y_mm, z_mm
from services.isgri.analysis.mask import CELL_MM, CELLS, HALF_MM, HEIGHT_MM, mask_cells

FILE = "isgri_mask_transmission.fits"

Array = NDArray[np.float64]


def installed_transmission() -> Array | None:
    """Return the map in the image of the analysis; None without one.

    Raises:
        ValueError: the file is there but is no such map.
    """
    with as_file(files("services.isgri.analysis").joinpath("data/official")) as directory:
        path = Path(directory) / FILE
        return read_transmission(path) if path.exists() else None


def read_transmission(path: Path) -> Array:
    """Read a map of transmissions, shape (95, 95).

    Raises:
        ValueError: the file is no such map.
    """
    with fits.open(path, memmap=False) as hdus:
        images = [hdu.data for hdu in hdus if hdu.data is not None and hdu.is_image]
    if len(images) != 1 or images[0].shape != (CELLS, CELLS):
        raise ValueError(f"{path.name} is no map of the mask: it must hold one image of {CELLS} x {CELLS} cells")
    image: Array = images[0].astype(np.float64)
    if not np.all((image >= 0.0) & (image <= 1.0)):
        raise ValueError(f"{path.name} is no map of transmissions: its values must lie between 0 and 1")
    return image


def mean_transmission(transmission: Array, tz: float, ty: float) -> Array:
    """Mean transmission of the open cells that each pixel sees in a direction, shape (134, 130); 1 where it sees none.

    Args:
        transmission: of each cell, shape (95, 95).
        tz: tangent of the direction along Z.
        ty: tangent along Y.
    """
    rows, columns = (_seen_cells(centre + HEIGHT_MM * t) for centre, t in ((z_mm(), tz), (y_mm(), ty)))
    clean = rows @ mask_cells().astype(np.float64) @ columns.T
    dirty = rows @ (mask_cells() * transmission) @ columns.T
    mean: Array = np.where(clean > 0.0, dirty / np.where(clean > 0.0, clean, 1.0), 1.0)
    return mean


def _seen_cells(centre_mm: Array) -> Array:
    """Length of each cell in the shadow of each pixel along one axis, shape (pixels, cells)."""
    edge = np.arange(CELLS + 1) * CELL_MM - HALF_MM
    low = np.maximum(centre_mm[:, None] - PIXEL_MM / 2, edge[None, :-1])
    high = np.minimum(centre_mm[:, None] + PIXEL_MM / 2, edge[None, 1:])
    length: Array = np.maximum(high - low, 0.0)
    return length
