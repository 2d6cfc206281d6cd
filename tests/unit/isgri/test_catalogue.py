"""Known sources: the list of the package, a full catalogue, the caller's own."""

from pathlib import Path

import numpy as np
import pytest

from mesh.kit import BadInput
from science.coded_mask.catalogue import in_field, read_reference_catalogue, reference_list, requested_catalogue
from services.isgri.analysis.camera import CAMERA
from services.isgri.analysis.instrument import INSTRUMENT

_FULL = Path("catalogues") / "gnrl_refr_cat_0043_union947.fits.gz"


def test_reference_list_holds_the_bright_sources() -> None:
    sources = {source.name: source for source in reference_list()}
    assert len(sources) == 100
    assert (sources["Crab"].ra, sources["Crab"].dec) == (83.6332, 22.0145)
    assert {"1E 1740.7-2942", "4U 1700-377", "4U 1722-30", "GRS 1758-258", "GX 1+4", "GX 354-0"} <= set(sources)
    assert {"GX 5-1", "SLX 1735-269"} <= set(sources)


def test_full_catalogue_agrees_with_the_list(shared_data: Path) -> None:
    full = read_reference_catalogue(shared_data / _FULL)
    assert 200 < len(full) < 947
    crab = next(source for source in full if source.name == "Crab")
    assert crab.ra == pytest.approx(83.6332, abs=1e-3)
    assert requested_catalogue("reference", shared_data / _FULL) == full


def test_a_file_that_is_no_catalogue_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.fits"
    path.write_bytes(b"no FITS")
    with pytest.raises(BadInput) as caught:
        read_reference_catalogue(path)
    assert "GNRL-REFR-CAT" in caught.value.text


def test_choices_of_the_caller() -> None:
    assert requested_catalogue("none") == []
    [own] = requested_catalogue([{"name": "mine", "ra": 10, "dec": -5.5}])
    assert (own.name, own.ra, own.dec, own.wanted) == ("mine", 10.0, -5.5, True)


def test_only_sources_in_the_coded_field_are_used() -> None:
    attitude = INSTRUMENT.attitude(266.0, -29.0, 266.0, 61.0)
    seen = in_field(reference_list(), attitude, CAMERA)
    names = {source.name for source, _, _ in seen}
    assert "1E 1740.7-2942" in names
    assert not {"Crab", "Cyg X-1", "Sco X-1"} & names
    assert all(np.hypot(tz, ty) < 0.4 for _, tz, ty in seen)
    assert in_field([], attitude, CAMERA) == []


def test_names_of_the_caller_are_made_fit_for_tables_and_must_differ() -> None:
    [source] = requested_catalogue([{"name": "PSR λ" + "x" * 80, "ra": 10.0, "dec": -5.5}])
    assert source.name == "PSR ?" + "x" * 59
    twice = [{"name": "mine", "ra": 10.0, "dec": dec} for dec in (1.0, 2.0)]
    with pytest.raises(BadInput, match="mine more than once"):
        requested_catalogue(twice)
