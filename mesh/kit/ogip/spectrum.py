"""Spectra: OGIP PHA files of type I (OGIP/92-007, 92-007a)."""

import numpy as np
from astropy.io import fits
from numpy.typing import ArrayLike

from mesh.kit.ogip.observation import Card, Observation, ogip_cards, table

GOOD, BAD = 0, 1
"""Values of QUALITY: usable, and declared bad by the software."""


def spectrum_hdu(
    rate: ArrayLike,
    error: ArrayLike,
    *,
    exposure_s: float,
    observation: Observation,
    first_channel: int,
    systematic: ArrayLike = 0.0,
    quality: ArrayLike | None = None,
    grouping: ArrayLike | None = None,
    response: str = "",
    area: str = "",
    background: str = "",
    correction: str = "",
    net: bool = True,
    name: str = "SPECTRUM",
    extra: tuple[Card, ...] = (),
) -> fits.BinTableHDU:
    """Return a spectrum of count rates with errors.

    Channels without a finite rate and a positive error are written as rate 0, error 0, QUALITY 1: some readers crash
    on NaN. Errors are Gaussian (POISSERR F), as background-subtracted rates have them.

    Args:
        rate: counts/s per channel.
        error: 1 sigma statistical error, counts/s.
        exposure_s: live time, s.
        observation: what was observed.
        first_channel: number of the first channel; 0 for ISGRI, 1 for JEM-X. The response must agree.
        systematic: systematic error as a fraction of the rate; one value, or one per channel.
        quality: 0 where a channel is good; all good when absent.
        grouping: 1 where a group begins, -1 inside it; no groups when absent.
        response: file name of the redistribution matrix, beside this file.
        area: file name of the effective area.
        background: file name of the background spectrum; empty when it is subtracted or absent.
        correction: file name of the correction spectrum (``correction_hdu``), beside this file. CORRSCAL is 0: of the
            rates nothing is subtracted, a fit may find how much of it is in them.
        net: whether the background is subtracted (HDUCLAS2 NET) or part of the rates (TOTAL).
        name: of the extension.
        extra: further keywords.

    Raises:
        ValueError: the arrays differ in length.
    """
    rate, error = np.array(rate, np.float64), np.array(error, np.float64)
    if rate.ndim != 1 or rate.shape != error.shape:
        msg = f"rates {rate.shape} and errors {error.shape} must be two lists of one length"
        raise ValueError(msg)
    channels = rate.size
    flags = np.zeros(channels, np.int16) if quality is None else np.array(quality, np.int16)
    missing = ~(np.isfinite(rate) & np.isfinite(error) & (error > 0.0))
    rate[missing] = error[missing] = 0.0
    flags[missing & (flags == GOOD)] = BAD
    groups = np.ones(channels, np.int16) if grouping is None else np.array(grouping, np.int16)
    relative = np.broadcast_to(np.asarray(systematic, np.float64), (channels,))
    column = fits.Column
    columns = [
        column("CHANNEL", "1I", array=np.arange(first_channel, first_channel + channels)),
        column("RATE", "1E", unit="count/s", array=rate),
        column("STAT_ERR", "1E", unit="count/s", array=error),
        column("SYS_ERR", "1E", array=relative),
        column("QUALITY", "1I", array=flags),
        column("GROUPING", "1I", array=groups),
    ]
    cards: list[Card] = [
        *ogip_cards("SPECTRUM", "NET" if net else "TOTAL", "RATE", version="1.2.1"),
        ("HDUCLAS4", "TYPE:I", "one spectrum"),
        *observation.cards(),
        ("TLMIN1", first_channel, "first channel"),
        ("TLMAX1", first_channel + channels - 1, "last channel"),
        ("CHANTYPE", "PI", "channels are corrected for gain"),
        ("DETCHANS", channels, "number of channels of the detector"),
        ("EXPOSURE", float(exposure_s), "[s] exposure corrected for dead time"),
        ("POISSERR", False, "errors are in STAT_ERR"),
        ("AREASCAL", 1.0, "scale of the area"),
        ("BACKSCAL", 1.0, "scale of the background"),
        ("CORRSCAL", 0.0, "scale of the correction file"),
        ("RESPFILE", response or "NONE", "redistribution matrix"),
        ("ANCRFILE", area or "NONE", "effective area"),
        ("BACKFILE", background or "NONE", "background spectrum"),
        ("CORRFILE", correction or "NONE", "correction spectrum"),
        *extra,
    ]
    return table(name, columns, cards)


def correction_hdu(
    rate: ArrayLike, *, exposure_s: float, observation: Observation, first_channel: int, extra: tuple[Card, ...] = ()
) -> fits.BinTableHDU:
    """Return the correction spectrum of a spectrum: what one unknown number of unit variance adds to all its channels.

    In XSPEC ``cornorm`` is that number, with a prior of 0 +- 1. The rates are exact (STAT_ERR 0), all channels good.

    Args:
        rate: counts/s per channel; what is not finite is written as 0.
        exposure_s: live time of the spectrum, s.
        observation: what was observed.
        first_channel: number of the first channel, as in the spectrum.
        extra: further keywords.
    """
    values = np.nan_to_num(np.array(rate, np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    column = fits.Column
    columns = [
        column("CHANNEL", "1I", array=np.arange(first_channel, first_channel + values.size)),
        column("RATE", "1E", unit="count/s", array=values),
        column("STAT_ERR", "1E", unit="count/s", array=np.zeros(values.size)),
    ]
    cards: list[Card] = [
        *ogip_cards("SPECTRUM", "BKG", "RATE", version="1.2.1"),
        ("HDUCLAS4", "TYPE:I", "one spectrum"),
        *observation.cards(),
        ("TLMIN1", first_channel, "first channel"),
        ("TLMAX1", first_channel + values.size - 1, "last channel"),
        ("CHANTYPE", "PI", "channels are corrected for gain"),
        ("DETCHANS", values.size, "number of channels of the detector"),
        ("EXPOSURE", float(exposure_s), "[s] exposure corrected for dead time"),
        ("POISSERR", False, "the rates are exact"),
        ("SYS_ERR", 0, "no systematic error"),
        ("QUALITY", 0, "all channels are good"),
        ("GROUPING", 0, "channels are not grouped"),
        ("AREASCAL", 1.0, "scale of the area"),
        ("BACKSCAL", 1.0, "scale of the background"),
        ("CORRSCAL", 0.0, "scale of the correction file"),
        ("RESPFILE", "NONE", "redistribution matrix"),
        ("ANCRFILE", "NONE", "effective area"),
        ("BACKFILE", "NONE", "background spectrum"),
        ("CORRFILE", "NONE", "correction spectrum"),
        *extra,
    ]
    return table("CORRECTION", columns, cards)


def counts_hdu(
    counts: ArrayLike,
    *,
    exposure_s: float,
    observation: Observation,
    first_channel: int,
    response: str = "",
    background: str = "",
    is_background: bool = False,
    scale: float = 1.0,
) -> fits.BinTableHDU:
    """Return a spectrum of counted photons with the background among them, or of the background (POISSERR T).

    Args:
        counts: per channel, whole numbers.
        exposure_s: live time, s.
        observation: what was observed.
        first_channel: number of the first channel.
        response: file name of the response, beside this file.
        background: file name of the background spectrum.
        is_background: whether these are the counts of the background (HDUCLAS2 BKG).
        scale: BACKSCAL; counts over live time and BACKSCAL are compared.
    """
    numbers = np.asarray(counts, np.int64)
    column = fits.Column
    columns = [
        column("CHANNEL", "1I", array=np.arange(first_channel, first_channel + numbers.size)),
        column("COUNTS", "1J", unit="count", array=numbers),
        column("QUALITY", "1I", array=np.full(numbers.size, GOOD)),
        column("GROUPING", "1I", array=np.ones(numbers.size)),
    ]
    cards: list[Card] = [
        *ogip_cards("SPECTRUM", "BKG" if is_background else "TOTAL", "COUNT", version="1.2.1"),
        ("HDUCLAS4", "TYPE:I", "one spectrum"),
        *observation.cards(),
        ("TLMIN1", first_channel, "first channel"),
        ("TLMAX1", first_channel + numbers.size - 1, "last channel"),
        ("CHANTYPE", "PI", "channels are corrected for gain"),
        ("DETCHANS", numbers.size, "number of channels of the detector"),
        ("EXPOSURE", float(exposure_s), "[s] exposure corrected for dead time"),
        ("POISSERR", True, "counts of single photons"),
        ("SYS_ERR", 0.0, "no systematic error"),
        ("AREASCAL", 1.0, "scale of the area"),
        ("BACKSCAL", float(scale), "scale of the background"),
        ("CORRSCAL", 0.0, "scale of the correction file"),
        ("RESPFILE", response or "NONE", "redistribution matrix"),
        ("ANCRFILE", "NONE", "effective area"),
        ("BACKFILE", background or "NONE", "background spectrum"),
        ("CORRFILE", "NONE", "correction spectrum"),
    ]
    return table("SPECTRUM", columns, cards)
