"""Sky maps and regions as files: multi-order FITS as LVK writes it, and MOC."""

from collections.abc import Mapping

import numpy as np
from astropy.io import fits
from mocpy import MOC

from science.sky_maps.sky_map import Floats, SkyMap


def sky_map_hdus(sky: SkyMap, more: Mapping[str, tuple[str, Floats]] | None = None) -> fits.HDUList:
    """Return a map as multi-order FITS, its cells in order of their numbers.

    Args:
        sky: the map.
        more: further columns, each name -> unit and a value for each cell.
    """
    order = np.argsort(sky.uniq)
    columns = [
        fits.Column("UNIQ", "K", array=sky.uniq[order]),
        fits.Column("PROBDENSITY", "D", unit="sr-1", array=sky.density[order]),
    ]
    for name, (unit, values) in (more or {}).items():
        columns.append(fits.Column(name, "E", unit=unit or None, array=values[order]))
    table = fits.BinTableHDU.from_columns(columns, name="SKY_MAP")
    table.header["PIXTYPE"] = "HEALPIX"
    table.header["ORDERING"] = "NUNIQ"
    table.header["COORDSYS"] = ("C", "equatorial (ICRS)")
    table.header["INDXSCHM"] = "EXPLICIT"
    table.header["MOCORDER"] = int(sky.order.max())
    if sky.distance is not None:
        table.header["DISTMEAN"] = (sky.distance[0], "[Mpc]")
        table.header["DISTSTD"] = (sky.distance[1], "[Mpc]")
    return fits.HDUList([fits.PrimaryHDU(), table])


def moc_hdus(moc: MOC) -> fits.HDUList:
    """Return a region as MOC 2.0 in FITS."""
    return fits.HDUList([*moc.serialize("fits")])
