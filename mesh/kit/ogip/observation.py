"""What was observed, with what and when: the keywords that every OGIP extension carries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from astropy.io import fits

DAY_S = 86400.0
MJDREF = 51544.0
"""Origin of all times: IJD 0, in Terrestrial Time."""

Card = tuple[str, object, str]


@dataclass(frozen=True)
class Observation:
    """Identity of a product.

    Args:
        instrument: INSTRUME, e.g. ``IBIS``, ``JMX1``, ``SPI-ACS``, ``POLAR``.
        start_ijd: first good time, days (TT) since MJD 51544.
        stop_ijd: last good time, the same.
        source: name of the source, or of the field.
        ra: right ascension of the source in degrees (J2000); None when the product has no direction.
        dec: declination, degrees.
        telescope: TELESCOP.
        detector: DETNAM, e.g. ``ISGRI``; empty when the instrument has one detector.
        extra: further keywords, each (keyword, value, comment).
        ephemeris: that of times at the barycentre of the solar system (TDB); empty for times at the spacecraft (TT).
    """

    instrument: str
    start_ijd: float
    stop_ijd: float
    source: str = ""
    ra: float | None = None
    dec: float | None = None
    telescope: str = "INTEGRAL"
    detector: str = ""
    extra: tuple[Card, ...] = ()
    ephemeris: str = ""

    def cards(self, unit: str = "d") -> list[Card]:
        """Return the keywords; *unit* of TSTART and TSTOP is ``d`` or ``s``, both counted from MJDREF."""
        scale = DAY_S if unit == "s" else 1.0
        cards: list[Card] = [
            ("TELESCOP", self.telescope, "telescope or mission"),
            ("INSTRUME", self.instrument, "instrument"),
        ]
        if self.detector:
            cards.append(("DETNAM", self.detector, "detector layer"))
        cards += [("FILTER", "none", "no filter"), ("OBJECT", ascii_text(self.source), "source or field")]
        if self.ra is not None and self.dec is not None:
            cards += [
                ("RA_OBJ", self.ra, "[deg] right ascension of the source"),
                ("DEC_OBJ", self.dec, "[deg] declination of the source"),
                ("RADESYS", "FK5", "celestial reference frame"),
                ("EQUINOX", 2000.0, "equinox of the coordinates"),
            ]
        cards += [
            ("MJDREF", MJDREF, "[d] modified Julian date of the time origin"),
            *self._frame(),
            ("TIMEUNIT", unit, "unit of times in this header"),
            ("TSTART", self.start_ijd * scale, f"[{unit}] first good time since MJDREF"),
            ("TSTOP", self.stop_ijd * scale, f"[{unit}] last good time since MJDREF"),
            *date_cards(self.start_ijd, self.stop_ijd),
            ("TELAPSE", (self.stop_ijd - self.start_ijd) * DAY_S, "[s] from first to last good time"),
        ]
        return [*cards, *self.extra]

    def _frame(self) -> list[Card]:
        """Return what says where and in which scale times are counted."""
        if not self.ephemeris:
            return [("TIMESYS", "TT", "time frame"), ("TIMEREF", "LOCAL", "times are those at the spacecraft")]
        return [
            ("TIMESYS", "TDB", "time frame"),
            ("TIMEREF", "SOLARSYSTEM", "times are those at the barycentre"),
            ("PLEPHEM", self.ephemeris, "ephemeris of the Earth"),
        ]


def date_cards(start_ijd: float, stop_ijd: float) -> list[Card]:
    """Return start and stop as dates and as MJD, both in the time frame of the header (TT), as FITS 4.0 has it.

    The MJD are there because astropy's WCS warns of each header in which it must work them out itself.
    """
    return [
        ("DATE-OBS", _date(start_ijd), "start (TT)"),
        ("MJD-OBS", MJDREF + start_ijd, "[d] start (TT)"),
        ("DATE-END", _date(stop_ijd), "end (TT)"),
        ("MJD-END", MJDREF + stop_ijd, "[d] end (TT)"),
    ]


def _date(ijd: float) -> str:
    return (datetime(2000, 1, 1) + timedelta(days=ijd)).isoformat(timespec="milliseconds")  # of TT, which no zone has


def ascii_text(text: str, longest: int = 64) -> str:
    """Return text as a FITS header or table can hold it: printable ASCII, at most *longest* characters."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)[:longest]


def table(name: str, columns: Iterable[fits.Column], cards: Iterable[Card]) -> fits.BinTableHDU:
    """Return a table extension with a name, columns and keywords."""
    hdu = fits.BinTableHDU.from_columns(list(columns), name=name)
    for key, value, comment in cards:
        # A card has 80 characters; astropy warns when it has to cut the comment itself.
        taken = 13 + (max(len(value) + value.count("'"), 8) + 2 if isinstance(value, str) else 20)
        hdu.header[key] = (value, comment[: max(80 - taken, 0)])
    return hdu


def ogip_cards(*classes: str, version: str) -> list[Card]:
    """Return HDUCLASS, HDUCLAS1 and so on, by which readers recognise an extension whatever its name is."""
    cards: list[Card] = [("HDUCLASS", "OGIP", "format follows the OGIP standards")]
    cards += [(f"HDUCLAS{level}", word, "class of the extension") for level, word in enumerate(classes, 1)]
    return [*cards, ("HDUVERS", version, "version of the format")]
