"""A background map of some windows, in the image of another, through HTTP, broker, container and store."""

import pytest

from mesh.states import JobState, UnitState
from odamesh import Job, Mesh, RequestRefused
from tests.integration.mesh.windows import GALACTIC_CENTRE

_EARLIER, _LATER = GALACTIC_CENTRE[:2], GALACTIC_CENTRE[2]


@pytest.fixture(scope="module")
def earlier(mesh: Mesh) -> Job:
    return mesh.isgri.isgri_background(scws=_EARLIER)


def test_an_image_names_the_map_that_it_used(mesh: Mesh, earlier: Job) -> None:
    assert earlier.state is JobState.COMPLETED
    assert any("known to worse than 2% per pixel" in text for text in earlier.warnings)
    key = earlier.products[0].key
    job = mesh.isgri.image(scws=[_LATER], background=[earlier.id])
    row = next(row for row in job.table() if row.stage == "image")
    # The key of the map is one of the unit's inputs, so another map makes another product.
    assert key in {entry.get("key") for entry in mesh.manifest(row.key)["inputs"]}
    assert mesh.manifest(row.key)["summary"]["background"]["windows"] == len(_EARLIER)
    assert mesh.isgri.image(scws=[_LATER], background=[key]).view.request_key == job.view.request_key


def test_a_window_is_no_background_of_itself(mesh: Mesh, earlier: Job) -> None:
    job = mesh.isgri.image(scws=[_EARLIER[0], _LATER], background=[earlier.id])
    failed = next(row for row in job.table([UnitState.FAILED]) if row.stage == "image")
    assert failed.failure is not None
    assert (failed.label.partition(".")[0], failed.failure.reason) == (_EARLIER[0], "BackgroundMapOfItself")


def test_a_map_that_is_not_there_is_refused_at_once(mesh: Mesh) -> None:
    with pytest.raises(RequestRefused, match="does not exist"):
        mesh.isgri.image(scws=[_LATER], background=["f" * 64])
