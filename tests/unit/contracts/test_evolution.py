"""Old and new versions side by side: what a newer one adds disturbs no older one, and no key."""

import json
from enum import Enum
from types import UnionType
from typing import Annotated, Any, ClassVar, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel, ValidationError

from mesh.contracts import (
    Analysis,
    ArchiveInput,
    Cone,
    Document,
    Job,
    JobView,
    Lane,
    ProductInput,
    Selection,
    TimeRange,
    UnitRow,
)
from mesh.contracts.document import Part
from mesh.contracts.schema import DOCUMENTS
from mesh.keys import content_key, unit_key
from mesh.states import JobState, UnitState

_BANDS = {"bands": [[20.0, 40.0]]}
_TIME = TimeRange(t1="2018-10-29T00:00:00", t2="2018-10-30T00:00:00")
_IMAGE = Analysis(
    instrument="isgri",
    product="isgri_image",
    selection=Selection(scws=("201600270010.001", "201600280010.001")),
    parameters=_BANDS,
)
_REGION = Analysis(
    instrument="isgri",
    product="isgri_image",
    selection=Selection(time=_TIME, cone=Cone(ra=266.4, dec=-29.0, radius=10.0), max_pointings=50),
    parameters={**_BANDS, "sources": "auto"},
)
_FIT = Analysis(
    instrument="spectral_fit",
    product="fit",
    selection=Selection(),
    parameters={"model": "powerlaw", "spectra": ["a" * 64]},
)
_INPUTS = (
    ArchiveInput(
        role="events",
        label="201600270010.001",
        path="scw/2016/201600270010.001",
        files=("isgri_events.fits.gz",),
        stamp="s1",
    ),
    ProductInput(role="image", label="201600270010.001", key="b" * 64),
)


@pytest.mark.parametrize(
    ("analysis", "key"),
    [
        (_IMAGE, "1faa23dd8176cff5c790682f8158364929957e65f5c3d262fb788d4e21f93a09"),
        (_REGION, "352feb930d387682465faab81fdb85a7fffa1aba9b2a1ca884544b70d72cfe7d"),
        (_FIT, "e449564ef9e942a6dd78de3f08d5979c7c9a2e654b0b95314dc66c43fea5def5"),
    ],
    ids=["list", "region", "no windows"],
)
def test_the_keys_of_requests_are_those_of_the_first_version(analysis: Analysis, key: str) -> None:
    """Each is the address of somebody's result: a change of these lines breaks it."""
    assert analysis.key == key


def test_the_key_of_a_unit_is_that_of_the_first_version() -> None:
    key = unit_key(
        instrument="isgri",
        stage="image",
        image="sha256:1",
        calibration="c1",
        parameters={"bands": [[20, 40]]},
        label="201600270010.001",
        inputs=[entry.key_content() for entry in _INPUTS],
    )
    assert key == "b39ae90adec7ef3ccf5ed29b0aa5b53266aa39f2888f5779e87fae65da27b930"


class _NewerSelection(Selection):
    """As a later version might have it."""

    revolutions: tuple[int, ...] | None = None
    at_least_s: float = 0.0


class _NewerInput(ArchiveInput):
    """As a later version might have it."""

    checksum: str | None = None


def test_a_new_optional_field_changes_no_key_until_it_is_used() -> None:
    scws = ("201600270010.001",)
    key = content_key(Selection(scws=scws).key_content())
    assert content_key(_NewerSelection(scws=scws).key_content()) == key
    assert content_key(_NewerSelection(scws=scws, at_least_s=100.0).key_content()) != key
    old = _INPUTS[0].model_dump()
    assert _NewerInput(**old).key_content() == _INPUTS[0].key_content()
    assert _NewerInput(**old, checksum="c").key_content() != _INPUTS[0].key_content()


def test_what_a_request_asks_for_is_not_lost_unnoticed() -> None:
    """A dispatcher that does not know a field of the selection would analyse other windows: the key tells it."""
    newer = _IMAGE.model_copy(update={"selection": _NewerSelection(scws=_IMAGE.selection.scws, at_least_s=100.0)})
    assert Analysis.decode(newer.encode()).key != newer.key
    newer = _IMAGE.model_copy(update={"selection": _NewerSelection(scws=_IMAGE.selection.scws)})
    assert Analysis.decode(newer.encode()).key == newer.key


def test_whoever_writes_a_field_that_is_not_declared_learns_it_at_once() -> None:
    with pytest.raises(ValidationError, match="colour"):
        UnitRow.model_validate({"key": "k", "stage": "s", "label": "l", "state": "queued", "colour": "red"})
    assert all(document.model_config.get("extra") == "forbid" for document in DOCUMENTS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.SCHEMA))
def test_every_document_of_a_newer_version_is_read(document: type[Document]) -> None:
    """At every depth a field from the future is added; the rest is read as if it were not there."""
    written = _example(document)
    body = {"schema": document.SCHEMA, **written.model_dump(mode="json")}
    assert document.decode(json.dumps(_with_news(body))) == written


def test_the_views_of_a_newer_gateway_are_read() -> None:
    for part in (JobView, UnitRow):
        written = _example(part)
        assert part.read(_with_news(written.model_dump(mode="json"))) == written


def test_an_earlier_version_is_read_where_it_is_declared() -> None:
    class Second(Document):
        SCHEMA: ClassVar[str] = "odamesh.test/2"
        EARLIER: ClassVar[frozenset[str]] = frozenset({"odamesh.test/1"})

        name: str
        colour: str = "none"

    assert Second.decode('{"schema": "odamesh.test/1", "name": "n"}') == Second(name="n")
    assert json.loads(Second(name="n").encode())["schema"] == "odamesh.test/2"


def test_a_job_of_the_first_version_is_read() -> None:
    job = Job(job_id="j", request_key="k", user="ada", lane=Lane.USER, submitted="2026-01-01T00:00:00Z")
    first = {"schema": "odamesh.job/1", **job.model_dump(mode="json", exclude_defaults=True)}
    assert set(first) == {"schema", "job_id", "request_key", "user", "lane", "submitted"}
    assert Job.decode(json.dumps(first)) == job


def _with_news(content: Any) -> Any:
    """Return JSON in which every object has a field more."""
    if isinstance(content, dict):
        # Parameters, counts and summaries are open by nature: a name more there is content.
        open_ones = {"parameters", "counts", "stages", "steps", "summary", "users", "published", "reference"}
        open_ones |= {"classification", "properties", "details", "limits", "provenance"}
        inner = {name: value if name in open_ones else _with_news(value) for name, value in content.items()}
        return {**inner, "added_in_3026": {"x": 1}}
    return [_with_news(entry) for entry in content] if isinstance(content, list) else content


_VALUES: dict[str, Any] = {
    "selection": _REGION.selection,
    "inputs": _INPUTS,
    "parameters": _BANDS,
    "lane": "user",
    "counts": {},
    "steps": {"image": ("events",)},
    "stages": {},
}


def _example(part: type[Part]) -> Any:
    """Return a part with every required field, and every nested part, filled in."""
    return part.model_validate({name: _value(part, name) for name in part.model_fields if _wanted(part, name)})


def _wanted(part: type[Part], name: str) -> bool:
    return part.model_fields[name].is_required() or name in {"failure", "rows", "products", "everybody"}


def _value(part: type[Part], name: str) -> Any:
    annotation = str(part.model_fields[name].annotation)
    if name in _VALUES:
        return _VALUES[name]
    if "JobState" in annotation:
        return JobState.COMPLETED
    if "UnitState" in annotation:
        return UnitState.FAILED
    if words := _words_of(part.model_fields[name].annotation):
        return words[0]
    for inner in _parts_of(part.model_fields[name].annotation):
        return (_example(inner),) if "tuple" in annotation else _example(inner)
    if "tuple" in annotation:
        return () if "dict" in annotation else ("t",)
    if "bool" in annotation:
        return False
    if "int" in annotation or "float" in annotation:
        return 1
    return "2026-01-01T00:00:00Z" if "str" in annotation else {}


def _words_of(annotation: Any) -> list[Any]:
    """Return the values that a field may have, where they are listed."""
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return list(annotation)
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [word for inner in get_args(annotation) for word in _words_of(inner)] if _is_choice(annotation) else []


def _is_choice(annotation: Any) -> bool:
    """Whether a field holds one value or none; a tuple or a mapping of words is no word."""
    return get_origin(annotation) in (Union, UnionType, Annotated)


def _parts_of(annotation: Any) -> list[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation] if issubclass(annotation, Part) else []
    return [part for inner in getattr(annotation, "__args__", ()) for part in _parts_of(inner)]
