"""Lists of sources in every format that other programs write come to the same names and places."""

import gzip
import io
from contextlib import suppress
from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import QTable, Table
from hypothesis import given
from hypothesis import strategies as st

from mesh.source_table import Source, SourceTableError, read_sources

_NAMES = ["GX 1+4", "4U 1700-377", "Crab"]
_RA, _DEC = np.array([263.0090, 255.9865, 83.6332]), np.array([-24.7456, -37.8441, 22.0145])
_PLACES = SkyCoord(_RA, _DEC, unit="deg")


def _check(data: bytes | str, names: list[str] | None = None, arcsec: float = 0.01) -> None:
    found = read_sources(data.encode() if isinstance(data, str) else data)
    assert [source.name for source in found] == (names or _NAMES)
    places = SkyCoord([source.ra for source in found], [source.dec for source in found], unit="deg")
    assert places.separation(_PLACES).arcsec.max() < arcsec


def _table() -> Table:
    return Table({"name": _NAMES, "ra": _RA * u.deg, "dec": _DEC * u.deg})


def _written(table: Table, kind: str, **options: str) -> bytes:
    """Return a table as astropy writes it."""
    stream = io.BytesIO() if kind in {"fits", "votable"} else io.StringIO()
    table.write(stream, format=kind, **options)
    content = stream.getvalue()
    return content if isinstance(content, bytes) else content.encode()


@pytest.mark.parametrize("kind", ["fits", "votable", "ascii.ecsv", "ascii.csv", "ascii.tab", "ascii.commented_header"])
def test_tables_as_astropy_writes_them(kind: str) -> None:
    _check(_written(_table(), kind))


@pytest.mark.parametrize(
    ("kind", "unit"),
    [
        *((kind, unit) for kind in ("fits", "votable", "ascii.ecsv") for unit in ("rad", "arcmin")),
        ("ascii.ecsv", "hourangle"),
    ],
)
def test_the_unit_of_a_column_counts(kind: str, unit: str) -> None:
    table = Table({"name": _NAMES, "ra": (_RA * u.deg).to(unit), "dec": (_DEC * u.deg).to("rad")})
    _check(_written(table, kind))


def test_a_table_with_a_coordinate_in_one_column() -> None:
    _check(_written(QTable({"name": _NAMES, "place": _PLACES}), "ascii.ecsv"))


def test_a_fits_table_may_be_gzipped_and_stand_behind_others() -> None:
    other = fits.BinTableHDU.from_columns([fits.Column("TIME", "1D", array=[1.0])], name="GTI")
    columns = [
        fits.Column("src_names", "64A", array=_NAMES),
        fits.Column("ra", "1D", unit="deg", array=_RA),
        fits.Column("dec", "1D", unit="deg", array=_DEC),
        fits.Column("flux", "3E", array=np.zeros((3, 3))),
    ]
    stream = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), other, fits.BinTableHDU.from_columns(columns, name="CATALOG")]).writeto(stream)
    _check(gzip.compress(stream.getvalue()))


def test_a_source_in_a_row_for_each_band_is_one() -> None:
    table = Table({"NAME": np.repeat(_NAMES, 2), "RA_FIN": np.repeat(_RA, 2), "DEC_FIN": np.repeat(_DEC, 2)})
    table["RA_OBJ"] = np.nan  # as of sources that are in no catalogue
    table["DEC_OBJ"] = np.nan
    _check(_written(table, "fits"))


_SEXAGESIMAL = """GX 1+4, 17:32:02.16, -24:44:44.2
4U 1700-377, 17h03m56.76s, -37d50m38.8s
Crab, 05 34 31.97, +22 00 52.2
"""


@pytest.mark.parametrize(
    "text",
    [
        "name, ra, dec\n" + _SEXAGESIMAL,
        "\ufeffname, ra, dec\r\n" + _SEXAGESIMAL.replace("\n", "\r\n"),
        "# my sources\n\n# name, ra, dec\n" + _SEXAGESIMAL,
        "Name; RAJ2000; DEJ2000\n" + _SEXAGESIMAL.replace(",", ";"),
        "| NAME | RA | DEC |\n" + "".join(f"|{line}|\n" for line in _SEXAGESIMAL.replace(",", "|").splitlines()),
        "MAIN_ID,RA (h:m:s),DEC (J2000)\n" + _SEXAGESIMAL,
        '#RESOURCE=yCat\nName\tRAJ2000\tDEJ2000\n \t"h:m:s"\t"d:m:s"\n---\t---\t---\n'
        + _SEXAGESIMAL.replace(", ", "\t"),
    ],
    ids=["csv", "windows", "commented headings", "semicolons", "bars", "units in headings", "VizieR"],
)
def test_texts_with_sexagesimal_places(text: str) -> None:
    _check(text, arcsec=0.5)


def test_utf16_as_spreadsheets_save_it() -> None:
    _check(("name\tra\tdec\n" + _SEXAGESIMAL.replace(", ", "\t")).encode("utf-16"), arcsec=0.5)


_REGIONS = """# Region file format: DS9 version 4.1
global color=green dashlist=8 3 width=1 font="helvetica 10 normal roman" select=1
fk5
circle(263.0090,-24.7456,180.0") # text={GX 1+4} color=green
-circle(260.0,-24.7456,180.0")
point(17:03:56.76,-37:50:38.8) # point=x text="4U 1700-377"
ellipse(83.6332,+22.0145,60",30",20) # text='Crab'
"""


@pytest.mark.parametrize(
    "text",
    [
        _REGIONS,
        _REGIONS.replace("\nfk5\n", "\nicrs\n"),
        "\n".join(f"fk5;{line}" for line in _REGIONS.splitlines()[3:]),
        "icrs\n" + "\n".join(_REGIONS.splitlines()[3:]),
    ],
    ids=["as ds9 saves them", "icrs", "a frame on each line", "no header"],
)
def test_regions_of_ds9(text: str) -> None:
    _check(text, arcsec=0.6)


def test_a_region_without_a_text_is_named_by_its_place() -> None:
    (source,) = read_sources(b'fk5\ncircle(266.41683,-29.00781,60")\n')
    assert source.name == "J174540.0-290028"


def _frame(text: str, frame: str) -> str:
    return text.replace("\nfk5\n", f"\n{frame}\n")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"name,ra,dec\n", "no source"),
        (b"a,b\n1,2\n", "no columns for name, ra and dec.*a, b"),
        (b"name,ra,dec\nGX 1+4,263\n", "row 1 has 2 values"),
        (b"name,ra,dec\nA,1,2\n,1,2\n", "row 2 has no name"),
        (b"name,ra,dec\nA,,2\n", "row 1: '' is no right ascension; allowed: degrees"),
        (b"name,ra,dec\nA,1,nan\n", "row 1: 'nan' is no declination"),
        (b"name,ra,dec\nA,12:75:00,2\n", "row 1: '12:75:00' is no right ascension"),
        (b"\x89PNG\r\n\x1a\n\xff", "neither FITS nor a text"),
        (gzip.compress(b"name,ra,dec\nA,1,2\n", mtime=0)[:-9], "cut short"),
        (b"<?xml version='1.0'?><VOTABLE><TABLE>", "no XML"),
        (b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]><VOTABLE/>", "entities"),
        (_frame(_REGIONS, "galactic").encode(), "GALACTIC: save them in ICRS or FK5"),
        (_frame(_REGIONS, "image").encode(), "the regions are in image; save them in fk5 or icrs"),
        (_frame(_REGIONS, "").encode(), "no frame stands before the shape"),
        (_written(Table({"name": _NAMES, "l": _RA, "b": _DEC}), "fits"), "no columns for name, ra and dec"),
        (_written(_table(), "fits")[:5800], "it is FITS and cannot be read"),
        (_written(_table(), "votable", tabledata_format="binary2"), "save the VOTable as TABLEDATA"),
    ],
)
def test_what_cannot_be_read_says_why_and_what_to_do(data: bytes, said: str) -> None:
    with pytest.raises(SourceTableError, match=said):
        read_sources(data)


def test_places_of_another_equinox_are_refused() -> None:
    table = _table()
    table.meta["EQUINOX"] = 1950.0
    with pytest.raises(SourceTableError, match="save them in ICRS or FK5"):
        read_sources(_written(table, "fits"))


def test_a_unit_that_is_none_of_an_angle_is_refused() -> None:
    table = Table({"name": _NAMES, "ra": _RA * u.m, "dec": _DEC * u.deg})
    with pytest.raises(SourceTableError, match="unit 'm' of its right ascension is not known"):
        read_sources(_written(table, "fits"))


def test_the_reference_catalogue_and_catalogues_of_the_public_service_are_read(shared_data: Path) -> None:
    folder = shared_data / "catalogues"
    reference = read_sources((folder / "gnrl_refr_cat_0043_union947.fits.gz").read_bytes())
    assert len(reference) == 947
    crab = next(source for source in reference if source.name == "Crab")
    assert [crab.ra, crab.dec] == pytest.approx([83.6332, 22.0145], abs=1e-4)
    public = read_sources((folder / "mmoda_frontend_example_catalog.fits").read_bytes())
    assert len(public) > 200
    assert "4U 1700-377" in {source.name for source in public}


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: f"name,ra,dec\n{text}".encode()))
def test_any_content_is_read_or_refused(data: bytes) -> None:
    with suppress(SourceTableError):
        assert all(isinstance(source, Source) for source in read_sources(data))


@given(st.integers(0, 8000), st.integers(0, 255))
def test_a_damaged_fits_file_is_read_or_refused(place: int, value: int) -> None:
    data = bytearray(_FITS)
    data[min(place, len(data) - 1)] = value
    with suppress(SourceTableError):
        read_sources(bytes(data))


_FITS = _written(_table(), "fits")
