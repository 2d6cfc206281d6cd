"""From a caller's selection to science windows: a list of identifiers, or a time range with an optional cone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mesh.archive.index import Entry, Index
from mesh.archive.scw import ScwId
from mesh.archive.times import ijd_from_utc, utc_from_ijd
from mesh.contracts import Cone, Selection, TimeRange
from mesh.errors import InvalidSelection

MISSION = ("2002-10-17T00:00:00", "2025-02-28T23:59:59")
"""Launch of INTEGRAL and end of its observations, UTC."""

_SHOWN = 3  # rejected windows named in an error


class Rejected(NamedTuple):
    """A window that was asked for and cannot be analysed; the others go on."""

    scw: str
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Selected:
    """What a selection gave.

    Args:
        entries: windows to analyse, in time order.
        rejected: windows that cannot be analysed, with the reason.
    """

    entries: tuple[Entry, ...]
    rejected: tuple[Rejected, ...]


def select(index: Index, selection: Selection, *, instrument: str, files: Sequence[str]) -> Selected:
    """Select the pointings for a request.

    Args:
        index: of the archive.
        selection: list of identifiers, or time range (UTC) with an optional cone.
        instrument: name, for the reasons: 'isgri' gives NoISGRIEvents.
        files: names of the events file, in order of preference.

    Raises:
        InvalidSelection: malformed, or nothing is left to analyse; says what would be possible.
    """
    if len(index) == 0:
        raise InvalidSelection(f"the archive is empty ({index.source} lists nothing)", field="selection")
    if (selection.scws is None) == (selection.time is None):
        text = "give either a list of science windows or a time range (with a cone if wanted)"
        raise InvalidSelection(text, field="selection")
    if selection.scws is not None:
        found, rejected = _listed(index, selection.scws)
        field = "selection.scws"
    else:
        assert selection.time is not None  # noqa: S101 - one of the two is given, see above
        found, rejected = _observed(index, selection.time, selection.cone), []
        field = "selection.time"
    usable = [entry for entry in found if entry.file(files)]
    rejected += [_without_events(entry, instrument) for entry in found if not entry.file(files)]
    if not usable:
        shown = "; ".join(item.text for item in rejected[:_SHOWN]) + ("; ..." if len(rejected) > _SHOWN else "")
        text = f"none of the {len(rejected)} science windows can be analysed: {shown}"
        raise InvalidSelection(text if rejected else "the list of science windows is empty", field=field)
    return Selected(_thinned(usable, selection.max_pointings), tuple(rejected))


def separation_deg(ra1: float, dec1: float, ra2: float, dec2: float) -> float:
    """Angle between two directions [deg] (Vincenty's form: exact at all distances)."""
    d_ra, a, b = math.radians(ra2 - ra1), math.radians(dec1), math.radians(dec2)
    y = math.hypot(math.cos(b) * math.sin(d_ra), math.cos(a) * math.sin(b) - math.sin(a) * math.cos(b) * math.cos(d_ra))
    x = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(d_ra)
    return math.degrees(math.atan2(y, x))


def _listed(index: Index, scws: Sequence[str]) -> tuple[list[Entry], list[Rejected]]:
    """Look up a list of identifiers; equal windows count once, of several versions of one the newest."""
    found: dict[str, Entry] = {}
    rejected: dict[str, Rejected] = {}
    for text in scws:
        try:
            scw = ScwId.parse(text)
        except ValueError as error:
            rejected[text] = Rejected(text, "MalformedScW", str(error))
            continue
        entry = index.find(scw)
        if entry is None:
            rejected[text] = Rejected(text, "NoScWData", _absent(index, scw))
        elif entry.sw_type != "POINTING":
            words = f"{entry.scw} is no pointing but of type {entry.sw_type.lower()}: only pointings are analysed"
            rejected[text] = Rejected(text, "NotAPointing", words)
        else:
            older, newer = sorted((found.get(scw.swid, entry), entry), key=lambda version: version.scw)
            found[scw.swid] = newer
            if older.scw != newer.scw:
                rejected[str(older.scw)] = _superseded(older, newer)
    return sorted(found.values(), key=lambda entry: (entry.t_start, entry.scw)), list(rejected.values())


def _superseded(older: Entry, newer: Entry) -> Rejected:
    """Say that a newer version of a window was asked for too."""
    words = f"{older.scw} and {newer.scw} are versions of one window: its events count once, in {newer.scw}"
    return Rejected(str(older.scw), "OlderVersion", words)


def _absent(index: Index, scw: ScwId) -> str:
    """Say that a window is absent, and which versions there are."""
    versions = [entry.scw.version for entry in index.versions(scw.swid)]
    if versions:
        return f"{scw} is not in the archive; it has version {', '.join(versions)} of this window"
    return f"{scw} is not in the archive"


def _without_events(entry: Entry, instrument: str) -> Rejected:
    """Say that a window has no events of the instrument."""
    name = instrument.upper()
    return Rejected(str(entry.scw), f"No{name}Events", f"{entry.scw} has no {name} events in the archive")


def _observed(index: Index, time: TimeRange, cone: Cone | None) -> list[Entry]:
    """List the pointings that overlap a time range and lie in a cone; never an empty list."""
    begin, end = _instant(time.t1, "t1"), _instant(time.t2, "t2")
    if begin >= end:
        raise InvalidSelection(f"t1 {time.t1} is not before t2 {time.t2}", field="selection.time", allowed="t1 < t2")
    if end <= ijd_from_utc(MISSION[0]) or begin >= ijd_from_utc(MISSION[1]):
        text = f"{time.t1} to {time.t2} lies outside the mission: INTEGRAL observed from 2002-10-17 to 2025-02-28"
        raise InvalidSelection(text, field="selection.time", allowed="2002-10-17 to 2025-02-28")
    pointings = [entry for entry in index.newest() if entry.sw_type == "POINTING"]
    in_time = [entry for entry in pointings if entry.t_start < end and entry.t_stop > begin]
    if not in_time:
        raise InvalidSelection(_no_pointing(pointings, time, begin, end), field="selection.time")
    if cone is None:
        return in_time
    distance = {entry.scw: separation_deg(cone.ra, cone.dec, entry.ra_x, entry.dec_x) for entry in in_time}
    inside = [entry for entry in in_time if distance[entry.scw] <= cone.radius]
    if not inside:
        nearest = min(in_time, key=lambda entry: distance[entry.scw])
        axis = f"{nearest.scw}, RA {nearest.ra_x:.2f}, Dec {nearest.dec_x:.2f}"
        text = (
            f"no pointing within {cone.radius:g} deg of RA {cone.ra:g}, Dec {cone.dec:g} between {time.t1} and "
            f"{time.t2}; nearest is {distance[nearest.scw]:.1f} deg away ({axis})"
        )
        raise InvalidSelection(text, field="selection.cone")
    return inside


def _instant(text: str, name: str) -> float:
    """IJD of a limit of the time range."""
    try:
        return ijd_from_utc(text)
    except ValueError as error:
        raise InvalidSelection(str(error), field=f"selection.time.{name}", allowed="UTC, ISO form") from error


def _no_pointing(pointings: Sequence[Entry], time: TimeRange, begin: float, end: float) -> str:
    """Say that a time range has no pointing, and where the nearest one is."""
    text = f"no pointing between {time.t1} and {time.t2}"
    if not pointings:
        return f"{text}: the archive has no pointings at all"
    nearest = min(pointings, key=lambda entry: max(entry.t_start - end, begin - entry.t_stop))
    first, last = pointings[0], max(pointings, key=lambda entry: entry.t_stop)
    around = f"{utc_from_ijd(nearest.t_start, 0)} to {utc_from_ijd(nearest.t_stop, 0)}"
    coverage = f"{utc_from_ijd(first.t_start, 0)} to {utc_from_ijd(last.t_stop, 0)}"
    return f"{text}; nearest is {nearest.scw} from {around}; the archive covers {coverage}"


def _thinned(entries: Sequence[Entry], limit: int | None) -> tuple[Entry, ...]:
    """Take at most `limit` windows, evenly spread and always the same ones."""
    if limit is None or len(entries) <= limit:
        return tuple(entries)
    if limit < 1:
        raise InvalidSelection(f"max_pointings is {limit}", field="selection.max_pointings", allowed="1 or more")
    return tuple(entries[(2 * place + 1) * len(entries) // (2 * limit)] for place in range(limit))
