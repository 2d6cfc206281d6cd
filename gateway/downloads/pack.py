"""Archives as streams: zip by zipstream-ng, which needs no memory for what it packs, and tar (POSIX.1-2001, pax)."""

import tarfile
from collections.abc import Iterable, Iterator, Sequence

from zipstream import ZIP_STORED, ZipStream

from gateway.downloads.members import Member
from mesh.errors import TransientFailure

_RECORD = tarfile.BLOCKSIZE
_MODE = 0o644


def zipped(members: Sequence[Member]) -> tuple[int, Iterator[bytes]]:
    """Return the size of a zip file and its content; files over 4 GB, and more than 65 535 of them, make it a Zip64.

    Nothing is compressed: FITS products are by their own means, and the size is known before.
    """
    stream = ZipStream(compress_type=ZIP_STORED, sized=True)
    for member in members:
        stream.add(_exactly(member), arcname=member.name, size=member.size)
    return len(stream), iter(stream)


def tarred(members: Sequence[Member], when: int) -> tuple[int, Iterator[bytes]]:
    """Return the size of a tar file and its content.

    Args:
        members: in their order.
        when: time of all files [s since 1970].
    """
    size = sum(len(_header(member, when)) + _padded(member.size) for member in members) + 2 * _RECORD
    return size, _tar(members, when)


def _tar(members: Iterable[Member], when: int) -> Iterator[bytes]:
    for member in members:
        yield _header(member, when)
        yield from _exactly(member)
        yield bytes(_padded(member.size) - member.size)
    yield bytes(2 * _RECORD)


def _header(member: Member, when: int) -> bytes:
    entry = tarfile.TarInfo(member.name)
    entry.size, entry.mtime, entry.mode = member.size, when, _MODE
    return entry.tobuf(tarfile.PAX_FORMAT)


def _padded(size: int) -> int:
    return -(-size // _RECORD) * _RECORD


def _exactly(member: Member) -> Iterator[bytes]:
    """Yield the content of a member; what comes in another length than announced breaks the archive off."""
    sent = 0
    for block in member.blocks():
        sent += len(block)
        if sent > member.size:
            break
        yield block
    if sent != member.size:
        raise TransientFailure("ProductDamaged", f"{member.name} has another length than its manifest says")
