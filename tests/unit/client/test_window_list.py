"""Lists of science windows come in many forms; what is no window is refused with its line."""

import pytest

from odamesh.errors import WrongValue
from odamesh.window_list import read_windows, window

_A, _B, _C = "201600270010", "201600280010.001", "201600290010"


@pytest.mark.parametrize(
    "text",
    [
        f"{_A}\n{_B}\n{_C}\n",
        f"# the Galactic Centre\r\n{_A}\r\n\r\n{_B}  # bright\r\n{_C}",
        f"{_A}, {_B}, {_C}",
        f'"{_A}";"{_B}";"{_C}"\n',
        f"swid,ra,dec\n{_A},266.4,-29.0\n{_B},266.5,-28\n{_C},1,2\n",
        f"scw/2016/{_A}.001/swg.fits[1]\nscw/2016/{_B}/swg.fits[1]\n/isdc/arc/rev_3/scw/2016/{_C}.001/",
        f"\ufeff{_A}\u200b\n\u00a0{_B}\n{_C}\u00a0",
        f"| {_A} | {_B} |\n| {_C} |",
    ],
    ids=["one a line", "comments", "commas", "quotes", "csv", "og_create", "invisible signs", "a table"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_forms(text: str, encoding: str) -> None:
    found = read_windows(text.encode(encoding), "list")
    assert [entry[:12] for entry in found] == [_A, _B[:12], _C]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "names no science window"),
        (b"# nothing\n", "names no science window"),
        (f"{_A}\n20160028001\n".encode(), "line 2: '20160028001' names no"),
        (f"{_A} 20160028001\n".encode(), "line 1: '20160028001' is no science window"),
        (f"{_A}\nnext\n".encode(), "line 2: 'next'"),
        (b"\xff\xff\xff", "no text"),
    ],
)
def test_what_is_no_list(content: bytes, said: str) -> None:
    with pytest.raises(WrongValue, match=said):
        read_windows(content, "list")


def test_a_window_from_a_path() -> None:
    assert window(f"scw/2016/{_B}/swg.fits[1]") == _B
    assert window(f" '{_A}' ") == _A
    assert window("x") == "x"
