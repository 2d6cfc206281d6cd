"""Archives as streams: zip by zipstream-ng, which needs no memory for what it packs, and tar (POSIX.1-2001, pax)."""

import tarfile
import zlib
from collections.abc import Iterable, Iterator, Sequence

from zipstream import ZIP_STORED, ZipStream

from gateway.downloads.members import Member
from mesh.errors import TransientFailure

_RECORD = tarfile.BLOCKSIZE
_MODE = 0o644
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""Deflate, no flags, no time, unknown system (RFC 1952, section 2.3)."""
_GZIP_TRAILER = 8
_STORED_HEADER, _MOST_STORED = 5, 65_535
"""Of one block of deflate that is not compressed (RFC 1951, section 3.2.4)."""


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


def gzipped(size: int, blocks: Iterable[bytes]) -> tuple[int, Iterator[bytes]]:
    """Return the size of a gzip file and its content.

    Nothing is compressed, as in `zipped`: so the size is known before, and a part of the file can be asked for.

    Args:
        size: of what goes in.
        blocks: what goes in.
    """
    pieces = -(-size // _MOST_STORED) + 1
    return len(_GZIP_HEADER) + size + pieces * _STORED_HEADER + _GZIP_TRAILER, _gzip(blocks)


def part_of(blocks: Iterable[bytes], first: int, length: int) -> Iterator[bytes]:
    """Yield some bytes of a stream; those before are made and left out."""
    for block in blocks:
        if length <= 0:
            return
        piece = block[first : first + length]
        first = max(0, first - len(block))
        length -= len(piece)
        if piece:
            yield piece


def _gzip(blocks: Iterable[bytes]) -> Iterator[bytes]:
    yield _GZIP_HEADER
    size, check, held = 0, 0, b""
    for block in blocks:
        size, check, held = size + len(block), zlib.crc32(block, check), held + block
        while len(held) >= _MOST_STORED:
            yield _stored(held[:_MOST_STORED])
            held = held[_MOST_STORED:]
    if held:
        yield _stored(held)
    yield _stored(b"", last=True)
    yield check.to_bytes(4, "little") + (size % 2**32).to_bytes(4, "little")


def _stored(piece: bytes, *, last: bool = False) -> bytes:
    length = len(piece)
    return bytes([last]) + length.to_bytes(2, "little") + (length ^ _MOST_STORED).to_bytes(2, "little") + piece


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
