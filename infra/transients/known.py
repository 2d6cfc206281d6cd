"""The gravitational-wave events of the first two observing runs, as notices that the mesh takes.

Times: GWTC-1 (Abbott et al. 2019, Phys. Rev. X 9, 031040, table III). Each names its map as the public data have it,
and the scenario with which SPI-ACS of its hours is simulated.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_RELEASED = "2018-12-03T00:00:00Z"
"""When the catalogue came out: the notice of an event has one date, so that it is the same each time."""
_SERIAL = 100
"""Later than every notice that was sent at the time."""


@dataclass(frozen=True)
class KnownTransient:
    """One event.

    Args:
        names: that people use.
        ident: in GraceDB.
        time: UTC at the centre of the Earth.
        kind: what merged, BBH or BNS.
        map: name of the file with its sky map.
        scenario: of the simulator of SPI-ACS.
    """

    names: tuple[str, ...]
    ident: str
    time: str
    kind: str
    map: str
    scenario: str

    @property
    def event_key(self) -> str:
        """What the mesh calls it."""
        return f"lvk:{self.ident}"

    def notice(self, **place: Any) -> bytes:
        """Return a notice after GCN's unified schema.

        Args:
            place: fields that say where it was.
        """
        body: Mapping[str, Any] = {
            "mission": "LVK",
            "messenger": "GW",
            "id": [self.ident],
            "event_name": list(self.names),
            "trigger_time": self.time,
            "alert_datetime": _RELEASED,
            "alert_tense": "archival",
            "alert_type": "update",
            "record_number": _SERIAL,
            "classification": {self.kind: 1.0},
            **place,
        }
        return json.dumps(body).encode()

    def with_map(self, path: Path) -> bytes:
        """Return a notice that brings the sky map of a file."""
        return self.notice(healpix_file=base64.b64encode(path.read_bytes()).decode())


KNOWN = (
    KnownTransient(
        ("GW150914",), "G184098", "2015-09-14T09:50:45.400Z", "BBH", "GW150914_GWTC1.fits.gz", "acs-gw150914"
    ),
    KnownTransient(
        ("GW151012", "LVT151012"),
        "G197392",
        "2015-10-12T09:54:43.400Z",
        "BBH",
        "GW151012_GWTC_multiorder.fits.gz",
        "acs-gw151012",
    ),
    KnownTransient(
        ("GW151226",), "G211117", "2015-12-26T03:38:53.600Z", "BBH", "GW151226_GWTC_multiorder.fits.gz", "acs-gw151226"
    ),
    KnownTransient(
        ("GW170104",), "G268556", "2017-01-04T10:11:58.600Z", "BBH", "GW170104_GWTC1.fits.gz", "acs-gw170104"
    ),
    KnownTransient(
        ("GW170608",), "G288732", "2017-06-08T02:01:16.500Z", "BBH", "GW170608_GWTC_multiorder.fits.gz", "acs-gw170608"
    ),
    KnownTransient(
        ("GW170814",), "G297595", "2017-08-14T10:30:43.500Z", "BBH", "GW170814_GWTC_multiorder.fits.gz", "acs-gw170814"
    ),
    KnownTransient(
        ("GW170817",), "G298048", "2017-08-17T12:41:04.430Z", "BNS", "GW170817_GWTC1.fits.gz", "acs-grb170817a"
    ),
)
GW170817 = KNOWN[-1]


class MapsMissing(Exception):
    """Sky maps are not where they were said to be; the text says which."""


def find_maps(directory: Path, events: Sequence[KnownTransient] = KNOWN) -> dict[str, Path]:
    """Return where the sky map of each event is, by the event's key.

    Args:
        directory: with the maps, in it or anywhere below.
        events: whose maps are wanted.

    Raises:
        MapsMissing: the directory is none, or lacks maps.
    """
    if not directory.is_dir():
        raise MapsMissing(f"{directory} is no directory: name the one with the sky maps, e.g. {KNOWN[0].map}")
    found = {path.name: path for path in sorted(directory.rglob("*.fits.gz"), reverse=True)}
    missing = [one.map for one in events if one.map not in found]
    if missing:
        raise MapsMissing(f"{directory} has no {', '.join(missing)}: put them there, or into a directory below it")
    return {one.event_key: found[one.map] for one in events}
