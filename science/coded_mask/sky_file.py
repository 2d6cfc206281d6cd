"""The product of one window: images, sources, and what a mosaic needs.

The mosaic fits sources that were found in other windows only. Therefore the shadowgram of every band and its used
pixels travel with the images (50 kB a band), with the pattern of the background where a map of it was used and the
live time of each pixel where it differs from the mean, and no event file is read again.
"""

from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from mesh.kit.ogip.observation import date_cards
from science.coded_mask.fit import ShadowgramFit
from science.coded_mask.source_list import WindowSource
from science.coded_mask.tan_image import (
    SIGMA_PER_FWHM,
    BandImage,
    Cards,
    draw_gaussians,
    image_hdu,
    index_hdu,
    instrument_cards,
    set_cards,
    window_wcs,
)
from science.coded_mask.window_result import WindowResult

IMAGES, SHADOWGRAMS, PIXELS, SOURCES = "-SKY.-IMA", "-DETE-SHD", "-PIXL-USE", "-SKY.-RES"
PATTERN, EFFICIENCY = "-BACK-PAT", "-EFFI-SHD"
"""Names of the extensions, after the instrument's structure (ISGR-SKY.-IMA)."""
DAY_S = 86400.0


def window_cards(result: WindowResult) -> Cards:
    """Keywords of one window: identity, times, exposures, attitude."""
    events = result.facts
    ra_x, dec_x, ra_z, dec_z = events.attitude.spacecraft()
    return [
        *instrument_cards(result.instrument, "IMA"),
        ("SWID", events.swid, "science window"),
        ("REVOL", events.revolution, "revolution"),
        ("TSTART", events.tstart_ijd, "[d] start of the window (IJD)"),
        ("TSTOP", events.tstop_ijd, "[d] end of the window (IJD)"),
        *date_cards(events.tstart_ijd, events.tstop_ijd),
        ("TFIRST", events.tstart_ijd + result.gti[0, 0] / DAY_S, "[d] first good time (IJD)"),
        ("TLAST", events.tstart_ijd + result.gti[-1, 1] / DAY_S, "[d] last good time (IJD)"),
        ("ONTIME", result.ontime_s, "[s] sum of good time intervals"),
        ("DEADC", result.live_fraction, "live fraction"),
        ("EXPOSURE", result.live_time_s, "[s] exposure corrected for dead time"),
        ("RA_SCX", ra_x, "[deg] right ascension of spacecraft X axis"),
        ("DEC_SCX", dec_x, "[deg] declination of spacecraft X axis"),
        ("RA_SCZ", ra_z, "[deg] right ascension of spacecraft Z axis"),
        ("DEC_SCZ", dec_z, "[deg] declination of spacecraft Z axis"),
    ]


def band_images(result: WindowResult, sources: list[WindowSource]) -> list[BandImage]:
    """Return the five images of every band, columns flipped (east to the left)."""
    grid = result.sky.camera.grid
    images = []
    for band, (fit, maps) in enumerate(zip(result.sky.fits, result.images, strict=True)):
        low, high = fit.data.low_kev, fit.data.high_kev
        residual, variance = maps.residual.flux, maps.residual.sigma**2
        intensity = residual.copy()
        tangents = [result.facts.attitude.tangents(source.ra, source.dec) for source in sources]
        draw_gaussians(
            intensity,
            [
                (float(tz) / grid.step + grid.axis[0], float(ty) / grid.step + grid.axis[1], source.flux[band])
                for (tz, ty), source in zip(tangents, sources, strict=True)
            ],
            SIGMA_PER_FWHM * fit.data.camera.resolution / grid.step,
        )
        for kind, pixels in (
            (result.instrument.intensity, intensity),
            ("VARIANCE", variance),
            ("SIGNIFICANCE", intensity / maps.residual.sigma),
            ("RESIDUAL", residual),
            ("EXPOSURE", result.exposure_map_s),
        ):
            images.append(BandImage(kind, low, high, pixels[:, ::-1]))
    return images


def sky_hdus(result: WindowResult, sources: list[WindowSource]) -> fits.HDUList:
    """Return the whole product as an HDU list, primary first."""
    cards = window_cards(result)
    structure = result.instrument.structure
    wcs = window_wcs(result.facts.attitude, result.sky.camera.grid)
    images = band_images(result, sources)
    facts = [(key, "1D", unit, value) for key, unit, value in _index_facts(result)]
    primary = fits.PrimaryHDU()
    set_cards(primary.header, cards)
    hdus = fits.HDUList([primary, index_hdu(f"{structure}{IMAGES}-IDX", structure + IMAGES, images, 2, facts)])
    for version, image in enumerate(images, 1):
        hdus.append(image_hdu(structure + IMAGES, version, image, [*cards, *wcs]))
    hdus.append(_source_table(result, sources))
    for version, (fit, maps) in enumerate(zip(result.sky.fits, result.images, strict=True), 1):
        hdus.extend(_shadowgram_hdus(fit, maps.noise, version))
    efficiency = result.sky.fits[0].data.efficiency
    if efficiency is not None:
        shares = fits.ImageHDU(efficiency.astype(np.float32), name=structure + EFFICIENCY)
        exposure = ("EXPOSURE", result.live_time_s, "[s] live time of a pixel of 1")
        set_cards(shares.header, [*instrument_cards(result.instrument, "BIN_I"), exposure])
        hdus.append(shares)
    return hdus


def _index_facts(result: WindowResult) -> list[tuple[str, str, float]]:
    ra, dec = result.facts.attitude.sky(0.0, 0.0)
    return [
        ("TFIRST", "d", result.facts.tstart_ijd + result.gti[0, 0] / DAY_S),
        ("TLAST", "d", result.facts.tstart_ijd + result.gti[-1, 1] / DAY_S),
        ("TELAPSE", "s", float(result.gti[-1, 1] - result.gti[0, 0])),
        ("EXPOSURE", "s", result.live_time_s),
        ("CRVAL1", "deg", float(ra)),
        ("CRVAL2", "deg", float(dec)),
    ]


def _shadowgram_hdus(fit: ShadowgramFit, noise: float, version: int) -> list[fits.ImageHDU]:
    data = fit.data
    used = np.zeros(data.live.size, np.uint8)
    used[fit.pixels] = 1
    level = fit.background_counts / data.exposed_s if data.exposed_s > 0.0 else 0.0
    instrument = data.camera.instrument
    made = []
    images: list[tuple[str, NDArray[Any]]] = [
        (SHADOWGRAMS, data.counts.astype(np.int32)),
        (PIXELS, used.reshape(data.live.shape)),
    ]
    if data.pattern is not None:
        images.append((PATTERN, np.array([data.pattern.image, data.pattern.error], np.float32)))
    for name, image in images:
        hdu = fits.ImageHDU(image, name=instrument.structure + name)
        hdu.header["EXTVER"] = version
        set_cards(
            hdu.header,
            [
                *instrument_cards(instrument, "BIN_I"),
                ("E_MIN", data.low_kev, "[keV] lower energy limit"),
                ("E_MAX", data.high_kev, "[keV] upper energy limit"),
                ("EXPOSURE", data.live_time_s, "[s] exposure corrected for dead time"),
                ("ERRSCALE", noise, "factor applied to statistical errors"),
                ("COVERED", 0.0 if data.weightless else data.covered, "share of a source above the low threshold"),
                ("BACKRATE", level, "[counts/s] background of the whole detector"),
            ],
        )
        made.append(hdu)
    return made


def _source_table(result: WindowResult, sources: list[WindowSource]) -> fits.BinTableHDU:
    """Return the table of sources: one row per source and band, sources in order of significance."""
    bands = [(fit.data.low_kev, fit.data.high_kev) for fit in result.sky.fits]
    rows = [(source, band, limits) for source in sources for band, limits in enumerate(bands)]
    tangents = [result.facts.attitude.tangents(source.ra, source.dec) for source, _, _ in rows]

    grid = result.sky.camera.grid

    def column(name: str, form: str, values: list[Any], unit: str | None = None) -> fits.Column:
        return fits.Column(name, form, unit=unit, array=values)

    hdu = fits.BinTableHDU.from_columns(
        [
            column("NAME", "64A", [s.name for s, _, _ in rows]),
            column("NEW_SOURCE", "1I", [int(s.new) for s, _, _ in rows]),
            column("RA_OBJ", "1D", [s.catalogue_ra for s, _, _ in rows], "deg"),
            column("DEC_OBJ", "1D", [s.catalogue_dec for s, _, _ in rows], "deg"),
            column("Z_FIN", "1D", [float(tz) / grid.step + grid.axis[0] for tz, _ in tangents], "pixel"),
            column("Y_FIN", "1D", [float(ty) / grid.step + grid.axis[1] for _, ty in tangents], "pixel"),
            column("RA_FIN", "1D", [s.ra for s, _, _ in rows], "deg"),
            column("DEC_FIN", "1D", [s.dec for s, _, _ in rows], "deg"),
            column("FIN_RD_ERR", "1D", [s.error_arcmin / 60.0 for s, _, _ in rows], "deg"),
            column("FITTED", "1L", [s.fitted for s, _, _ in rows]),
            column("WANTED", "1L", [s.wanted for s, _, _ in rows]),
            column(result.instrument.catalogue_flag, "1I", [s.catalogue_flag for s, _, _ in rows]),
            column("E_MIN", "1E", [limits[0] for _, _, limits in rows], "keV"),
            column("E_MAX", "1E", [limits[1] for _, _, limits in rows], "keV"),
            column("FLUX", "1D", [s.flux[band] for s, band, _ in rows], "count/s"),
            column("FLUX_ERR", "1D", [s.flux_error[band] for s, band, _ in rows], "count/s"),
            column("DETSIG", "1D", [s.significance[band] for s, band, _ in rows]),
        ],
        name=result.instrument.structure + SOURCES,
    )
    set_cards(hdu.header, instrument_cards(result.instrument, "RES"))
    return hdu
