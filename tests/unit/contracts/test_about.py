"""The short line that says what a request is about."""

from typing import Any

import pytest

from mesh.contracts import Analysis, Cone, Selection, TimeRange
from mesh.contracts.about import about

_DAY = TimeRange(t1="2018-10-29T00:00:00", t2="2018-10-30T00:00:00")
_MERGER = TimeRange(t1="2017-08-17T12:41:04.430000", t2="2017-08-17T12:43:00")
_CONE = Cone(ra=263.009, dec=-24.7456, radius=15.0)


@pytest.mark.parametrize(
    ("selection", "parameters", "line"),
    [
        (
            Selection(time=_DAY, cone=_CONE, max_pointings=5),
            {"bands": [[20.0, 40.0], [40.0, 80.0]]},
            "20–40, 40–80 keV; RA 263.01°, Dec -24.75°, radius 15°; 2018-10-29 to 2018-10-30; at most 5 windows",
        ),
        (Selection(scws=("201600270010",)), {}, "science window 201600270010"),
        (
            Selection(scws=tuple("abc")),
            {"bands": [[low, low + 1.0] for low in range(20, 24)]},
            "4 bands, 20–24 keV; 3 science windows, a to c",
        ),
        (Selection(time=_MERGER), {}, "2017-08-17 12:41:04.43 to 2017-08-17 12:43:00"),
        (Selection(), {"source": "GX 1+4", "model": "powerlaw", "bands": []}, "GX 1+4; powerlaw"),
        (Selection(scws=()), {"source": ""}, ""),
    ],
    ids=["cone", "window", "windows", "instants", "fit", "nothing"],
)
def test_a_request_is_told_in_a_line(selection: Selection, parameters: dict[str, Any], line: str) -> None:
    assert about(Analysis(instrument="isgri", product="x", selection=selection, parameters=parameters)) == line


def test_a_long_line_is_cut() -> None:
    long = Analysis(instrument="x", product="x", selection=Selection(), parameters={"model": "powerlaw+" * 100})
    assert (len(about(long)), about(long)[-1]) == (160, "…")
