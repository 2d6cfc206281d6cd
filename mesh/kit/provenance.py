"""Writes FITS products that are the same bytes each time and say where they come from."""

import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from astropy.io import fits

from mesh.kit.gziptiles import without_times
from mesh.kit.simulated import CARD
from mesh.kit.unit import Unit

# FITS standard 4.0, section 4.4.2.7: the comment of a checksum usually holds the time; ours must not change.
_CHECKSUM_COMMENT = "written by odamesh"
_LONGEST_VALUE = 2000


def write_fits(unit: Unit, name: str, hdus: fits.HDUList) -> Path:
    """Write *hdus* to ``out/<name>`` with provenance, CHECKSUM and DATASUM, byte for byte reproducible.

    Args:
        unit: the unit whose product this is.
        name: file name; ``.fits.gz`` is compressed.
        hdus: primary HDU first; its header gets the HISTORY cards of :func:`history`.

    Returns:
        The path written.
    """
    header = hdus[0].header
    if unit.simulated:
        header[CARD] = (unit.simulated, "made of simulated data")
    for line in history(unit):
        header.add_history(line)
    raw = io.BytesIO()
    hdus.writeto(raw, output_verify="exception")
    path = unit.out / name
    path.write_bytes(_finish(without_times(raw.getvalue()), compress=name.endswith(".gz")))
    return path


def history(unit: Unit) -> Iterator[str]:
    """Yield the HISTORY lines of a product: what it is, from what, and with which versions."""
    yield f"odamesh stage {unit.stage} of {unit.label}"
    yield f"odamesh key {unit.key}"
    for name, value in sorted(unit.provenance.items()):
        yield f"odamesh {name} {_text(value)}"
    for name, value in sorted(unit.parameters.items()):
        yield f"odamesh parameter {name} = {_text(value)}"


def _text(value: Any) -> str:
    if isinstance(value, str) and value.isascii() and value.isprintable():
        text = value
    else:
        text = json.dumps(value, sort_keys=True)
    if len(text) <= _LONGEST_VALUE:
        return text
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()} (too long for a header)"


def _finish(raw: bytes, *, compress: bool) -> bytes:
    # Read back as stored, so that the sums of compressed images are those of the table that holds them.
    with fits.open(io.BytesIO(raw), disable_image_compression=True) as hdus:
        for hdu in hdus:
            hdu.add_checksum(when=_CHECKSUM_COMMENT)
            hdu.header.comments["DATASUM"] = _CHECKSUM_COMMENT
        finished = io.BytesIO()
        hdus.writeto(finished, output_verify="ignore")  # it has been verified; that takes as long as writing
    content = finished.getvalue()
    return gzip.compress(content, compresslevel=6, mtime=0) if compress else content
