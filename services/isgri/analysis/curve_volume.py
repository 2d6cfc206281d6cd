"""How large the light curves of a request become: what does not fit into a product is refused before it is made."""

from astropy.io import fits

from mesh.kit import BadInput, Unit

_MOSAIC_FILE = "isgri_mosaic.fits"
LARGEST_MB = 450.0
"""Light curves of a job; ``output_mb`` of instrument.toml leaves room for pictures beside them."""
_BYTES = 84
"""Of a bin in the file of a source and band: RATE and ISGR-SRC.-LCR."""


def check_volume(duration_s: float, width_s: float, bands: int, sources: int) -> None:
    """Refuse light curves that would not fit into a product.

    Args:
        duration_s: good time of all windows.
        width_s: length of a bin.
        bands: number of bands.
        sources: number of sources.

    Raises:
        BadInput: TooManyBins.
    """
    size_mb = duration_s / width_s * bands * sources * _BYTES / 1e6
    if size_mb > LARGEST_MB:
        raise BadInput(
            "TooManyBins",
            f"light curves of {sources} sources in {bands} bands, {duration_s:.0f} s in bins of {width_s:g} s, take "
            f"{size_mb:.0f} MB; the limit is {LARGEST_MB:.0f}: set time_bin to {width_s * size_mb / LARGEST_MB:.2g} s "
            "or more, list fewer sources in catalogue, or ask for fewer bands or windows",
        )


def job_ontime_s(unit: Unit) -> float:
    """Return the good time of all windows of the job, from its mosaic; 0 where no mosaic was made."""
    for entry in unit.inputs("mosaic"):
        return float(fits.getval(entry.path(_MOSAIC_FILE), "ONTIME"))
    return 0.0
