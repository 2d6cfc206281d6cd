"""Identifiers of science windows."""

import gzip
from pathlib import Path

import pytest

from mesh.archive.scw import ScwId


def test_parts_of_an_identifier() -> None:
    scw = ScwId.parse(" 201600270010.001\n")
    assert (scw.revolution, scw.pointing, scw.subdivision, scw.type, scw.version) == (2016, 27, 1, "POINTING", "001")
    assert str(scw) == "201600270010.001"
    assert scw.path == "scw/2016/201600270010.001"


def test_version_is_optional_but_needed_for_a_path() -> None:
    scw = ScwId.parse("003900020061")
    assert (str(scw), scw.type) == ("003900020061", "SLEW")
    with pytest.raises(ValueError, match="look it up in the index"):
        _ = scw.path


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("20160027001", "it has 11 digits, not 12"),
        ("2016002700100", "it has 13 digits"),
        ("", "it has 0 digits"),
        ("2016-0270010", "other characters than digits"),
        ("201600270010.1", "version is not three digits"),
        ("201600270010.", "version is not three digits"),
        ("201600270015", "its last digit, the type, is 5"),
        ("000000270010", "no revolution 0"),
        ("٢٠١٦٠٠٢٧٠٠١٠", "other characters than digits"),
        ("201600270010.001/../../etc", "version is not three digits"),
    ],
)
def test_malformed_identifiers_say_what_is_wrong_and_show_the_form(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong) as caught:
        ScwId.parse(text)
    assert "RRRRPPPPSSSF" in str(caught.value)


def test_real_identifiers_are_all_read(shared_data: Path) -> None:
    path = shared_data / "orbit-attitude-index" / "scwdb_spi_filtered_scwids.txt.gz"
    with gzip.open(path, "rt") as lines:
        texts = [line.split()[0] for line in lines if line.strip() and line[0].isdigit()]
    assert len(texts) > 100_000
    assert all(str(ScwId.parse(text)) == text for text in texts)
