"""Sky maps as others write them, and files that are none."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from astropy_healpix.core import nested_to_ring

from mesh.kit import BadInput
from science.sky_maps.credible import Credible
from science.sky_maps.reading import read_sky_map
from science.sky_maps.sky_map import SkyMap, angle_deg, cell_area, directions_of, unit_vector

_ORDER = 5
_NSIDE = 1 << _ORDER
_CENTRE = (83.63, 22.01)


def _pixels(order: int = _ORDER) -> np.ndarray:
    """Probability of nested pixels of a Gaussian of 8 deg, part of them exactly equal to their neighbours."""
    number = np.arange(12 * 4**order)
    away = angle_deg(directions_of(np.full(number.size, order), number), unit_vector(*_CENTRE))
    pixels = np.exp(-0.5 * (away / 8.0) ** 2) + 1e-12
    return np.asarray(pixels / pixels.sum())


def _write(path: Path, columns: list[fits.Column], **cards: Any) -> Path:
    table = fits.BinTableHDU.from_columns(columns)
    table.header.update({"PIXTYPE": "HEALPIX", **{key: value for key, value in cards.items() if value is not None}})
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(path)
    return path


def _multi_order(path: Path, uniq: np.ndarray, density: np.ndarray, unit: str = "sr-1", **cards: Any) -> Path:
    columns = [fits.Column("UNIQ", "K", array=uniq), fits.Column("PROBDENSITY", "D", unit=unit, array=density)]
    return _write(path, columns, ORDERING="NUNIQ", **cards)


def _assert_same(sky: SkyMap) -> None:
    """Compare a map with the pixels it was made of: areas, peak, sum."""
    known = _pixels()
    plain = SkyMap(np.full(known.size, _ORDER), np.arange(known.size), known / cell_area(_ORDER))
    assert float(sky.probability.sum()) == pytest.approx(1, abs=1e-12)
    for level in (0.1, 0.5, 0.9, 0.99):
        assert Credible(sky).area_deg2(level) == pytest.approx(Credible(plain).area_deg2(level), rel=1e-3)
    assert sky.peak == pytest.approx(plain.peak)


@pytest.mark.parametrize("packed", ["", ".gz"], ids=["plain", "gzip"])
@pytest.mark.parametrize("width", [1, 1024])
@pytest.mark.parametrize("ordering", ["NESTED", "RING"])
def test_flat_maps_of_every_layout(tmp_path: Path, ordering: str, width: int, packed: str) -> None:
    pixels = _pixels()
    values = pixels if ordering == "NESTED" else pixels[_nested_of_ring()]
    columns = [fits.Column("PROB", f"{width}E", array=values.reshape(-1, width) if width > 1 else values)]
    _assert_same(read_sky_map(_write(tmp_path / f"map.fits{packed}", columns, ORDERING=ordering, NSIDE=_NSIDE)))


def _nested_of_ring() -> np.ndarray:
    """Return the nested number of each pixel of a RING map."""
    nested = np.arange(12 * _NSIDE**2)
    back = np.empty_like(nested)
    back[nested_to_ring(nested, _NSIDE)] = nested
    return back


def test_a_flat_map_of_some_pixels_that_are_named(tmp_path: Path) -> None:
    pixels = _pixels()
    named = np.flatnonzero(pixels > 1e-9)[::-1]
    columns = [fits.Column("PIXEL", "J", array=named), fits.Column("PROBABILITY", "D", array=pixels[named])]
    _assert_same(read_sky_map(_write(tmp_path / "map.fits", columns, ORDERING="NESTED", NSIDE=_NSIDE)))


@pytest.mark.parametrize("signed", [True, False])
def test_numbers_of_cells_signed_and_unsigned(tmp_path: Path, *, signed: bool) -> None:
    pixels = _pixels()
    uniq = np.arange(pixels.size) + 4 ** (_ORDER + 1)
    path = _multi_order(
        tmp_path / "map.fits", uniq if signed else uniq.astype(np.uint64), pixels / cell_area(_ORDER), DISTMEAN=40.0
    )
    sky = read_sky_map(path)
    _assert_same(sky)
    assert sky.distance is None  # a mean without its error


def test_the_finest_cells_there_are(tmp_path: Path) -> None:
    last = 4**30 + 12 * 4**29 - 1
    coarse = 4 + np.arange(11)
    density = np.append(np.full(11, 0.01), 0.4 / cell_area(29))
    density[:11] = 0.6 / 11 / cell_area(0)
    sky = read_sky_map(_multi_order(tmp_path / "map.fits", np.append(coarse, last), density))
    assert sky.order.tolist() == [0] * 11 + [29]
    assert sky.place[-1] == 12 * 4**29 - 1
    assert Credible(sky).area_deg2(0.4) < 1e-9


def test_a_sum_that_is_not_one_is_mended_and_told(tmp_path: Path) -> None:
    pixels = _pixels() * 0.99905
    sky = read_sky_map(
        _write(tmp_path / "map.fits", [fits.Column("PROB", "D", array=pixels)], ORDERING="NESTED", NSIDE=_NSIDE)
    )
    assert sky.facts["sum"] == pytest.approx(0.99905)
    assert sky.facts["renormalised"] == 1
    _assert_same(sky)


def test_pixels_without_value_hold_nothing_and_are_counted(tmp_path: Path) -> None:
    pixels = _pixels()
    far = np.flatnonzero(pixels < 1e-12)[:3]
    pixels[far] = (np.nan, -1.6375e30, np.inf)
    sky = read_sky_map(
        _write(tmp_path / "map.fits", [fits.Column("PROB", "D", array=pixels)], ORDERING="NESTED", NSIDE=_NSIDE)
    )
    assert sky.facts["pixels_without_value"] == 3
    _assert_same(sky)


def _bytes_of(tmp_path: Path, **cards: Any) -> bytes:
    path = _write(tmp_path / "good.fits", [fits.Column("PROB", "E", array=_pixels())], **cards)
    content = path.read_bytes()
    path.unlink()
    return content


_UNIQ = np.arange(12 * 4**_ORDER) + 4 ** (_ORDER + 1)
_NESTED = {"ORDERING": "NESTED", "NSIDE": _NSIDE}


_DENSITY = _pixels() / cell_area(_ORDER)
_WRONG: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_bytes(b"<html>not found</html>" * 500),
    "cut": lambda path: path.write_bytes(_bytes_of(path.parent, **_NESTED)[:20_000]),
    "cut gzip": lambda path: path.write_bytes(gzip.compress(_bytes_of(path.parent, **_NESTED))[:9_000]),
    "image": lambda path: fits.PrimaryHDU(np.zeros((8, 8))).writeto(path),
    "galactic": lambda path: path.write_bytes(_bytes_of(path.parent, **_NESTED, COORDSYS="G")),
    "no ordering": lambda path: path.write_bytes(_bytes_of(path.parent, NSIDE=_NSIDE)),
    "wrong NSIDE": lambda path: path.write_bytes(_bytes_of(path.parent, ORDERING="NESTED", NSIDE=2 * _NSIDE)),
    "no probability": lambda path: _write(path, [fits.Column("FLUX", "E", array=_pixels())], **_NESTED),
    "zeros": lambda path: _write(path, [fits.Column("PROB", "E", array=_pixels() * 0)], **_NESTED),
    "counts": lambda path: _write(path, [fits.Column("PROB", "E", array=_pixels() * 1000)], **_NESTED),
    "twice": lambda path: _multi_order(path, np.concatenate((_UNIQ, _UNIQ)), np.concatenate((_DENSITY, _DENSITY)) / 2),
    "beyond the sky": lambda path: _multi_order(path, np.append(_UNIQ[:-1], 3), _DENSITY),
    "per square degree": lambda path: _multi_order(path, _UNIQ, _DENSITY / 3282.8, unit="deg-2"),
    "no density": lambda path: _write(path, [fits.Column("UNIQ", "K", array=_UNIQ)], ORDERING="NUNIQ"),
}


@pytest.mark.parametrize("kind", _WRONG)
def test_what_is_no_map_is_told(tmp_path: Path, kind: str) -> None:
    _WRONG[kind](tmp_path / "map.fits")
    with pytest.raises(BadInput) as caught:
        read_sky_map(tmp_path / "map.fits")
    assert caught.value.reason == "BadSkyMap"
    assert "map.fits" in str(caught.value)


@pytest.mark.parametrize(("rows", "form"), [(12 * 4**12, "E"), (1_000_000, "600D")], ids=["pixels", "bytes"])
def test_what_unpacks_to_too_much_is_refused_before_it_is_unpacked(tmp_path: Path, rows: int, form: str) -> None:
    table = fits.BinTableHDU.from_columns([fits.Column("PROB", form, array=None)], nrows=0)
    table.header.update({"ORDERING": "NESTED", "NSIDE": 4096, "NAXIS2": rows})
    head = fits.PrimaryHDU().header.tostring() + table.header.tostring()
    bomb = gzip.compress(head.encode() + bytes(1 << 20))
    path = tmp_path / "bomb.fits.gz"
    path.write_bytes(bomb)
    with pytest.raises(BadInput, match="multi-order") as caught:
        read_sky_map(path)
    assert caught.value.reason == "SkyMapTooLarge"
