"""From a name to a position: what the mesh knows itself first, then what Sesame knows."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.names.catalogue import Ambiguous, Catalogue, package_catalogue
from gateway.names.sesame import Sesame, SesameUnavailable
from gateway.renewed import Renewed

LOCAL, REMOTE = "reference catalogue", "Sesame (CDS)"
_SUGGESTED = 10


@dataclass(frozen=True)
class Resolved:
    """A name and its position in degrees (ICRS).

    Args:
        name: main name of the source.
        ra: right ascension.
        dec: declination.
        origin: who knows it.
        other_names: further ones, as far as they are known.
        detected_by: instruments of which the reference catalogue says so.
        kind: type of the object in the short form of SIMBAD; empty: not told.
    """

    name: str
    ra: float
    dec: float
    origin: str
    other_names: tuple[str, ...] = ()
    detected_by: tuple[str, ...] = ()
    kind: str = ""


class NotResolved(Exception):
    """Nobody knows the name; the text says who was asked, and which names are nearly the same."""


class Names:
    """Resolves names; any thread may ask.

    Args:
        archive: returns the catalogue of the archive, None where it has none; asked seldom.
        sesame: the remote resolver.
    """

    def __init__(self, archive: Callable[[], Catalogue | None] = lambda: None, sesame: Sesame | None = None) -> None:
        self._archive = archive
        self._sesame = sesame or Sesame("")
        self._catalogue = Renewed(self._read)

    def find(self, name: str) -> Resolved:
        """Return the source of a name.

        Raises:
            Ambiguous: it stands for several, or several begin so and nobody knows it as it is.
            NotResolved: nobody knows it.
        """
        catalogue = self._catalogue.now()
        known = catalogue.find(name)
        if known is not None:
            source, _ = known
            others = catalogue.aliases_of(source.name)
            return Resolved(source.name, source.ra, source.dec, LOCAL, others, source.detected_by)
        why = f"nor does {REMOTE}"
        try:
            remote = self._sesame.find(name)
        except SesameUnavailable as error:
            remote, why = None, f"and {error}"
        if remote is not None:
            return Resolved(remote.name or name, remote.ra, remote.dec, REMOTE, kind=remote.kind)
        begin = catalogue.beginning(name)
        if len(begin) > 1:
            raise Ambiguous(begin)
        near = begin or catalogue.alike(name)
        meant = f" Did you mean {' or '.join(near[:_SUGGESTED])}?" if near else ""
        raise NotResolved(f"The {LOCAL} of this mesh does not know {name!r}, {why}.{meant}")

    def _read(self) -> Catalogue:
        return self._archive() or package_catalogue()
