"""A small archive index to select from."""

from mesh.archive.index import Entry, Index
from mesh.archive.scw import ScwId
from mesh.archive.times import ijd_from_utc

EVENTS = ("isgri_events.fits.gz",)


def entry(
    scw: str,
    start: str,
    *,
    ra: float = 266.4,
    dec: float = -29.0,
    files: tuple[str, ...] | None = EVENTS,
    minutes: float = 30.0,
) -> Entry:
    """Make a window of some minutes that starts at a UTC time."""
    identifier = ScwId.parse(scw)
    t_start = ijd_from_utc(start)
    return Entry(
        identifier,
        t_start,
        t_start + minutes / 1440.0,
        ra,
        dec,
        ra,
        dec + 90.0,
        identifier.type,
        minutes * 60.0,
        files,
    )


def small_index() -> Index:
    """Six windows: four pointings, one of them in two versions and one without events, and a slew."""
    return Index(
        [
            entry("201600270010.001", "2018-10-29T03:00:00"),
            entry("201600270021.001", "2018-10-29T03:30:00", minutes=2.0),
            entry("201600280010.000", "2018-10-29T03:32:00", ra=268.0, dec=-31.0),
            entry("201600280010.001", "2018-10-29T03:32:00", ra=268.0, dec=-31.0),
            entry("201600290010.001", "2018-10-29T04:05:00", ra=83.6, dec=22.0),
            entry("201600300010.001", "2018-10-29T04:40:00", ra=266.0, dec=-30.0, files=("jmx1_events.fits",)),
        ],
        "test",
    )
