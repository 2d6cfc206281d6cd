"""Known sources: the reference catalogue of the package, that of an archive, the caller's own list."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from mesh.kit import BadInput
from science.coded_mask.catalogue import in_field, listed_sources, package_catalogue, read_reference_catalogue
from science.coded_mask.geometry import separation_arcmin
from science.coded_mask.search import known_threshold
from services.isgri.analysis.camera import CAMERA
from services.isgri.analysis.instrument import INSTRUMENT
from services.jemx.analysis.instrument import instrument as jemx

_FULL = Path("catalogues") / "gnrl_refr_cat_0043_union947.fits.gz"


def test_the_package_has_every_source_that_an_instrument_has_detected() -> None:
    of_isgri = {source.name: source for source in package_catalogue(INSTRUMENT)}
    of_jemx = {source.name for source in package_catalogue(jemx(1))}
    assert (len(of_isgri), len(of_jemx)) == (886, 230)
    assert of_isgri["Crab"].ra == pytest.approx(83.6332, abs=1e-4)
    assert of_isgri["Crab"].dec == pytest.approx(22.0145, abs=1e-4)
    assert {"1E 1740.7-2942", "4U 1700-377", "GX 354-0", "GX 5-1", "SLX 1735-269"} <= set(of_isgri)
    assert {"Crab", "Sco X-1"} <= of_jemx
    assert "IGR J16318-4848" in of_isgri


def test_the_full_catalogue_of_an_archive_agrees_with_the_package(shared_data: Path) -> None:
    full = {source.name: source for source in read_reference_catalogue(shared_data / _FULL, INSTRUMENT)}
    assert len(full) == 891
    package = {source.name: source for source in package_catalogue(INSTRUMENT)}
    assert len(set(full) - set(package)) < 10
    apart = [
        separation_arcmin(full[name].ra, full[name].dec, package[name].ra, package[name].dec)
        for name in set(full) & set(package)
    ]
    assert np.quantile(apart, 0.99) < 0.1


def test_flags_that_stand_for_none_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.fits"
    columns = [
        fits.Column("NAME", "20A", array=["seen", "placed", "not seen", "unknown", "lost"]),
        fits.Column("RA_OBJ", "1E", array=[1.0, 2.0, 3.0, 4.0, np.nan]),
        fits.Column("DEC_OBJ", "1E", array=[0.0] * 5),
        fits.Column("ISGRI_FLAG", "1B", null=63, array=[1, 2, 0, 63, 1]),
    ]
    fits.BinTableHDU.from_columns(columns, name="GNRL-REFR-CAT").writeto(path)
    assert [source.name for source in read_reference_catalogue(path, INSTRUMENT)] == ["seen", "placed"]


def test_a_file_that_is_no_catalogue_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.fits"
    path.write_bytes(b"no FITS")
    with pytest.raises(BadInput) as caught:
        read_reference_catalogue(path, INSTRUMENT)
    assert "GNRL-REFR-CAT" in caught.value.text


def test_a_list_of_the_caller_is_taken_whole() -> None:
    long = "a name of just as many signs as a column of a FITS table has....."[:64]
    one, other = listed_sources([{"name": long, "ra": 10, "dec": -5.5}, {"name": "gx 1+4", "ra": 11, "dec": -5.5}])
    assert (one.name, one.ra, one.dec, one.wanted) == (long, 10.0, -5.5, True)
    assert other.name == "gx 1+4"


def test_two_sources_of_one_name_are_refused() -> None:
    with pytest.raises(BadInput, match="mine more than once"):
        listed_sources([{"name": "mine", "ra": 10.0, "dec": dec} for dec in (1.0, 2.0)])


def test_only_sources_in_the_coded_field_are_used() -> None:
    attitude = INSTRUMENT.attitude(266.0, -29.0, 266.0, 61.0)
    seen = in_field(package_catalogue(INSTRUMENT), attitude, CAMERA)
    names = {source.name for source, _, _ in seen}
    assert "1E 1740.7-2942" in names
    assert not {"Crab", "Cyg X-1", "Sco X-1"} & names
    assert all(np.hypot(tz, ty) < 0.4 for _, tz, ty in seen)
    assert in_field([], attitude, CAMERA) == []


@pytest.mark.parametrize(("count", "least"), [(0, 4.0), (10, 4.0), (31, 4.0), (174, 4.39), (886, 4.73)])
def test_more_known_places_need_a_higher_threshold(count: int, least: float) -> None:
    assert known_threshold(count) == pytest.approx(least, abs=0.01)
