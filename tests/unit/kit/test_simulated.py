"""Simulated inputs mark everything that is made of them."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from mesh.kit import Unit
from mesh.kit.product import write_manifest
from mesh.kit.provenance import write_fits
from mesh.kit.simulated import simulation_of

from .conftest import MakeUnit

_WHAT = "odamesh simulator, seed 1"


def _file(path: Path, *, extension: int | None, what: object = _WHAT) -> Path:
    """Write a file with the card in the primary header, in that of the table, or nowhere."""
    table = fits.BinTableHDU.from_columns([fits.Column("TIME", "1D", array=np.arange(1000.0))], name="EVENTS")
    hdus = fits.HDUList([fits.PrimaryHDU(), table])
    for number in range(60):  # the headers of real event files are long
        table.header[f"KEY{number}"] = number
    if extension is not None:
        hdus[extension].header["SIMULATD"] = what
    hdus.writeto(path)
    return path


@pytest.mark.parametrize("name", ["events.fits", "events.fits.gz"])
@pytest.mark.parametrize("extension", [0, 1, None])
def test_a_simulated_input_marks_its_products(make_unit: MakeUnit, name: str, extension: int | None) -> None:
    directory = make_unit(inputs=[{"role": "events", "label": "w", "files": [name]}])
    path = directory / "in/events/w" / name
    path.unlink()
    _file(path, extension=extension)
    unit = Unit(directory)
    written = write_fits(unit, "sky.fits", fits.HDUList([fits.PrimaryHDU()]))
    write_manifest(unit)
    right = None if extension is None else _WHAT
    assert fits.getheader(written).get("SIMULATD") == right
    assert json.loads((unit.out / "manifest.json").read_text())["summary"].get("simulated") == right
    assert unit.title("sky") == ("sky" if right is None else "sky (simulated data)")
    assert simulation_of([written]) == (right or ""), "and so on to what is made of the product"


def test_a_card_that_is_no_text_counts_and_a_damaged_file_does_not(tmp_path: Path) -> None:
    assert simulation_of([_file(tmp_path / "a.fits", extension=0, what=True)]) == "simulated"
    (tmp_path / "b.fits").write_bytes(b"no FITS")
    (tmp_path / "c.fits.gz").write_bytes(gzip.compress(b"x" * 10_000)[:40])
    (tmp_path / "d.json").write_text('"SIMULATD= "')
    paths = [tmp_path / name for name in ("b.fits", "c.fits.gz", "d.json", "absent.fits")]
    assert simulation_of(paths) == ""
