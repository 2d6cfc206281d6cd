"""Background maps that nobody asks for: made of an epoch's windows, kept, and used by all later requests."""

from typing import Any

import pytest

from mesh.states import JobState, UnitState
from odamesh import Job, Mesh
from tests.integration.mesh.epoch_windows import EPOCH, WINDOWS
from tests.integration.mesh.windows import GALACTIC_CENTRE


@pytest.fixture(scope="module")
def image(mesh: Mesh) -> Job:
    job = mesh.isgri.image(scws=WINDOWS[:1])
    assert job.state is JobState.COMPLETED
    return job


def _rows(job: Job, stage: str) -> dict[str, Any]:
    return {row.label: row for row in job.table() if row.stage == stage}


def test_the_first_image_has_the_map_of_its_epoch(mesh: Mesh, image: Job) -> None:
    parts = _rows(image, "epoch_background")
    assert sorted(parts) == WINDOWS
    assert {row.step for row in parts.values() if row.state is UnitState.DONE} <= {"subtract"}
    assert list(_rows(image, "epoch_map")) == [EPOCH]
    manifest = mesh.manifest(_rows(image, "image")[WINDOWS[0]].key)
    # Itself is taken out of the map.
    used = {entry["key"] for entry in manifest["inputs"] if "key" in entry}
    assert used == {parts[WINDOWS[0]].key, _rows(image, "epoch_map")[EPOCH].key}
    assert manifest["summary"]["background"]["windows"] == len(WINDOWS) - 1
    assert not any("background map" in text for text in image.warnings)
    assert [product.stage for product in image.products] == ["mosaic"]


def test_later_requests_share_it(mesh: Mesh, image: Job) -> None:
    other = mesh.isgri.image(scws=WINDOWS[1:2], bands=[(40, 80)], detection_threshold=7)
    for stage in ("epoch_background", "epoch_map"):
        rows = _rows(other, stage)
        assert {row.state for row in rows.values()} == {UnitState.CACHED}
        assert {label: row.key for label, row in rows.items()} == {
            label: row.key for label, row in _rows(image, stage).items()
        }


def test_a_map_can_be_switched_off(mesh: Mesh, image: Job) -> None:
    plain = mesh.isgri.image(scws=WINDOWS[:1], background="none")
    assert set(plain.view.steps) == {"image", "mosaic"}
    assert not any("background map" in text for text in plain.warnings)
    used = [mesh.manifest(_rows(job, "image")[WINDOWS[0]].key)["summary"].get("background") for job in (image, plain)]
    assert used[0] is not None
    assert used[1] is None


def test_too_few_other_windows_are_told(mesh: Mesh) -> None:
    job = mesh.isgri.image(scws=GALACTIC_CENTRE[:1])
    assert set(job.view.steps) == {"image", "mosaic"}
    [told] = [text for text in job.warnings if "no background map" in text]
    assert "too few other pointings of these weeks" in told
