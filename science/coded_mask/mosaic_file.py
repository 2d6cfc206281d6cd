"""The products of a mosaic: image file, catalogue table, region file, summary."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from astropy.io import fits

from mesh.kit.ogip.observation import date_cards
from science.coded_mask.geometry import unit_vector
from science.coded_mask.mosaic import Mosaic
from science.coded_mask.mosaic_source import MosaicSource
from science.coded_mask.tan_image import (
    SIGMA_PER_FWHM,
    BandImage,
    Cards,
    draw_gaussians,
    image_hdu,
    index_hdu,
    instrument_cards,
    set_cards,
)

_IMAGE = "-MOSA-IMA"
_KNOWN, _NEW = -32768, -32767
"""Values of NEW_SOURCE in catalogues of the public data centre's service."""


def mosaic_images(mosaic: Mosaic, sources: Sequence[MosaicSource]) -> list[BandImage]:
    """Return the four images of every band; fitted sources are Gaussians on the residual mosaic."""
    images = []
    places = [mosaic.grid.pixel(unit_vector(*source.position()[:2])) for source in sources]
    for band, ((low, high), total) in enumerate(zip(mosaic.bands, mosaic.sums, strict=True)):
        intensity, variance = total.intensity(), total.variance()
        draw_gaussians(
            intensity,
            [
                (float(place[0]), float(place[1]), float(np.nan_to_num(source.combined()[0][band])))
                for place, source in zip(places, sources, strict=True)
                if source.fluxes
            ],
            SIGMA_PER_FWHM * mosaic.camera.resolution / mosaic.grid.step,
        )
        for kind, pixels in (
            (mosaic.instrument.intensity, intensity),
            ("VARIANCE", variance),
            ("SIGNIFICANCE", (intensity / np.sqrt(variance)).astype(np.float32)),
            ("EXPOSURE", total.exposure_s),
        ):
            images.append(BandImage(kind, low, high, pixels))
    return images


def mosaic_hdus(mosaic: Mosaic, images: Sequence[BandImage]) -> fits.HDUList:
    """Return the image product, primary first."""
    windows = mosaic.windows
    ontime = sum(window.ontime_s for window in windows)
    exposure = sum(window.live_time_s for window in windows)
    first, last = min(w.tstart_ijd for w in windows), max(w.tstop_ijd for w in windows)
    cards: Cards = [
        *instrument_cards(mosaic.instrument, "IMA2"),
        ("TFIRST", first, "[d] first good time (IJD)"),
        ("TLAST", last, "[d] last good time (IJD)"),
        *date_cards(first, last),
        ("ONTIME", ontime, "[s] sum of good time intervals"),
        ("EXPOSURE", exposure, "[s] exposure corrected for dead time"),
        ("SCWS", len({window.scw for window in windows}), "number of science windows"),
    ]
    name = mosaic.instrument.structure + _IMAGE
    primary = fits.PrimaryHDU()
    set_cards(primary.header, cards)
    facts: list[tuple[str, str, str, object]] = [
        ("TFIRST", "1D", "d", first),
        ("TLAST", "1D", "d", last),
        ("ONTIME", "1D", "s", ontime),
        ("EXPOSURE", "1D", "s", exposure),
    ]
    hdus = fits.HDUList([primary, index_hdu(f"{name}-IDX", name, images, 2, facts)])
    for version, image in enumerate(images, 1):
        hdus.append(image_hdu(name, version, image, [*cards, *mosaic.grid.cards()]))
    return hdus


def _band_name(low: float, high: float) -> str:
    return f"{low:g}_{high:g}"


def catalogue_hdus(mosaic: Mosaic, sources: Sequence[MosaicSource]) -> fits.HDUList:
    """Return the catalogue: the columns of the public service, then flux, error, significance and chi2 of every band.

    ``significance`` is the highest of all bands. FLAG is 1 where the flux is biased by the threshold.
    ERR_RAD is the 90 % radius in degrees, statistical.
    """
    positions = [source.position() for source in sources]
    column = fits.Column
    columns = [
        column("meta_ID", "1J", array=np.arange(len(sources))),
        column("src_names", "64A", array=[source.name for source in sources]),
        column("significance", "1D", array=[float(source.significance().max()) for source in sources]),
        column("ra", "1D", unit="deg", array=[place[0] for place in positions]),
        column("dec", "1D", unit="deg", array=[place[1] for place in positions]),
        column("NEW_SOURCE", "1I", array=[_NEW if source.new else _KNOWN for source in sources]),
        column(mosaic.instrument.catalogue_flag, "1I", array=[source.catalogue_flag for source in sources]),
        column("FLAG", "1I", array=[int(mosaic.biased(source)) for source in sources]),
        column("ERR_RAD", "1D", unit="deg", array=[place[2] / 60.0 for place in positions]),
        column("scws", "1J", array=[mosaic.seen_in(source) for source in sources]),
    ]
    combined = [source.combined() for source in sources]
    for band, (low, high) in enumerate(mosaic.bands):
        name = _band_name(low, high)
        flux, error, chi2 = ([float(part[i][band]) for part in combined] for i in range(3))
        columns += [
            column(f"flux_{name}", "1D", unit="count/s", array=flux),
            column(f"flux_err_{name}", "1D", unit="count/s", array=error),
            column(f"significance_{name}", "1D", array=[f / e for f, e in zip(flux, error, strict=True)]),
            column(f"chi2_{name}", "1D", array=chi2),
        ]
    table = fits.BinTableHDU.from_columns(columns, name="CATALOG")
    set_cards(
        table.header, [*instrument_cards(mosaic.instrument, "RES"), ("RADESYS", "FK5", "celestial reference frame")]
    )
    table.header.add_comment("chi2 is per degree of freedom over science windows: large means variable.")
    return fits.HDUList([fits.PrimaryHDU(), table])


def region_text(sources: Sequence[MosaicSource], least_arcmin: float) -> str:
    """Return the catalogue as a region file for SAOImage DS9; circles have at least a radius of ``least_arcmin``."""
    lines = ["# Region file format: DS9 version 4.1", "fk5"]
    for source in sources:
        ra, dec, error = source.position()
        colour = "cyan" if source.new else "green"
        circle = f'circle({ra:.5f},{dec:+.5f},{max(error, least_arcmin) * 60:.1f}")'
        lines.append(f"{circle} # text={_ds9_text(source.name)} color={colour}")
    return "\n".join(lines) + "\n"


def _ds9_text(name: str) -> str:
    """Return a name in the delimiters of DS9 that do not end within it."""
    for begin, end in (("{", "}"), ('"', '"'), ("'", "'")):
        if begin not in name and end not in name:
            return begin + name + end
    return "{" + name.replace("{", "(").replace("}", ")") + "}"


def mosaic_source_summary(source: MosaicSource, mosaic: Mosaic) -> dict[str, Any]:
    """Return a source as plain values; fluxes in counts/s."""
    ra, dec, error_arcmin = source.position()
    return {
        "name": source.name,
        "ra": round(ra, 5),
        "dec": round(dec, 5),
        "error_arcmin": round(error_arcmin, 3),
        "new": source.new,
        "scws": mosaic.seen_in(source),
        "bands": [
            {
                "e_min": low,
                "e_max": high,
                "flux": round(float(flux), 4),
                "flux_error": round(float(error), 4),
                "significance": round(float(flux / error), 2),
                "chi2_per_dof": round(float(chi2), 3),
            }
            for (low, high), flux, error, chi2 in zip(mosaic.bands, *source.combined(), strict=True)
        ],
    }
