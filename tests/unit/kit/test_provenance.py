"""FITS products are the same bytes each time, verify, and say where they come from."""

import gzip
import time

import numpy as np
import pytest
from astropy.io import fits

from mesh.kit import Unit
from mesh.kit.provenance import write_fits

from .conftest import MakeUnit


def _product(compressed: bool, compression: str = "RICE_1") -> fits.HDUList:
    # Without noise: such tiles are not quantized but packed with gzip, whose header holds a time.
    image = np.arange(10000, dtype=np.float32).reshape(100, 100)
    packed = fits.CompImageHDU(image, name="SKY", compression_type=compression) if compressed else None
    sky = packed or fits.ImageHDU(image, name="SKY")
    table = fits.BinTableHDU.from_columns([fits.Column("RA", "D", "deg", array=np.array([83.63]))], name="RES")
    return fits.HDUList([fits.PrimaryHDU(), sky, table])


@pytest.mark.parametrize("name", ["sky.fits", "sky.fits.gz"])
@pytest.mark.parametrize("compressed", [False, True])
def test_products_repeat_and_verify(
    make_unit: MakeUnit, name: str, compressed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = Unit(make_unit(parameters={"bands": [[20, 40]], "catalogue": [{"name": f"S{n}"} for n in range(2000)]}))
    first = write_fits(unit, name, _product(compressed)).read_bytes()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 86_400)
    second = write_fits(unit, name, _product(compressed)).read_bytes()
    assert first == second
    # Warnings are errors here: a wrong sum would raise.
    with fits.open(unit.out / name, checksum=True, disable_image_compression=True) as hdus:
        assert all({"CHECKSUM", "DATASUM"} <= set(hdu.header) for hdu in hdus)
    with fits.open(unit.out / name, checksum=True) as hdus:
        np.testing.assert_array_equal(hdus["SKY"].data[3, :3], [300, 301, 302])
        told = str(hdus[0].header["HISTORY"]).replace("\n", "")
    assert "abab" in told
    assert "image sha256:feed" in told
    assert "parameter bands = [[20, 40]]" in told
    assert "too long for a header" in told


def test_no_time_of_day_enters_a_product(make_unit: MakeUnit) -> None:
    unit = Unit(make_unit())
    content = write_fits(unit, "sky.fits.gz", _product(compressed=False)).read_bytes()
    assert content[4:8] == bytes(4), "the time in the gzip header"
    assert b"updated" not in gzip.decompress(content)


@pytest.mark.parametrize("compression", ["GZIP_1", "GZIP_2", "RICE_1"])
def test_the_clock_does_not_enter_packed_tiles(
    make_unit: MakeUnit, compression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = Unit(make_unit())
    first = write_fits(unit, "sky.fits", _product(compressed=True, compression=compression)).read_bytes()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 86_400)
    assert write_fits(unit, "sky.fits", _product(compressed=True, compression=compression)).read_bytes() == first
    with fits.open(unit.out / "sky.fits", checksum=True) as hdus:
        np.testing.assert_array_equal(hdus["SKY"].data, np.arange(10000, dtype=np.float32).reshape(100, 100))
