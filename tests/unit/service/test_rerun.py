"""Products made again: what is the same, what is not, and of what nothing can be said."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest

from mesh.contracts import Manifest, ProductFile, ProductInput, Resources
from mesh.errors import BadInput, NotFound, ScienceFailure, StoreUnavailable, UnitFailure
from mesh.instrument import Instrument, read_instrument
from mesh.runner.fake import FakeRunner
from mesh.runner.workspace import Workspace
from mesh.service.rerun import Rerunner, Verdict
from tests.unit.execution.doubles import MemoryUploads

NOOP = read_instrument(Path(__file__).resolve().parents[3] / "mesh" / "testing" / "noop" / "instrument.toml")
KEY = "ab" * 32
CONTENT = f'{{"key": "{KEY}"}}'.encode()


def _file(content: bytes, name: str = "fake.json") -> ProductFile:
    return ProductFile(name=name, sha256=sha256(content).hexdigest(), size=len(content), media_type="application/json")


def _manifest(*files: ProductFile, **changes: object) -> Manifest:
    made = Manifest(
        key=KEY,
        instrument="noop",
        stage="window",
        label="201600270010.001",
        parameters={"salt": "sea"},
        inputs=(),
        files=files or (_file(CONTENT),),
        image="fake:0",
        calibration="noop-1",
        code_version="0",
        started="2026-01-01T00:00:00.000Z",
        finished="2026-01-01T00:00:01.000Z",
        run_id="r",
        resources=Resources(seconds=1.0, runner="warm", worker="w"),
    )
    return made.model_copy(update=changes)


@dataclass
class Products:
    """A store in which nothing is, or that does not answer."""

    error: Exception = field(default_factory=lambda: NotFound("there is no product"))
    uploads: MemoryUploads = field(default_factory=MemoryUploads)

    def fetch(self, key: str, into: Path) -> Manifest:
        """Find nothing."""
        raise self.error


def _no_archive() -> None:
    raise AssertionError


@pytest.fixture
def rerunner(tmp_path: Path) -> Callable[..., Rerunner]:
    def make(failure: UnitFailure | None = None, products: Products | None = None) -> Rerunner:
        def open_runner(instrument: Instrument) -> FakeRunner:
            assert instrument.image.tag.startswith(("fake:", "sha256:"))
            return FakeRunner(Workspace(tmp_path / "work"), failures={KEY: failure} if failure else {})

        return Rerunner({"noop": NOOP}, open_runner, products or Products(), _no_archive, tmp_path / "kept")  # type: ignore[arg-type]

    return make


def test_the_same_bytes_are_identical(rerunner: Callable[..., Rerunner], tmp_path: Path) -> None:
    done = rerunner().again(_manifest())
    assert (done.verdict, done.text) == (Verdict.IDENTICAL, "")
    assert not (tmp_path / "kept").exists()
    assert list((tmp_path / "work" / "units").iterdir()) == []


def test_other_bytes_and_other_names_are_told_and_kept(rerunner: Callable[..., Rerunner], tmp_path: Path) -> None:
    done = rerunner().again(_manifest(_file(b"as it was"), _file(b"x", "gone.json")))
    assert done.verdict is Verdict.DIFFERENT
    assert "gone.json is not made any more" in done.text
    assert "fake.json: 9 bytes" in done.text
    assert (tmp_path / "kept" / KEY / "fake.json").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("failure", "verdict"),
    [
        (ScienceFailure("AnalysisCrashed", "as asked for"), Verdict.FAILED),
        (BadInput("ScWDataChanged", "as asked for"), Verdict.NOT_RUN),
    ],
)
def test_a_unit_that_fails_now(rerunner: Callable[..., Rerunner], failure: UnitFailure, verdict: Verdict) -> None:
    done = rerunner(failure).again(_manifest())
    assert done.verdict is verdict
    assert "as asked for" in done.text


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"instrument": "spy"}, "no instrument spy"),
        ({"image": "sha256:1"}, "sha256:1"),
        ({"inputs": (ProductInput(role="image", label="201600270010.001", key="cd" * 32),)}, "not in the store"),
    ],
)
def test_what_is_not_here_says_nothing_about_the_product(
    rerunner: Callable[..., Rerunner], changes: dict[str, object], word: str
) -> None:
    done = rerunner().again(_manifest(**changes))
    assert done.verdict is Verdict.NOT_RUN
    assert word in done.text


def test_a_store_that_does_not_answer_is_no_verdict(rerunner: Callable[..., Rerunner]) -> None:
    away = Products(StoreUnavailable("StoreUnavailable", "as asked for"))
    with pytest.raises(StoreUnavailable):
        rerunner(products=away).again(_manifest(inputs=(ProductInput(role="a", label="b", key="cd" * 32),)))
