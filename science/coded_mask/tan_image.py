"""FITS image extensions in the layout of ISDC sky images and mosaics."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from science.coded_mask.camera import Instrument, MapGrid
from science.coded_mask.geometry import Attitude, sky_position

UNITS = {
    "INTENSITY": "count/s",
    "RECONSTRUCTED": "count/s",
    "VARIANCE": "count**2/s**2",
    "SIGNIFICANCE": "",
    "RESIDUAL": "count/s",
    "EXPOSURE": "s",
}
"""Units of the pixels as the FITS standard spells them, so that every reader of it knows them."""
SIGMA_PER_FWHM = 1.0 / np.sqrt(8.0 * np.log(2.0))
"""Fitted sources are drawn as Gaussians as wide as the point spread function."""

Cards = list[tuple[str, object, str]]


@dataclass(frozen=True)
class BandImage:
    """One image extension to be written: its type (a key of ``UNITS``), band and pixels."""

    kind: str
    low_kev: float
    high_kev: float
    pixels: NDArray[np.float32]


def window_wcs(attitude: Attitude, grid: MapGrid) -> Cards:
    """TAN projection of a window's map, columns flipped so that the sky is seen from inside (east to the left)."""
    ra, dec = sky_position(attitude.axes[0])
    east = np.array([-np.sin(np.radians(ra)), np.cos(np.radians(ra)), 0.0])
    north = np.cross(attitude.axes[0], east)
    step = float(np.degrees(grid.step))
    _, y, z = attitude.axes
    matrix = ((-step * (y @ east), step * (z @ east)), (-step * (y @ north), step * (z @ north)))
    return wcs_cards("TAN", (float(ra), float(dec)), (grid.shape[1] - grid.axis[1], grid.axis[0] + 1), matrix)


def wcs_cards(
    projection: str,
    centre: tuple[float, float],
    pixel: tuple[float, float],
    matrix: Sequence[Sequence[float]],
) -> Cards:
    """World coordinate keywords: ``centre`` (ra, dec in degrees) lies at ``pixel`` (from 1); CD matrix in degrees."""
    return [
        ("CTYPE1", f"RA---{projection}", "projection of axis 1"),
        ("CRPIX1", float(pixel[0]), "pixel at reference point"),
        ("CRVAL1", centre[0], "[deg] right ascension at the reference point"),
        ("CUNIT1", "deg", "unit of axis 1"),
        ("CTYPE2", f"DEC--{projection}", "projection of axis 2"),
        ("CRPIX2", float(pixel[1]), "pixel at reference point"),
        ("CRVAL2", centre[1], "[deg] declination at the reference point"),
        ("CUNIT2", "deg", "unit of axis 2"),
        ("CD1_1", float(matrix[0][0]), "element of the transformation matrix (deg)"),
        ("CD1_2", float(matrix[0][1]), "element of the transformation matrix (deg)"),
        ("CD2_1", float(matrix[1][0]), "element of the transformation matrix (deg)"),
        ("CD2_2", float(matrix[1][1]), "element of the transformation matrix (deg)"),
        ("LONGPOLE", 180.0, "longitude of the native pole"),
        ("RADESYS", "FK5", "celestial reference frame"),
        ("EQUINOX", 2000.0, "equinox of the coordinates"),
    ]


def set_cards(header: fits.Header, cards: Cards) -> None:
    """Set keywords with values and comments."""
    for key, value, comment in cards:
        header[key] = (value, comment)


def instrument_cards(instrument: Instrument, level: str) -> Cards:
    """Keywords that every extension carries."""
    return [
        ("TELESCOP", "INTEGRAL", "telescope"),
        *instrument.keywords,
        ("ISDCLEVL", level, "level of data processing"),
        ("MJDREF", 51544.0, "modified Julian date of the time origin"),
        ("DATEREF", "2000-01-01", "the same as a date"),
        ("TIMESYS", "TT", "time frame"),
        ("TIMEUNIT", "d", "time unit"),
    ]


def image_hdu(name: str, version: int, image: BandImage, cards: Cards) -> fits.ImageHDU:
    """One image extension."""
    hdu = fits.ImageHDU(np.ascontiguousarray(image.pixels, np.float32), name=name)
    hdu.header["EXTVER"] = version
    set_cards(
        hdu.header,
        [
            ("HDUCLASS", "OGIP", "format conforms mostly to OGIP standards"),
            ("HDUCLAS1", "IMAGE", "dataset contains a sky image"),
            ("IMATYPE", image.kind, "type of image"),
            ("BUNIT", UNITS[image.kind], "unit of the pixel values"),
            ("CHANTYPE", "PI", "type of detector channels"),
            ("CHANMIN", int(image.low_kev), "lowest channel of the energy range"),
            ("CHANMAX", int(image.high_kev), "highest channel of the energy range"),
            ("E_MIN", image.low_kev, "[keV] lower energy limit"),
            ("E_MAX", image.high_kev, "[keV] upper energy limit"),
            *cards,
        ],
    )
    return hdu


def index_hdu(
    group: str, name: str, images: Sequence[BandImage], first: int, facts: Sequence[tuple[str, str, str, object]]
) -> fits.BinTableHDU:
    """Return GROUPING table of images that follow from HDU number ``first`` (primary = 0) on.

    ``facts`` are further columns (name, format, unit, value) that are the same for all members.
    """
    count = len(images)
    column = fits.Column
    columns = [
        column("MEMBER_XTENSION", "8A", array=["IMAGE"] * count),
        column("MEMBER_NAME", "32A", array=[name] * count),
        column("MEMBER_VERSION", "1J", array=np.arange(1, count + 1)),
        column("MEMBER_POSITION", "1J", array=np.arange(first + 1, first + 1 + count)),
        column("MEMBER_LOCATION", "256A", array=[""] * count),
        column("MEMBER_URI_TYPE", "3A", array=[""] * count),
        column("IMATYPE", "32A", array=[image.kind for image in images]),
        column("CHANMIN", "1J", array=[int(image.low_kev) for image in images]),
        column("CHANMAX", "1J", array=[int(image.high_kev) for image in images]),
        column("E_MIN", "1E", unit="keV", array=[image.low_kev for image in images]),
        column("E_MEAN", "1E", unit="keV", array=[(i.low_kev + i.high_kev) / 2 for i in images]),
        column("E_MAX", "1E", unit="keV", array=[image.high_kev for image in images]),
        *(column(key, form, unit=unit or None, array=[value] * count) for key, form, unit, value in facts),
    ]
    hdu = fits.BinTableHDU.from_columns(columns, name="GROUPING")
    set_cards(
        hdu.header,
        [
            ("EXTVER", 1, "grouping table version"),
            ("GRPNAME", group, "grouping table name"),
            ("IDXMEMBR", name, "name of the members of the index"),
        ],
    )
    return hdu


def draw_gaussians(
    image: NDArray[np.float32],
    places: Sequence[tuple[float, float, float]],
    sigma_pixels: float,
) -> None:
    """Add a Gaussian of the point spread function's width to an image for each (row, column, flux)."""
    reach = int(np.ceil(5 * sigma_pixels))
    for row, column, flux in places:
        top, left = max(round(row) - reach, 0), max(round(column) - reach, 0)
        part = image[top : max(round(row) + reach + 1, 0), left : max(round(column) + reach + 1, 0)]
        r = np.arange(top, top + part.shape[0])[:, None] - row
        c = np.arange(left, left + part.shape[1])[None, :] - column
        part += (flux * np.exp(-(r * r + c * c) / (2.0 * sigma_pixels**2))).astype(np.float32)
