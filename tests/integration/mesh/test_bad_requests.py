"""Every kind of bad request gets its own clear answer, at the gateway or as the failure of the job."""

from typing import Any

import pytest

from odamesh import JobFailed, Mesh, RequestRefused
from tests.integration.mesh.windows import ABSENT, GALACTIC_CENTRE, NO_EVENTS

GOOD: dict[str, Any] = {"scws": GALACTIC_CENTRE[:1]}
TIME = {"t1": "2018-10-29T00:00:00", "t2": "2018-10-30T00:00:00"}


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"instrument": "spy"}, "instrument", "isgri"),
        ({"product": "isgri_movie"}, "product", "isgri_image"),
        ({"parameters": {"colour": "red"}}, "parameters.colour", "bands"),
        ({"parameters": {"bands": [[5, 40]]}}, "parameters.bands", "15"),
        ({"parameters": {"detection_threshold": "20 keV"}}, "parameters.detection_threshold", "sigma"),
        ({"selection": {"scws": ["2016-0027"]}}, "selection.scws", "RRRRPPPPSSSF"),
        ({"selection": {"scws": []}}, "selection", "window"),
        ({"selection": {}}, "selection", "time"),
        ({"selection": {"time": {"t1": TIME["t2"], "t2": TIME["t1"]}}}, "selection.time", "before"),
        ({"selection": {"time": {"t1": "yesterday", "t2": TIME["t2"]}}}, "selection.time.t1", "2018"),
        ({"selection": {"time": TIME, "cone": {"ra": 400, "dec": 0, "radius": 5}}}, "selection.cone.ra", "360"),
        ({"lane": "express"}, "lane", "alert"),
    ],
)
def test_refused_at_once(mesh: Mesh, change: dict[str, Any], field: str, words: str) -> None:
    body: dict[str, Any] = {
        "instrument": "isgri",
        "product": "isgri_image",
        "selection": GOOD,
        "parameters": {},
    } | change
    with pytest.raises(RequestRefused) as caught:
        mesh.submit(**body)
    assert any(entry.field.startswith(field) for entry in caught.value.errors), caught.value.errors
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        ({"time": TIME, "cone": {"ra": 10, "dec": 60, "radius": 5}}, "nearest"),
        ({"time": {"t1": "1999-01-01T00:00:00", "t2": "1999-01-02T00:00:00"}}, "2002"),
        ({"scws": [ABSENT, NO_EVENTS]}, ABSENT),
    ],
)
def test_a_selection_that_gives_nothing_is_an_error_with_the_reason(
    mesh: Mesh, selection: dict[str, Any], words: str
) -> None:
    with pytest.raises((JobFailed, RequestRefused), match=words):
        mesh.submit("isgri", "isgri_image", selection).wait()
