"""Background maps as FITS files.

ISGR-BACK-SHD holds counts, smooth background and variance, ISGR-BACK-SCW the windows.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from astropy.io import fits

from mesh.kit import BadInput, Unit
from science.coded_mask.tan_image import instrument_cards, set_cards
from services.isgri.analysis.background_map import GROUPS_KEV, BackgroundMap, added
from services.isgri.analysis.instrument import INSTRUMENT

BACKGROUND_FILE = "isgri_background.fits"
EPOCH = "epoch"
"""Value of parameter ``background``: the mesh makes the map."""
_IMAGES, _GROUPS, _WINDOWS = "ISGR-BACK-SHD", "ISGR-BACK-BDS", "ISGR-BACK-SCW"


def background_hdus(background: BackgroundMap) -> fits.HDUList:
    """Return a map as an HDU list: three cubes (group, DETZ, DETY), the energy groups, the windows."""
    cards = [
        *instrument_cards(INSTRUMENT, "BKG"),
        ("REVFIRST", background.revolutions[0], "first revolution"),
        ("REVLAST", background.revolutions[1], "last revolution"),
        ("NWINDOWS", len(background.windows), "science windows added up"),
    ]
    primary = fits.PrimaryHDU()
    set_cards(primary.header, cards)
    hdus = fits.HDUList([primary])
    cubes = ((background.counts, "COUNTS"), (background.smooth, "SMOOTH"), (background.variance, "VARIANCE"))
    for version, (cube, kind) in enumerate(cubes, 1):
        hdu = fits.ImageHDU(cube.astype(np.float32), name=_IMAGES)
        hdu.header["EXTVER"] = version
        set_cards(hdu.header, [*cards, ("SHD_TYPE", kind, "counts less sources, smooth fit, variance")])
        hdus.append(hdu)
    edges = np.array(GROUPS_KEV, np.float64)
    errors = background.errors()
    hdus.append(
        fits.BinTableHDU.from_columns(
            [
                fits.Column("E_MIN", "1D", unit="keV", array=edges[:-1]),
                fits.Column("E_MAX", "1D", unit="keV", array=edges[1:]),
                fits.Column("PIX_ERR", "1D", array=np.array(errors)),
            ],
            name=_GROUPS,
        )
    )
    hdus.append(fits.BinTableHDU.from_columns([fits.Column("SWID", "16A", array=background.windows)], name=_WINDOWS))
    return hdus


def read_background(path: Path) -> BackgroundMap:
    """Read a map.

    Raises:
        BadInput: BadBackgroundMap: the file is no such map, or has other energy groups.
    """
    try:
        with fits.open(path, memmap=False) as hdus:
            counts, smooth, *others = (hdu.data.astype(np.float64) for hdu in hdus if hdu.name == _IMAGES)
            variance = others[0] if others else smooth  # earlier maps do not tell the noise of subtracted sources
            edges = np.append(hdus[_GROUPS].data["E_MIN"], hdus[_GROUPS].data["E_MAX"][-1])
            if not np.array_equal(edges, GROUPS_KEV):
                raise ValueError("its energy groups are others")
            header = hdus[0].header
            windows = tuple(str(swid) for swid in hdus[_WINDOWS].data["SWID"])
            return BackgroundMap(counts, smooth, variance, windows, (int(header["REVFIRST"]), int(header["REVLAST"])))
    except (OSError, KeyError, ValueError, TypeError, IndexError) as error:
        raise BadInput(
            "BadBackgroundMap",
            f"{path.name} is not a background map ({error}); name the key of an isgri_background product",
        ) from error


def given_background(unit: Unit) -> BackgroundMap | None:
    """Return the sum of the maps that the caller names in parameter ``background``; None where it names none."""
    if not _named(unit):
        return None
    return added([read_background(entry.path(BACKGROUND_FILE)) for entry in unit.inputs("background")])


def used_background(unit: Unit) -> BackgroundMap | None:
    """Return the background map that a window is analysed with, if any: the caller's, or that of its epoch.

    The map of an epoch is used without its windows that point where this one does: what shines there would be taken for
    background. A window without a map though it should have one gets a warning.
    """
    if unit.parameters.get("background") != EPOCH:
        return given_background(unit)
    for entry in unit.inputs("epoch_map"):
        background = read_background(entry.path(BACKGROUND_FILE))
        for part in unit.inputs("epoch_background"):
            background = background.without(read_background(part.path(BACKGROUND_FILE)))
        return replace(background, of_epoch=True)
    unit.warn(
        "no background map: the archive has too few other pointings of these weeks to make one; what the pixels differ "
        "from each other is part of the errors"
    )
    return None


def _named(unit: Unit) -> bool:
    return isinstance(unit.parameters.get("background"), list) and bool(unit.parameters["background"])
