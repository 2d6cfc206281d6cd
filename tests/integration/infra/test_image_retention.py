"""Which images stay on the engine after many rebuilds; on the real engine, with empty images of their own label."""

import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import docker
import pytest
from docker.models.images import ImageCollection

from infra.stack import images
from infra.stack.image_retention import NEWEST, claim, mark_of, prune
from mesh.runner.engine import connect
from tests.integration.runner.conftest import engine_address

REPOSITORY = "odamesh/retention-test"


@dataclass
class Shelf:
    """Images of one label on the engine."""

    engine: Any
    label: str = field(default_factory=lambda: f"odamesh.test-{uuid4().hex}")

    def build(self, mark: str | None) -> str:
        """Make an image of nothing as a rebuild does: the tag ``latest`` moves on to it."""
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w") as archive:
            name = tarfile.TarInfo(uuid4().hex)
            archive.addfile(name)
        changes = [f"LABEL {self.label}=x"]
        self.engine.api.import_image_from_data(content.getvalue(), repository=REPOSITORY, tag="latest", changes=changes)
        image_id = str(self.engine.images.get(f"{REPOSITORY}:latest").id)
        if mark:
            claim(self.engine, image_id, REPOSITORY, mark, uuid4().hex)
        return image_id

    def there(self) -> set[str]:
        """Return the images that are left."""
        return {str(image.id) for image in self.engine.images.list(filters={"label": self.label})}

    def prune(self, mark: str, *needed: str, stage: str | None = None) -> int:
        """Remove what is outdated."""
        return prune(self.engine, label=self.label, mark=mark, needed=needed, stage=stage)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    try:
        engine = connect(engine_address())
    except Exception as error:
        pytest.skip(f"no container engine: {error}; run `odamesh stack up`")
    made = Shelf(engine)
    yield made
    for image_id in made.there():
        engine.images.remove(image_id, force=True)


def test_the_newest_and_those_needed_stay(shelf: Shelf) -> None:
    mark = mark_of(Path("/one"))
    built = [shelf.build(mark) for _ in range(NEWEST + 4)]
    needed = built[1]

    assert shelf.prune(mark, needed) == 3

    assert shelf.there() == {needed, *built[-NEWEST:]}
    assert shelf.prune(mark, needed) == 0
    assert shelf.prune(mark) == 1, "when its last product is gone"


def test_images_of_another_stack_stay(shelf: Shelf) -> None:
    one, other = mark_of(Path("/one")), mark_of(Path("/other"))
    built = [shelf.build(one) for _ in range(NEWEST + 2)]
    claim(shelf.engine, built[0], REPOSITORY, other, uuid4().hex)

    shelf.prune(one)
    assert shelf.there() == {built[0], *built[-NEWEST:]}
    claim(shelf.engine, built[-1], REPOSITORY, other, uuid4().hex)
    for _ in range(NEWEST):
        shelf.build(other)
    shelf.prune(other)
    assert built[0] not in shelf.there()
    assert built[-1] in shelf.there(), "the first one still has it"


def test_an_image_without_any_tag_goes_unless_it_is_needed(shelf: Shelf) -> None:
    first, second, last = (shelf.build(None) for _ in range(3))
    mark = mark_of(Path("/one"))

    assert shelf.prune(mark, second) == 1
    assert shelf.there() == {second, last}
    assert first not in shelf.there()


def test_the_newest_stages_of_builds_stay(shelf: Shelf) -> None:
    built = [shelf.build(None) for _ in range(NEWEST + 2)]
    mark = mark_of(Path("/one"))
    value = str(shelf.engine.images.get(built[0]).labels[shelf.label])

    assert shelf.prune(mark, stage=value) == 1  # the last one has the tag ``latest``
    assert shelf.there() == set(built[1:])
    assert shelf.prune(mark, stage="another") == NEWEST


def test_an_image_that_a_container_has_stays(shelf: Shelf) -> None:
    image_id = shelf.build(None)
    shelf.build(None)
    container = shelf.engine.containers.create(image_id, command=["nothing"])
    try:
        assert shelf.prune(mark_of(Path("/one"))) == 0
        assert image_id in shelf.there()
    finally:
        container.remove()
    with pytest.raises(docker.errors.ImageNotFound):
        shelf.prune(mark_of(Path("/one")))
        shelf.engine.images.get(image_id)


def test_stacks_of_different_code_keep_their_own_images(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def built(stack: str, code: str) -> str:
        """Bring up a stack with some code."""
        dockerfile = f"FROM scratch\nCOPY code /code\nLABEL {shelf.label}=x\n"
        files = {"Dockerfile": dockerfile.encode(), "code": code.encode()}
        return images.build(shelf.engine, REPOSITORY, mark_of(Path(stack)), files=files, arguments={}, parent="")

    name = uuid4().hex
    one, other = built("/one", f"{name} old"), built("/other", f"{name} new")
    assert one != other
    monkeypatch.setattr(ImageCollection, "build", lambda *_, **__: pytest.fail("built again"))
    assert [built("/one", f"{name} old"), built("/other", f"{name} new")] == [one, other]
    assert built("/third", f"{name} old") == one
