"""Puts the real ISGRI science window, whose rows are kept in three files, together as the archive holds it."""

import gzip
import re
from collections.abc import Sequence
from pathlib import Path

from astropy.io import fits

SCW = "255900280010"
_BLOCK = 2880


def parts(shared_data: Path) -> list[Path]:
    """Return the files with the row ranges, in order; empty where the real data are absent."""
    return sorted((shared_data / f"isgri-scw-{SCW}").glob(f"isgri_events_{SCW}_part*.fits.gz"))


def assemble(pieces: Sequence[Path], target: Path) -> None:
    """Write one event file with all rows; headers and rows stay as they are, byte by byte, but for the row count."""
    rows: list[bytes] = []
    for piece in pieces:
        content = gzip.decompress(piece.read_bytes())
        with fits.open(piece) as hdus:
            events, others = hdus["ISGR-EVTS-ALL"], [hdu.fileinfo() for hdu in hdus if hdu.name != "ISGR-EVTS-ALL"]
            place = events.fileinfo()
            width = events.header["NAXIS1"]
            rows.append(content[place["datLoc"] : place["datLoc"] + width * events.header["NAXIS2"]])
    table = b"".join(rows)
    header = content[place["hdrLoc"] : place["datLoc"]]
    count = f"NAXIS2  = {len(table) // width:>20}".encode()
    header = re.sub(rb"NAXIS2  = +\d+", count, header, count=1)
    primary, intervals = (content[place["hdrLoc"] : place["datLoc"] + place["datSpan"]] for place in others)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(primary + header + table + bytes(-len(table) % _BLOCK) + intervals)
