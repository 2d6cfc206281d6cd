"""What the gateway reads of the archive itself: its science windows, what it holds, and its reference catalogue."""

from collections.abc import Iterable, Mapping

from gateway.names.catalogue import Catalogue, archive_catalogue
from gateway.renewed import Renewed
from mesh.archive.access import Archive
from mesh.archive.index import COMPACT_PATH, Index, read_index
from mesh.archive.locate import open_archive
from mesh.archive.overview import Holding, holding
from mesh.archive.revolutions import Revolutions, read_revolutions
from mesh.archive.select import Selected, select
from mesh.contracts import Selection
from mesh.errors import ArchiveUnavailable, BadInput, MeshError
from mesh.instrument import Instrument


class NoArchive(MeshError):
    """There is no archive, or nothing of it can be read now; the text says which."""


class GatewayArchive:
    """The archive of the mesh, as far as the gateway needs it. Any thread may ask.

    Args:
        address: of the archive; empty for a mesh that has none.
    """

    def __init__(self, address: str = "") -> None:
        self._address = address
        self._stamp: str | None = None
        self._known: Revolutions | None = None
        self._revolutions = Renewed(self._read)
        self._index = Renewed(self._read_index)
        self._holdings: tuple[Index, dict[str, Holding]] | None = None

    def revolutions(self) -> Revolutions:
        """Return revolutions and science windows in time.

        Raises:
            NoArchive: says why there are none.
        """
        return self._revolutions.now()

    def select(self, instrument: Instrument, selection: Selection) -> Selected:
        """Return the science windows of a selection, as the plan of a job would, as far as the index tells.

        Raises:
            InvalidSelection: nothing is left to analyse; says what would be possible.
            NoArchive: says why there are none.
        """
        files = instrument.archive.files if instrument.archive is not None else ()
        return select(self._index.now(), selection, instrument=instrument.name, files=files)

    def holdings(self, wanted: Iterable[Instrument]) -> Mapping[str, Holding]:
        """Return what there is of each instrument, by name.

        Raises:
            NoArchive: says why nothing is told.
        """
        index = self._index.now()
        if self._holdings is None or self._holdings[0] is not index:
            archive = self._open()
            try:
                told = {instrument.name: holding(archive, index, instrument) for instrument in wanted}
            except (BadInput, ArchiveUnavailable) as error:
                raise NoArchive(error.text) from error
            self._holdings = index, told
        return self._holdings[1]

    def catalogue(self) -> Catalogue | None:
        """Return the archive's own reference catalogue; None where it has none, or does not answer."""
        try:
            return archive_catalogue(self._open())
        except (NoArchive, ArchiveUnavailable, BadInput):
            return None

    def _read(self) -> Revolutions:
        archive = self._open()
        try:
            stamp = _stamp(archive)
            if self._known is None or stamp is None or stamp != self._stamp:
                self._known, self._stamp = read_revolutions(archive), stamp
            return self._known
        except (BadInput, ArchiveUnavailable) as error:
            raise NoArchive(error.text) from error

    def _read_index(self) -> Index:
        try:
            return read_index(self._open())
        except (BadInput, ArchiveUnavailable) as error:
            raise NoArchive(error.text) from error

    def _open(self) -> Archive:
        if not self._address:
            raise NoArchive("this mesh has no archive")
        try:
            return open_archive(self._address)
        except (ValueError, MeshError) as error:
            # Its own text tells where the archive would be.
            raise NoArchive("the archive of this mesh is not there") from error


def _stamp(archive: Archive) -> str | None:
    """Return what changes when the index does; None where nothing tells."""
    try:
        return archive.stamp(COMPACT_PATH)
    except BadInput:
        return None
