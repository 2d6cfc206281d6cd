"""One window as the mosaic sees it: read from the product of its analysis."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from mesh.kit import BadInput
from science.coded_mask.camera import Camera, Instrument
from science.coded_mask.fit import Shadowgram
from science.coded_mask.geometry import Attitude
from science.coded_mask.pattern import Pattern
from science.coded_mask.sky_file import EFFICIENCY, PATTERN, PIXELS, SHADOWGRAMS, SOURCES
from science.coded_mask.source_list import WindowSource

BURSTS = "-BRST-RES"
"""End of the name of a table of bursts, where a window has one."""


@dataclass(frozen=True)
class WindowProduct:
    """What the mosaic takes from one window: facts and sources now, shadowgrams when asked for."""

    path: Path
    label: str
    scw: str
    """Science window; the label says more where several units saw it."""
    instrument: Instrument
    camera: Callable[[float, float], Camera]
    """Gives the camera of a band, keV."""
    attitude: Attitude
    tstart_ijd: float
    tstop_ijd: float
    ontime_s: float
    live_time_s: float
    bands: tuple[tuple[float, float], ...]
    covered: tuple[float, ...]
    """Share of a source above the low threshold, of each band; 0 for a band without counts."""
    background: tuple[float, ...]
    """Background of each band, counts/s of the whole detector."""
    sources: list[WindowSource]
    bursts: fits.FITS_rec | None
    """Rows of the burst table; None where bursts were not asked for."""

    def shadowgrams(self) -> list[Shadowgram]:
        """Return the shadowgram of each band."""
        structure = self.instrument.structure
        with fits.open(self.path, memmap=False) as hdus:
            counts = [hdu.data for hdu in hdus if hdu.name == structure + SHADOWGRAMS]
            used = [hdu.data for hdu in hdus if hdu.name == structure + PIXELS]
            known = [hdu.data.astype(np.float64) for hdu in hdus if hdu.name == structure + PATTERN]
            patterns: list[Pattern | None] = [Pattern(*images) for images in known]
            share = hdus[structure + EFFICIENCY].data.astype(np.float64) if structure + EFFICIENCY in hdus else None
            return [
                Shadowgram(
                    low,
                    high,
                    c.astype(np.float64),
                    u > 0,
                    self.live_time_s,
                    self.camera(low, high),
                    pattern,
                    share,
                    covered,
                )
                for (low, high), c, u, pattern, covered in zip(
                    self.bands, counts, used, patterns or [None] * len(counts), self.covered, strict=True
                )
            ]


def read_window(
    path: Path, label: str, instrument: Instrument, camera: Callable[[float, float], Camera], scw: str | None = None
) -> WindowProduct:
    """Read a window's product for a mosaic.

    Args:
        path: product file.
        label: name of this image in the mosaic, one of a kind.
        instrument: that saw it.
        camera: gives the camera of a band (keV).
        scw: science window, where the label is more than that.

    Raises:
        BadInput: the file is not such a product.
    """
    structure = instrument.structure
    try:
        with fits.open(path, memmap=False) as hdus:
            header = hdus[0].header
            shadowgrams = [hdu.header for hdu in hdus if hdu.name == structure + SHADOWGRAMS]
            bands = tuple((float(h["E_MIN"]), float(h["E_MAX"])) for h in shadowgrams)
            return WindowProduct(
                path=path,
                label=label,
                scw=scw or label,
                instrument=instrument,
                camera=camera,
                attitude=instrument.attitude(*(header[key] for key in ("RA_SCX", "DEC_SCX", "RA_SCZ", "DEC_SCZ"))),
                tstart_ijd=header["TFIRST"],
                tstop_ijd=header["TLAST"],
                ontime_s=header["ONTIME"],
                live_time_s=header["EXPOSURE"],
                bands=bands,
                covered=tuple(float(h["COVERED"]) for h in shadowgrams),
                background=tuple(float(h["BACKRATE"]) for h in shadowgrams),
                sources=_sources(hdus[structure + SOURCES].data, len(bands), instrument.catalogue_flag),
                bursts=hdus[structure + BURSTS].data if structure + BURSTS in hdus else None,
            )
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise BadInput(
            "BadWindowProduct", f"the image product of {label} cannot be read ({error}); analyse the window again"
        ) from error


def _sources(table: Any, bands: int, flag: str) -> list[WindowSource]:
    """Return sources from the rows of the table of sources; *flag* is the column of the catalogue's flag."""
    return [
        WindowSource(
            name=str(rows["NAME"][0]),
            new=bool(rows["NEW_SOURCE"][0]),
            wanted=bool(rows["WANTED"][0]),
            fitted=bool(rows["FITTED"][0]),
            ra=float(rows["RA_FIN"][0]),
            dec=float(rows["DEC_FIN"][0]),
            error_arcmin=float(rows["FIN_RD_ERR"][0]) * 60.0,
            catalogue_ra=float(rows["RA_OBJ"][0]),
            catalogue_dec=float(rows["DEC_OBJ"][0]),
            catalogue_flag=int(rows[flag][0]),
            flux=np.array(rows["FLUX"], np.float64),
            flux_error=np.array(rows["FLUX_ERR"], np.float64),
        )
        for rows in (table[start : start + bands] for start in range(0, len(table), bands))
    ]
